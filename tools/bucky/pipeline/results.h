// SPDX-License-Identifier: Apache-2.0
// Results: every object made from one study, in the kinds that destinations request. Each object is
// read back before it is handed over. Any thread; files are only read.
#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "conf/base/choices.h"
#include "conf/dicom/result_kinds.h"
#include "dicom_sr/common/object.h"
#include "dicom_sr/common/study_report.h"
#include "dicom_sr/draw/picture.h"
#include "inference/pixels/decoder.h"
#include "tools/bucky/pipeline/films.h"

namespace bucky {

/// A chest study has one to four images. In a series of hundreds, every image with a finding has
/// its pictures, and others only until this many images have pictures.
inline constexpr std::size_t kPicturedImagesMax = 32;

/// An image of the study with its verdict and file. Where several packages were asked about it,
/// the answers of each stand side by side (dicom_sr/common/answers.h).
struct JudgedImage {
    dicom_sr::ReportedImage image;
    std::filesystem::path file;
    std::string owner{};      ///< the tenant; empty: none
    bool is_pictured = true;  ///< whether its pictures or notice are made
};

/// Whether a reader should look at the image: undetermined counts as a finding.
bool has_finding(const JudgedImage& judged);

/// Each image with all of its answers.
std::vector<std::span<const JudgedImage>> by_image(std::span<const JudgedImage> images);
bool was_analysed(std::span<const JudgedImage> image);  ///< by some package
bool has_finding(std::span<const JudgedImage> image);   ///< of some package

/// Chooses the images that get pictures: see kPicturedImagesMax.
void choose_pictured(std::vector<JudgedImage>& images);

/// A kind in one of its SOP classes.
struct Variant {
    ResultKind kind{};
    Uid sop_class;
    auto operator<=>(const Variant&) const = default;
};

/// The kind in its best class.
Variant best_of(ResultKind kind);

/// The requested objects. results_of() fills in the images, time and class of `report`.
struct Requested {
    std::set<Variant> variants;
    /// The other objects that every destination of the report gets; the report may refer to them.
    std::set<Variant> beside = {};
    dicom_sr::StudyReport report;         ///< language, node, version, predecessor
    std::uint32_t longer_side_px = 1280;  ///< of a picture
    Marking marking = Marking::outline;
    Films* films = nullptr;   ///< where pictures may lie already
    std::int64_t now_ms = 0;  ///< for them
};

/// in   the images of one study, at least one; the requested objects; a decoder
/// out  documents first, then image by image, then pages, each in the order of kResultKinds; same
///      images, same UIDs
/// err  corrupt when an object fails its check; as decode() for pictures of the image
std::vector<dicom_sr::Object> results_of(const std::vector<JudgedImage>& images,
                                         Requested requested,
                                         inference::Decoder& decoder = inference::in_process());

}  // namespace bucky
