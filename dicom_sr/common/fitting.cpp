// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/common/fitting.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <iterator>

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dcdeftag.h"
#include "dcmtk/dcmdata/dctag.h"

#include "conf/dicom/text.h"
#include "conf/dicom/values.h"

namespace bucky::dicom_sr {
namespace {

constexpr Copied kCopied[] = {
    {0x0010, 0x0010, &Source::patient_name},
    {0x0010, 0x0020, &Source::patient_id},
    {0x0010, 0x0021, &Source::issuer_of_patient_id},
    {0x0010, 0x0030, &Source::birth_date},
    {0x0010, 0x0040, &Source::sex},
    {0x0010, 0x1010, &Source::age},
    {0x0038, 0x0010, &Source::admission_id},
    {0x0008, 0x0020, &Source::study_date},
    {0x0020, 0x0010, &Source::study_id},
    {0x0008, 0x0050, &Source::accession_number},
    {0x0008, 0x0090, &Source::referring_physician},
    {0x0008, 0x1030, &Source::study_description},
    {0x0008, 0x0080, &Source::institution},
    {0x0040, 0x1001, &Source::requested_procedure_id},
    {0x0032, 0x1060, &Source::requested_procedure},
    {0x0040, 0x2016, &Source::placer_order},
    {0x0040, 0x2017, &Source::filler_order},
    {0x0018, 0x0015, &Source::body_part},
    {0x0018, 0x5101, &Source::view_position},
};

bool is_copied(const DcmTagKey& tag) {
    return std::ranges::any_of(kCopied, [&](const Copied& row) {
        return row.group == tag.getGroup() && row.element == tag.getElement();
    });
}

bool is_control(char byte) {
    const auto code = static_cast<unsigned char>(byte);
    return code < 0x20 || code == 0x7F;
}

/// A text of SH, LO or PN: whole, or nothing.
std::string whole(std::string_view text) {
    const bool divides = text.find('\\') != std::string_view::npos;
    if (divides || std::ranges::any_of(text, is_control)) return {};
    return characters_in(text) > kCopiedCharactersMax ? "" : cleaned(text);
}

/// A code string in capitals: whole, or nothing (PS3.5 6.2).
std::string whole_code(std::string_view text) {
    std::string out = cleaned(text);
    for (char& c : out) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    constexpr std::string_view kAllowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 _";
    const bool fits = out.size() <= 16 && out.find_first_not_of(kAllowed) == std::string::npos;
    return fits ? out : "";
}

bool all_digits(std::string_view text) {
    return !text.empty() &&
           std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) != 0; });
}

std::string without(std::string_view text, std::string_view unwanted) {
    std::string out(text);
    std::erase_if(out, [&](char c) { return unwanted.find(c) != std::string_view::npos; });
    return out;
}

std::string fitted_number(std::string_view text) {
    const std::string number(text.substr(0, std::min(text.find('\\'), text.size())));
    char* end = nullptr;
    (void)std::strtod(number.c_str(), &end);
    const bool well_formed = !number.empty() && number.size() <= 16 && *end == '\0' &&
                             number.find_first_not_of("0123456789+-.eE") == std::string::npos;
    return well_formed ? number : "";
}

std::string fitted_code_string(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const auto upper = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        const bool taken = std::isupper(static_cast<unsigned char>(upper)) != 0 ||
                           std::isdigit(static_cast<unsigned char>(upper)) != 0 || upper == ' ' ||
                           upper == '_' || upper == '\\';
        if (taken) out += upper;
    }
    return out.size() <= 16 || out.find('\\') != std::string::npos ? out : out.substr(0, 16);
}

std::size_t characters_of(DcmEVR vr) {
    switch (vr) {
        case EVR_SH: return 16;
        case EVR_LO:
        case EVR_PN: return 64;
        case EVR_ST: return 1024;
        case EVR_LT: return 10240;
        default: return 65536;
    }
}

std::string copied_value(const DcmTagKey& tag, std::string_view text) {
    if (tag == DCM_PatientSex) return sex_value(text);
    switch (DcmTag(tag).getEVR()) {
        case EVR_DA: return date_value(text);
        case EVR_AS: return age_value(text);
        case EVR_CS: return whole_code(text);
        default: return whole(text);
    }
}

}  // namespace

std::span<const Copied> copied_attributes() {
    return kCopied;
}

std::string fitted_date(std::string_view text) {
    return date_value(text);
}

std::string fitted_sex(std::string_view text) {
    return sex_value(text);
}

std::string fitted_time(std::string_view text) {
    const std::string compact = without(text, ":");
    const std::size_t dot = std::min(compact.find('.'), compact.size());
    const std::string digits = compact.substr(0, dot);
    if (!all_digits(digits) || digits.size() % 2 != 0 || digits.size() > 6) return "";
    if (dot == compact.size()) return digits;
    const std::string fraction = compact.substr(dot + 1, 6);
    return digits.size() == 6 && all_digits(fraction) ? digits + '.' + fraction : digits;
}

std::string fitted(const DcmTagKey& tag, std::string_view raw) {
    if (is_copied(tag)) return copied_value(tag, raw);
    const std::string text = cleaned(raw);
    const DcmEVR vr = DcmTag(tag).getEVR();
    switch (vr) {
        case EVR_DA: return fitted_date(text);
        case EVR_TM: return fitted_time(text);
        case EVR_DS: return fitted_number(text);
        case EVR_IS: return all_digits(text) && text.size() <= 9 ? text : "";
        case EVR_CS: return fitted_code_string(text);
        case EVR_SH:
        case EVR_LO: {
            std::string one_value = text;  // a backslash would make it two
            std::ranges::replace(one_value, '\\', '/');
            return shortened(one_value, characters_of(vr));
        }
        default: return shortened(text, characters_of(vr));
    }
}

}  // namespace bucky::dicom_sr
