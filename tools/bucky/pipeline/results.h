// SPDX-License-Identifier: Apache-2.0
// Results: every object that is made of one study, of the kinds that somebody asks for. Each is
// read back before it is handed over. Any thread; the files are only read.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "dicom_sr/common/object.h"
#include "dicom_sr/overlay/overlay.h"
#include "dicom_sr/report/measurement_report.h"
#include "inference/pixels/decoder.h"

namespace bucky {

/// A picture has up to 13 MB in memory until the results are put; a chest study has one to four
/// images, and of a series of hundreds those beyond these are reported without pictures.
inline constexpr std::size_t kPicturedImagesMax = 32;

/// An image of the study with its verdict, and where it lies.
struct JudgedImage {
    dicom_sr::ReportedImage image;
    std::filesystem::path file;
    std::string owner{};  ///< the tenant whose it is; empty: nobody's
};

/// What is asked for. The images of `report` are filled in by results_of, and so is its time.
struct Requested {
    std::set<std::string, std::less<>> kinds;  ///< of dicom_sr::kind
    /// What else goes out to all who get the report: it may refer to that.
    std::set<std::string, std::less<>> beside = {};
    dicom_sr::StudyReport report;         ///< language, node, version, predecessor
    std::uint32_t longer_side_px = 2048;  ///< of a picture
    Uid picture_class{kPictureClasses.front()};
    dicom_sr::Marking marking = dicom_sr::Marking::outline;
};

/// in   the images of one study, at least one; what is asked for; who opens their files
/// out  the report first, if it is asked for, then image by image; same images, same UIDs
/// err  corrupt when an object is not fit to leave; as decode() for what is drawn on the image
std::vector<dicom_sr::Object> results_of(const std::vector<JudgedImage>& images,
                                         Requested requested,
                                         inference::Decoder& decoder = inference::in_process());

}  // namespace bucky
