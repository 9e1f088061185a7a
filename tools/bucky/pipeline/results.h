// SPDX-License-Identifier: Apache-2.0
// Results: every object that is made of one study, of the kinds that somebody asks for. Each is
// read back before it is handed over. Any thread; the files are only read.
#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "conf/dicom/result_kinds.h"
#include "dicom_sr/common/object.h"
#include "dicom_sr/common/study_report.h"
#include "dicom_sr/draw/picture.h"
#include "inference/pixels/decoder.h"

namespace bucky {

/// A chest study has one to four images. Of a series of hundreds, what has a finding has its
/// pictures, and of the rest as many as bring all of them to this.
inline constexpr std::size_t kPicturedImagesMax = 32;

/// An image of the study with its verdict, and where it lies.
struct JudgedImage {
    dicom_sr::ReportedImage image;
    std::filesystem::path file;
    std::string owner{};      ///< the tenant whose it is; empty: nobody's
    bool is_pictured = true;  ///< its own pictures are made, or its notice
};

/// Something that a reader should look at: what is undetermined is not nothing.
bool has_finding(const JudgedImage& judged);

/// Decides which images of a study are pictured: see kPicturedImagesMax.
void choose_pictured(std::vector<JudgedImage>& images);

/// A kind in one of its SOP classes.
struct Variant {
    ResultKind kind{};
    Uid sop_class;
    auto operator<=>(const Variant&) const = default;
};

/// In its best class.
Variant best_of(ResultKind kind);

/// What is asked for. The images of `report` are filled in by results_of, and so are its time and
/// its class.
struct Requested {
    std::set<Variant> variants;
    /// What else goes out to every reader of the report, which may refer to it.
    std::set<Variant> beside = {};
    dicom_sr::StudyReport report;         ///< language, node, version, predecessor
    std::uint32_t longer_side_px = 2048;  ///< of a picture
    dicom_sr::Marking marking = dicom_sr::Marking::outline;
};

/// in   the images of one study, at least one; what is asked for; who opens their files
/// out  documents first, then image by image, then pages, each in the order of kResultKinds; same
///      images, same UIDs
/// err  corrupt when an object is not fit to leave; as decode() for what is drawn on the image
std::vector<dicom_sr::Object> results_of(const std::vector<JudgedImage>& images,
                                         Requested requested,
                                         inference::Decoder& decoder = inference::in_process());

}  // namespace bucky
