// SPDX-License-Identifier: Apache-2.0
// The input and the output of dicom_sr: plain values in UTF-8, and DICOM objects as bytes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "conf/base/ids.h"
#include "conf/dicom/result_kinds.h"
#include "inference/findings.h"

namespace bucky::dicom_sr {

/// A result object, complete as a Part 10 file.
struct Object {
    Uid sop_class;
    Uid sop_instance;
    Uid series;
    std::string transfer_syntax;       ///< UID
    ResultKind kind{};                 ///< which row of conf/dicom/result_kinds.h
    std::vector<std::uint8_t> part10;  ///< preamble, meta header and dataset
};

/// A text that results do not copy as its file has it, with its original bytes.
struct OriginalText {
    enum class Why : std::uint8_t {
        guessed,  ///< copied, but not read as its file declares
        lost,     ///< left out: some of it cannot be read at all
        illegal   ///< left out: it has no form that DICOM allows (fitting.h)
    };
    std::uint16_t group = 0, element = 0;
    std::string bytes;
    Why why = Why::guessed;
};

/// Who issued a number (HL7 v2 Hierarchic Designator, PS3.3 Table 10-17).
struct Issuer {
    std::string local, universal, universal_type;
    bool is_empty() const { return local.empty() && universal.empty(); }
};

struct OtherPatientId {
    std::string id, issuer, type;  ///< type: TEXT, RFID, BARCODE
};

/// What a result copies from its image, so that it belongs to the same study of the same patient.
/// Text is UTF-8, whatever the character set of the source; absent values are empty. A value that
/// cannot be copied stands here with "\\x0A" for each byte that makes it so: fitted() leaves it
/// out, and two patients differ by it all the same.
struct Source {
    // Patient and Patient Study (PS3.3 C.7.1.1, C.7.2.2)
    std::string patient_name, patient_id, issuer_of_patient_id, birth_date, sex;
    std::string age, size, weight;
    std::string admission_id;
    Issuer patient_id_issuer;  ///< without `local`: issuer_of_patient_id
    std::vector<OtherPatientId> other_patient_ids;
    // General Study (PS3.3 C.7.2.1)
    Uid study;
    std::string study_date, study_time, study_id, study_description, accession_number;
    std::string referring_physician;
    Issuer issuer_of_accession;
    std::vector<inference::Code> procedures;
    // of the request
    std::string requested_procedure_id, requested_procedure, placer_order, filler_order;
    std::vector<inference::Code> requested_procedures;
    // the image itself
    Uid series, sop_class, sop_instance;
    std::string modality, body_part, view_position, laterality, patient_orientation;
    std::string acquisition_date, acquisition_time, content_date, content_time;
    std::string series_number, series_description, instance_number;
    std::string manufacturer, model_name, institution;
    std::uint32_t rows = 0, columns = 0, frames = 1;
    std::string pixel_spacing;         ///< mm, "row\\column": of the patient, else of the detector
    std::string pixel_aspect_ratio;    ///< "1\\1"
    std::string burned_in_annotation;  ///< a drawing of it shows it, too
    std::string lossy_compression, lossy_ratio,
        lossy_method;             ///< of every image derived from it, too
    std::string timezone_offset;  ///< (0008,0201), "+0900"; empty: not said
    // A text that is not copied as it stands is sent as its original bytes, too.
    std::string character_set;            ///< (0008,0005) of the file
    std::vector<OriginalText> originals;  ///< of copied_attributes()
};

/// in   a Part 10 file as it was received
/// out  its attributes as UTF-8. A text that results do not copy as it stands is in `originals`,
///      too. Never throws for text alone
/// err  bad_input when there is no dataset or no study / SOP instance UID
/// src  PS3.5 6.1 character sets, with the CP949 and EUC-KR deviations seen in practice
Source read_source(const std::filesystem::path& file);

/// One image of a study, and its result.
struct ReportedImage {
    Source source;
    inference::ImageResult result;
    /// The rendering in words: owner, language, thresholds. Part of every UID, for another
    /// rendering is another object. Empty: the plain rendering.
    std::string rendering = {};
    /// A digest of the patient, in a study that holds, or held, results of several. Part of every
    /// UID, so that no series has two patients. Empty: the study has one patient.
    std::string patient = {};
    /// How often it was replaced by one with another header. Part of every UID.
    std::int64_t revision = 0;
    bool has_copies = false;  ///< others came with its UID and other content
    /// Several packages were asked about it, each with a ReportedImage of its own, side by side;
    /// what they say is named by package.
    bool is_one_of_several = false;
};

}  // namespace bucky::dicom_sr
