// SPDX-License-Identifier: Apache-2.0
// One outline in one image: TID 1410 "Planar ROI Measurements and Qualitative Evaluations"
// (PS3.16), which DCMTK does not have.
//
// What OHIF asks of every group on top of the standard is kept here: a tracking identifier and UID,
// the UID as the group's first UIDREF, exactly one SCOORD, and the image as its first child.
#pragma once

#include <string>
#include <vector>

#include "dicom_sr/common/content_tree.h"

namespace bucky::dicom_sr {

struct PlanarRoi {
    struct Number {
        inference::Code name;
        double value = 0;
        inference::Code unit;
    };

    std::string tracking_identifier;  ///< for people
    Uid tracking_uid;                 ///< of the lesion: one outline only
    inference::Code finding;
    const inference::Code* category = nullptr;  ///< none for an answer that is no finding
    std::vector<inference::Point> outline;      ///< at least two points, the first not repeated
    ImageReference image;
    const inference::Code* site = nullptr;  ///< none for a whole image
    inference::Side side = inference::Side::unknown;
    std::vector<Number> numbers;  ///< at least one: the only words that OHIF shows
    const inference::ModelIdentity* model = nullptr;
    std::vector<std::string> parameters;       ///< of the algorithm, one line each
    std::vector<ImageReference> explanations;  ///< what shows why: picture, segments
};

void add_planar_roi(ContentTree& tree, const PlanarRoi& roi);

/// TID 4019 "Algorithm Identification", below the item that is being written: all of it, or the two
/// rows that are mandatory.
void add_algorithm(ContentTree& tree, const inference::ModelIdentity& model,
                   const std::vector<std::string>& parameters);
/// The same as observation context, as TID 4104 and 4017 have it; with the threshold of a finding.
void add_algorithm_context(ContentTree& tree, const inference::ModelIdentity& model,
                           const inference::Finding* finding = nullptr);
void add_algorithm_name(ContentTree& tree, const inference::ModelIdentity& model);

}  // namespace bucky::dicom_sr
