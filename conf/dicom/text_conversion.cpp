// SPDX-License-Identifier: Apache-2.0
#include "conf/dicom/text_conversion.h"

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dcbytstr.h"
#include "dcmtk/dcmdata/dcdatset.h"
#include "dcmtk/dcmdata/dcdeftag.h"
#include "dcmtk/ofstd/ofchrenc.h"

namespace bucky {
namespace {

constexpr std::string_view kDesignator = "\x1B$)C";  // KS X 1001 to the upper half, G1

bool is_high(char byte) {
    return static_cast<unsigned char>(byte) >= 0x80;
}

/// Both bytes of a character of KS X 1001 are 0xA1 to 0xFE; other pairs are extensions.
bool is_of_the_set(char byte) {
    const auto value = static_cast<unsigned char>(byte);
    return value >= 0xA1 && value <= 0xFE;
}

std::string_view delimiters_of(DcmEVR vr) {
    if (vr == EVR_PN) return "\\^=";
    return vr == EVR_ST || vr == EVR_LT || vr == EVR_UT ? "" : "\\";
}

/// Whether every text of the dataset was converted.
bool convert_to_korean(DcmDataset& dataset) {
    DcmStack stack;
    while (dataset.nextObject(stack, OFTrue).good()) {
        auto* element = dynamic_cast<DcmByteString*>(stack.top());
        if (element == nullptr || !element->isAffectedBySpecificCharacterSet()) continue;
        OFString text;
        if (element->getOFStringArray(text).bad()) return false;
        const auto converted = in_korean_set(text, delimiters_of(element->getVR()));
        if (!converted || element->putOFStringArray(OFString(*converted)).bad()) return false;
    }
    const std::string values = "\\" + std::string{kKoreanSet};  // the first is empty: ISO-IR 6
    return dataset.putAndInsertOFStringArray(DCM_SpecificCharacterSet, OFString(values)).good();
}

}  // namespace

std::optional<std::string> in_korean_set(std::string_view utf8, std::string_view delimiters) {
    OFCharacterEncoding converter;
    OFString bytes;
    if (converter.selectEncoding("UTF-8", "EUC-KR").bad() ||
        converter.convertString(OFString(utf8), bytes).bad()) {
        return {};
    }
    std::string out;
    bool is_designated = false;
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        const char byte = bytes[at];
        if (!is_high(byte)) {
            const bool is_control = static_cast<unsigned char>(byte) < 0x20;
            if (is_control || delimiters.find(byte) != std::string_view::npos) {
                is_designated = false;
            }
            out += byte;
            continue;
        }
        if (at + 1 == bytes.size() || !is_of_the_set(byte) || !is_of_the_set(bytes[at + 1])) {
            return {};
        }
        if (!is_designated) out += kDesignator;
        is_designated = true;
        out += byte;
        out += bytes[++at];
    }
    return out;
}

bool convert_text(DcmDataset& dataset, const std::string& character_set) {
    if (character_set == kKoreanSet) return convert_to_korean(dataset);
    return dataset.convertCharacterSet(character_set.c_str()).good();
}

}  // namespace bucky
