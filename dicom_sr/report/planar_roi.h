// SPDX-License-Identifier: Apache-2.0
// One outline in one image: TID 1410 "Planar ROI Measurements and Qualitative Evaluations"
// (PS3.16), which DCMTK does not have.
//
// Every group also has what OHIF requires beyond the standard: a tracking identifier and UID, the
// UID as the first UIDREF of the group, exactly one SCOORD, and the image as its first child.
#pragma once

#include <string>
#include <string_view>
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
    std::string short_label;          ///< what a viewer may draw; empty: none
    Uid tracking_uid;                 ///< of the lesion: one outline only
    inference::Code finding;
    bool is_suspicion = false;                  ///< the group says so: its code alone asserts
    const inference::Code* category = nullptr;  ///< none for an answer that is not a finding
    std::vector<inference::Point> outline;      ///< at least two points, the first not repeated
    ImageReference image;
    const inference::Code* site = nullptr;  ///< none for a whole image
    inference::Side side = inference::Side::unknown;
    std::vector<Number> numbers;  ///< at least one: OHIF shows no other words
    const inference::ModelIdentity* model = nullptr;
    std::vector<std::string> parameters;       ///< of the algorithm, one line each
    std::vector<ImageReference> explanations;  ///< pictures or segments that explain it
};

void add_planar_roi(ContentTree& tree, const PlanarRoi& roi);

/// TID 4019 "Algorithm Identification" below the current item: all rows, or the two mandatory ones.
void add_algorithm(ContentTree& tree, const inference::ModelIdentity& model,
                   const std::vector<std::string>& parameters);
/// The same as observation context, for TID 4104 and 4017, with the threshold of the finding and
/// the device that answered, where it was not here.
void add_algorithm_context(ContentTree& tree, const inference::ModelIdentity& model,
                           const inference::Finding* finding = nullptr,
                           std::string_view device = {});
void add_algorithm_name(ContentTree& tree, const inference::ModelIdentity& model);

}  // namespace bucky::dicom_sr
