// SPDX-License-Identifier: Apache-2.0
#include "inference/pixels/header.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <new>
#include <string_view>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>

#include "conf/base/error.h"
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

std::vector<std::string> texts_of(DcmItem& item, const DcmTagKey& tag) {
    std::vector<std::string> values;
    DcmElement* element = nullptr;
    if (item.findAndGetElement(tag, element).bad()) return values;
    for (unsigned long i = 0; i < std::min<unsigned long>(element->getVM(), kValuesMax); ++i) {
        values.push_back(text_of(item, tag, i));
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

void read_view(DcmItem& dataset, Header& header) {
    header.view_position = upper(text_of(dataset, DCM_ViewPosition));
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

void read_body_part(DcmItem& dataset, Header& header) {
    header.body_part = upper(text_of(dataset, DCM_BodyPartExamined));
    DcmItem* code = nullptr;
    if (dataset.findAndGetSequenceItem(DCM_AnatomicRegionSequence, code).good()) {
        header.coded_body_part = word_or_code(kRegionWords, *code);
    }
    if (header.body_part.empty()) header.body_part = header.coded_body_part;
}

/// Patient Species is present for animals (PS3.3 C.7.1.1), and at some sites for people.
void read_species(DcmItem& dataset, Header& header) {
    DcmItem* code = nullptr;
    if (dataset.findAndGetSequenceItem(DCM_PatientSpeciesCodeSequence, code).good()) {
        header.species = word_or_code(kSpeciesWords, *code);
    }
    if (!header.species.empty()) return;
    header.species = upper(text_of(dataset, DCM_PatientSpeciesDescription));
    if (header.species == "HOMO SAPIENS") header.species = "HUMAN";
}

/// The day of a DA value YYYYMMDD, counted from an arbitrary day.
std::optional<double> days_of(const std::string& date) {
    if (date.size() != 8) return std::nullopt;
    std::array<int, 3> parts{};
    constexpr std::array<std::size_t, 4> kCuts{0, 4, 6, 8};
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const char* end = date.data() + kCuts[i + 1];
        if (std::from_chars(date.data() + kCuts[i], end, parts[i]).ptr != end) return std::nullopt;
    }
    if (parts[0] < 1800 || parts[1] < 1 || parts[1] > 12 || parts[2] < 1 || parts[2] > 31) {
        return std::nullopt;
    }
    return parts[0] * 365.2425 + (parts[1] - 1) * 30.436875 + parts[2];
}

/// The age in years of an AS value such as 018M (PS3.5 6.2).
std::optional<double> years_of(const std::string& age) {
    int number = 0;
    const char* end = age.data() + age.size();
    const auto [unit, fault] = std::from_chars(age.data(), end, number);
    if (fault != std::errc{} || number < 0 || unit == end) return std::nullopt;
    switch (*unit) {
        case 'Y': return number;
        case 'M': return number / 12.0;
        case 'W': return number * 7 / 365.2425;
        case 'D': return number / 365.2425;
        default: return std::nullopt;
    }
}

std::optional<double> age_of(DcmItem& dataset) {
    if (const auto years = years_of(text_of(dataset, DCM_PatientAge))) return years;
    const auto born = days_of(text_of(dataset, DCM_PatientBirthDate));
    auto taken = days_of(text_of(dataset, DCM_AcquisitionDate));
    if (!taken) taken = days_of(text_of(dataset, DCM_StudyDate));
    if (!born || !taken || *taken < *born) return std::nullopt;
    return (*taken - *born) / 365.2425;
}

void read_shape(DcmItem& dataset, Header& header) {
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
    header.photometric = upper(text_of(dataset, DCM_PhotometricInterpretation));
    header.has_pixels = dataset.tagExists(DCM_PixelData);
}

Header header_of(DicomFile& dicom) {
    DcmDataset& dataset = dicom.dataset();
    Header header;
    header.sop_class = text_of(dataset, DCM_SOPClassUID);
    header.sop_instance = text_of(dataset, DCM_SOPInstanceUID);
    header.study = text_of(dataset, DCM_StudyInstanceUID);
    header.transfer_syntax = dicom.transfer_syntax();
    header.modality = upper(text_of(dataset, DCM_Modality));
    header.laterality = upper(text_of(dataset, DCM_ImageLaterality));
    if (header.laterality.empty()) header.laterality = upper(text_of(dataset, DCM_Laterality));
    header.manufacturer = text_of(dataset, DCM_Manufacturer);
    header.model_name = text_of(dataset, DCM_ManufacturerModelName);
    header.burned_in = upper(text_of(dataset, DCM_BurnedInAnnotation));
    header.intent = upper(text_of(dataset, DCM_PresentationIntentType));
    header.image_type = texts_of(dataset, DCM_ImageType);
    header.patient_orientation = texts_of(dataset, DCM_PatientOrientation);
    header.age_years = age_of(dataset);
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
