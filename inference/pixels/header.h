// SPDX-License-Identifier: Apache-2.0
// Header: the attributes of a DICOM file that describe its image, read without the pixels. The
// choice of a package (eligibility) and the laterality depend on it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace bucky::inference {

struct Header {
    std::string sop_class, sop_instance, study, transfer_syntax;  ///< UIDs
    std::string modality, laterality;
    std::string body_part, view_position;     ///< the word (UTF-8), or the word of the code
    std::string coded_body_part, coded_view;  ///< from their sequences: a word, or "value:scheme"
    std::string manufacturer, model_name;     ///< of the equipment
    std::string species;                      ///< HUMAN, another, or empty if not stated
    std::string intent;                       ///< Presentation Intent Type: FOR PROCESSING, ...
    std::string burned_in;                    ///< Burned In Annotation: YES, NO or empty
    std::vector<std::string> view_codes;      ///< View Code Sequence: "value:scheme"
    std::vector<std::string> image_type;      ///< ORIGINAL, PRIMARY, ...
    std::vector<std::string> patient_orientation;  ///< L, F: direction of rows, columns
    std::string photometric;
    std::optional<double> age_years;       ///< by Patient's Age, else by Patient's Birth Date
    std::optional<double> age_born_years;  ///< by the birth date, where Patient's Age is there, too
    std::string age_conflict;  ///< how age, birth date and date taken contradict each other
    std::uint32_t rows = 0, columns = 0, frames = 1, samples = 1;
    std::uint16_t bits_allocated = 0, bits_stored = 0;
    bool has_pixels = false;
};

/// Throws bad_input when the file is not DICOM or its dataset cannot be parsed; unavailable when it
/// cannot be read. A file that ends inside its pixel data still has a header.
Header read_header(const std::filesystem::path& file);

}  // namespace bucky::inference
