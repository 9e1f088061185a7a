// SPDX-License-Identifier: Apache-2.0
// What dicom_sr takes and gives: plain values in UTF-8 in, whole DICOM objects as bytes out.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "conf/base/ids.h"
#include "inference/findings.h"

namespace bucky::dicom_sr {

/// The kinds of objects that Bucky makes: what configuration, database and logs call them.
namespace kind {
inline constexpr const char* kReport = "sr";                  ///< one a study
inline constexpr const char* kOverlay = "overlay";            ///< one an analysed image
inline constexpr const char* kPresentation = "presentation";  ///< one an analysed image
inline constexpr const char* kSegmentation = "segmentation";  ///< one an image with outlines
inline constexpr const char* kSummary = "summary";            ///< one a study, a picture
inline constexpr const char* kNotice = "notice";              ///< one an image not analysed
inline constexpr const char* kChestCad = "chest_cad";         ///< one a study
/// What supersedes a report that was filed under a wrong identity; goes where that went.
inline constexpr const char* kWithdrawal = "withdrawal";
}  // namespace kind

/// A result object, complete as a Part 10 file.
struct Object {
    Uid sop_class;
    Uid sop_instance;
    Uid series;
    std::string transfer_syntax;       ///< UID
    std::string kind;                  ///< one of the above
    std::vector<std::uint8_t> part10;  ///< preamble, meta header and dataset
};

/// A text of the image that was not read as its file declares it, with its bytes as they came.
struct OriginalText {
    std::uint16_t group = 0, element = 0;
    std::string bytes;
    bool lost = false;  ///< some of it could not be read at all
};

/// What a result copies from the image it is about, so that it stands in the same study of the same
/// patient. Text is UTF-8 whatever the source's character set was; absent values are empty.
struct Source {
    // Patient and Patient Study (PS3.3 C.7.1.1, C.7.2.2)
    std::string patient_name, patient_id, issuer_of_patient_id, birth_date, sex;
    std::string age, size, weight;
    // General Study (PS3.3 C.7.2.1)
    Uid study;
    std::string study_date, study_time, study_id, study_description, accession_number;
    std::string referring_physician;
    // the image itself
    Uid series, sop_class, sop_instance;
    std::string modality, body_part, view_position, laterality, patient_orientation;
    std::string acquisition_date, acquisition_time, content_date, content_time;
    std::string series_number, series_description, instance_number;
    std::string manufacturer, model_name;
    std::uint32_t rows = 0, columns = 0, frames = 1;
    std::string pixel_spacing;         ///< mm, "row\\column": of the patient, else of the detector
    std::string pixel_aspect_ratio;    ///< "1\\1"
    std::string burned_in_annotation;  ///< a drawing of it shows what was burned in
    std::string lossy_compression, lossy_ratio, lossy_method;  ///< once lossy, lossy for ever
    std::string timezone_offset;  ///< (0008,0201), "+0900"; empty: not said
    // Nothing of a name is dropped: what is not read as declared goes out beside what was read.
    std::string character_set;            ///< (0008,0005) of the file
    std::vector<OriginalText> originals;  ///< of the texts that results copy
};

/// in   a Part 10 file as it was received
/// out  its attributes as UTF-8; text that is not what it declares is in `originals` too, and what
///      nobody can read has '?' in its place. Never throws for text alone
/// err  bad_input when there is no dataset or no study / SOP instance UID
/// src  PS3.5 6.1 character sets, with the CP949 and EUC-KR deviations seen in practice
Source read_source(const std::filesystem::path& file);

/// One image of a study with what was said about it.
struct ReportedImage {
    Source source;
    inference::ImageResult result;
    /// How it is told where that is not the plain way (language, thresholds), in words: what is
    /// told otherwise is another object, so they are part of every UID. Empty: the plain way.
    std::string rendering = {};
    /// Whose it is in a study that holds, or held, results of several patients, as a digest: part
    /// of every UID, so that no series has two patients. Empty: the only patient.
    std::string patient = {};
    /// How often it has come anew with another header: what is told of the newest is another
    /// object.
    std::int64_t revision = 0;
    bool has_copies = false;  ///< others came with its UID and other content
};

}  // namespace bucky::dicom_sr
