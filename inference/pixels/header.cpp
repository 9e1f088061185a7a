// SPDX-License-Identifier: Apache-2.0
#include "inference/pixels/header.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <new>
#include <string_view>

#include <fmt/format.h>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>

#include "conf/base/error.h"
#include "conf/dicom/values.h"
#include "inference/pixels/dicom_file.h"

namespace bucky::inference {
namespace {

constexpr unsigned long kValuesMax = 16;  // values, or items of a code sequence

/// A code, and the word that an older attribute has for the same.
struct CodeWord {
    std::string_view value, scheme, word;
};

// View of chest radiographs: PS3.16 CID 4010 in SNOMED CT, and the retired SRT codes.
constexpr std::array kViewWords{
    CodeWord{"399348003", "SCT", "AP"}, CodeWord{"272479007", "SCT", "PA"},
    CodeWord{"399067008", "SCT", "LL"}, CodeWord{"R-10206", "SRT", "AP"},
    CodeWord{"R-10214", "SRT", "PA"},   CodeWord{"R-10236", "SRT", "LL"},
    CodeWord{"399198007", "SCT", "RL"}, CodeWord{"399173006", "SCT", "LL"},
    CodeWord{"R-10232", "SRT", "RL"},
};

// Anatomic Region, PS3.16 CID 4031 and Annex L.
constexpr std::array kRegionWords{
    CodeWord{"816094009", "SCT", "CHEST"}, CodeWord{"51185008", "SCT", "CHEST"},
    CodeWord{"43799004", "SCT", "CHEST"},  CodeWord{"T-D3000", "SRT", "CHEST"},
    CodeWord{"39607008", "SCT", "CHEST"},  CodeWord{"T-28000", "SRT", "CHEST"},
};

// Species, PS3.16 CID 7454: only the one that models are made for.
constexpr std::array kSpeciesWords{
    CodeWord{"337915000", "SCT", "HUMAN"},
    CodeWord{"L-85B00", "SRT", "HUMAN"},
};

std::string upper(std::string text) {
    for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return text;
}

std::vector<std::string> texts_of(DcmDataset& dataset, const DcmTagKey& tag) {
    std::vector<std::string> values;
    DcmElement* element = nullptr;
    if (dataset.findAndGetElement(tag, element).bad()) return values;
    for (unsigned long i = 0; i < std::min<unsigned long>(element->getVM(), kValuesMax); ++i) {
        values.push_back(words_of(dataset, tag, i));
    }
    return values;
}

template <std::size_t N>
std::string word_of(const std::array<CodeWord, N>& words, std::string_view value,
                    std::string_view scheme) {
    for (const CodeWord& known : words) {
        if (known.value == value && known.scheme == scheme) return std::string(known.word);
    }
    return {};
}

std::string scheme_of(DcmItem& code) {
    const std::string scheme = text_of(code, DCM_CodingSchemeDesignator);
    return scheme == "SNM3" || scheme == "99SDM" ? "SRT" : scheme;  // older designators, PS3.16 8.2
}

/// A region or view without a word here must not read as "missing": it is given as its code.
template <std::size_t N>
std::string word_or_code(const std::array<CodeWord, N>& words, DcmItem& code) {
    const std::string value = text_of(code, DCM_CodeValue);
    const std::string scheme = scheme_of(code);
    if (value.empty()) return {};
    std::string word = word_of(words, value, scheme);
    return word.empty() ? value + ":" + scheme : word;
}

void read_view(DcmDataset& dataset, Header& header) {
    header.view_position = upper(words_of(dataset, DCM_ViewPosition));
    for (unsigned long i = 0; i < kValuesMax; ++i) {
        DcmItem* code = nullptr;
        if (dataset.findAndGetSequenceItem(DCM_ViewCodeSequence, code, static_cast<long>(i)).bad())
            break;
        const std::string value = text_of(*code, DCM_CodeValue);
        if (!value.empty()) header.view_codes.push_back(value + ":" + scheme_of(*code));
        if (header.coded_view.empty()) header.coded_view = word_or_code(kViewWords, *code);
    }
    if (header.view_position.empty()) header.view_position = header.coded_view;
}

void read_body_part(DcmDataset& dataset, Header& header) {
    header.body_part = upper(words_of(dataset, DCM_BodyPartExamined));
    DcmItem* code = nullptr;
    if (dataset.findAndGetSequenceItem(DCM_AnatomicRegionSequence, code).good()) {
        header.coded_body_part = word_or_code(kRegionWords, *code);
    }
    if (header.body_part.empty()) header.body_part = header.coded_body_part;
}

/// Patient Species is present for animals (PS3.3 C.7.1.1), and at some sites for people.
void read_species(DcmDataset& dataset, Header& header) {
    DcmItem* code = nullptr;
    if (dataset.findAndGetSequenceItem(DCM_PatientSpeciesCodeSequence, code).good()) {
        header.species = word_or_code(kSpeciesWords, *code);
    }
    if (!header.species.empty()) return;
    header.species = upper(words_of(dataset, DCM_PatientSpeciesDescription));
    if (header.species == "HOMO SAPIENS") header.species = "HUMAN";
}

// A device may count the age when the exam is ordered, or round it.
constexpr double kAgeToleranceYears = 1;
constexpr double kAgeMaxYears = 130;

/// The age by Patient's Birth Date at the day the image was taken.
std::optional<double> years_since_birth(DcmItem& dataset) {
    const std::string born = text_of(dataset, DCM_PatientBirthDate);
    for (const DcmTagKey& tag : {DCM_AcquisitionDate, DCM_StudyDate}) {
        const std::string taken = text_of(dataset, tag);
        if (!date_value(taken).empty()) return years_between(born, taken);
    }
    return std::nullopt;
}

std::string conflict_of_birth(double years) {
    if (years < 0) return "the birth date is later than the image";
    if (years <= kAgeMaxYears) return {};
    return fmt::format("by the birth date the patient is {:.0f} years old", years);
}

/// Patient's Age and the birth date are two witnesses: where they contradict each other, the age is
/// not known.
void read_age(DcmItem& dataset, Header& header) {
    const std::string age = text_of(dataset, DCM_PatientAge);
    const auto stated = years_of_age(age);
    const auto born = years_since_birth(dataset);
    if (born) header.age_conflict = conflict_of_birth(*born);
    if (!stated) {
        if (header.age_conflict.empty()) header.age_years = born;
        return;
    }
    const bool agrees = !born || (*born > stated->from - kAgeToleranceYears &&
                                  *born < stated->below + kAgeToleranceYears);
    if (agrees) {
        header.age_years = stated->from;
        header.age_born_years = born;
    } else if (header.age_conflict.empty()) {
        header.age_conflict = fmt::format(
            "Patient's Age is {}, by the birth date it is {:.3g} years", age_value(age), *born);
    }
}

void read_shape(DcmDataset& dataset, Header& header) {
    const auto number = [&](const DcmTagKey& tag, std::uint16_t otherwise) {
        Uint16 value = 0;
        return dataset.findAndGetUint16(tag, value).good() ? value : otherwise;
    };
    header.rows = number(DCM_Rows, 0);
    header.columns = number(DCM_Columns, 0);
    header.samples = number(DCM_SamplesPerPixel, 1);
    header.bits_allocated = number(DCM_BitsAllocated, 0);
    header.bits_stored = number(DCM_BitsStored, header.bits_allocated);
    Sint32 frames = 1;
    if (dataset.findAndGetSint32(DCM_NumberOfFrames, frames).good() && frames > 0) {
        header.frames = static_cast<std::uint32_t>(frames);
    }
    header.photometric = upper(words_of(dataset, DCM_PhotometricInterpretation));
    header.has_pixels = dataset.tagExists(DCM_PixelData);
}

Header header_of(DicomFile& dicom) {
    DcmDataset& dataset = dicom.dataset();
    Header header;
    header.sop_class = text_of(dataset, DCM_SOPClassUID);
    header.sop_instance = text_of(dataset, DCM_SOPInstanceUID);
    header.study = text_of(dataset, DCM_StudyInstanceUID);
    header.transfer_syntax = dicom.transfer_syntax();
    header.modality = upper(words_of(dataset, DCM_Modality));
    header.laterality = upper(words_of(dataset, DCM_ImageLaterality));
    if (header.laterality.empty()) header.laterality = upper(words_of(dataset, DCM_Laterality));
    header.manufacturer = text_of(dataset, DCM_Manufacturer);
    header.model_name = text_of(dataset, DCM_ManufacturerModelName);
    header.burned_in = upper(text_of(dataset, DCM_BurnedInAnnotation));
    header.intent = upper(text_of(dataset, DCM_PresentationIntentType));
    header.image_type = texts_of(dataset, DCM_ImageType);
    header.patient_orientation = texts_of(dataset, DCM_PatientOrientation);
    read_age(dataset, header);
    read_species(dataset, header);
    read_view(dataset, header);
    read_body_part(dataset, header);
    read_shape(dataset, header);
    return header;
}

}  // namespace

Header read_header(const std::filesystem::path& file) {
    try {
        DicomFile dicom(file);
        return header_of(dicom);
    } catch (const std::bad_alloc&) {  // thrown by the parser; a retry may help
        throw Error(Fault::exhausted, "no memory to read {}", file.string());
    }
}

}  // namespace bucky::inference
