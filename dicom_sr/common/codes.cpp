// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/common/codes.h"

#include <algorithm>
#include <array>
#include <string>

#include "conf/base/digest.h"
#include "conf/dicom/text.h"

namespace bucky::dicom_sr {
namespace {

constexpr std::array kModalities{
    // PS3.16 CID 29
    Concept{"CR", "DCM", "Computed Radiography"},
    Concept{"CT", "DCM", "Computed Tomography"},
    Concept{"DX", "DCM", "Digital Radiography"},
    Concept{"IO", "DCM", "Intra-oral Radiography"},
    Concept{"MG", "DCM", "Mammography"},
    Concept{"MR", "DCM", "Magnetic Resonance"},
    Concept{"NM", "DCM", "Nuclear Medicine"},
    Concept{"PT", "DCM", "Positron emission tomography"},
    Concept{"PX", "DCM", "Panoramic X-Ray"},
    Concept{"RF", "DCM", "Radiofluoroscopy"},
    Concept{"RG", "DCM", "Radiographic imaging"},
    Concept{"US", "DCM", "Ultrasound"},
    Concept{"XA", "DCM", "X-Ray Angiography"},
    Concept{"XC", "DCM", "External-camera Photography"},
};

struct View {
    std::string_view position;
    Concept code;
};
constexpr std::array kViews{
    // PS3.3 C.8.1.1 and C.8.7.5 to PS3.16 CID 4010
    View{"PA", {"272479007", "SCT", "postero-anterior"}},
    View{"AP", {"399348003", "SCT", "antero-posterior"}},
    View{"LL", {"399173006", "SCT", "left lateral"}},
    View{"RL", {"399198007", "SCT", "right lateral"}},
    View{"LATERAL", {"399067008", "SCT", "lateral"}},
    View{"RAO", {"399356000", "SCT", "right anterior oblique"}},
    View{"LAO", {"399135007", "SCT", "left anterior oblique"}},
    View{"RPO", {"399038007", "SCT", "right posterior oblique"}},
    View{"LPO", {"399006002", "SCT", "left posterior oblique"}},
};

constexpr std::array<std::string_view, 11> kOfTheLung{
    // SCT
    "27925004",   // Nodule
    "427359005",  // Solitary nodule of lung
    "786838002",  // Nodule of lung
    "309529002",  // Lung mass
    "154283005",  // Pulmonary tuberculosis
    "56717001",   // Tuberculosis
    "233604007",  // Pneumonia
    "95436008",   // Lung consolidation
    "46621007",   // Atelectasis
    "87433001",   // Pulmonary emphysema
    "51615001",   // Fibrosis of lung
};

constexpr std::array<std::string_view, 2> kOfThePleura{
    // SCT
    "36118008",  // Pneumothorax
    "60046008",  // Pleural effusion
};

inference::Code own_code(char kind, const inference::Finding& finding, std::string_view words) {
    constexpr std::size_t kRoom = 14;  // of the 16 characters of SH
    const bool readable = finding.code.scheme == "SCT" && finding.code.value.size() <= kRoom;
    const std::string tail =
        readable ? finding.code.value
                 : hex(sha256(finding.code.scheme + ':' + finding.code.value)).substr(0, kRoom);
    const std::string& name = finding.name.empty() ? finding.code.meaning : finding.name;
    return {std::string(1, kind) + '.' + tail, codes::kOwnScheme,
            std::string(words) + abridged(cleaned(name), 64 - words.size())};
}

}  // namespace

Concept answer_code(const inference::Finding& finding) {
    switch (finding.answer) {
        case inference::Answer::absent: return codes::kAbsent;
        case inference::Answer::present:
            return finding.is_suspicion ? codes::kSuspected : codes::kPresent;
        case inference::Answer::undetermined: return codes::kUndetermined;
    }
    __builtin_unreachable();
}

Concept language_code(Language language) {
    switch (language) {
        case Language::english: return codes::kEnglish;
        case Language::korean: return codes::kKorean;
        case Language::japanese: return codes::kJapanese;
    }
    __builtin_unreachable();
}

const Concept* laterality_code(inference::Side side) {
    switch (side) {
        case inference::Side::unknown: return nullptr;
        case inference::Side::left: return &codes::kLeft;
        case inference::Side::right: return &codes::kRight;
        case inference::Side::both: return &codes::kBilateral;
    }
    __builtin_unreachable();
}

const Concept* laterality_code(std::string_view image_laterality) {
    if (image_laterality == "L") return &codes::kLeft;
    if (image_laterality == "R") return &codes::kRight;
    if (image_laterality == "B") return &codes::kBilateral;
    return nullptr;
}

Concept modality_code(std::string_view modality) {
    const auto* const found = std::ranges::find(kModalities, modality, &Concept::value);
    return found != kModalities.end() ? *found : modality_code("RG");
}

const Concept* view_code(std::string_view view_position) {
    const auto* const found = std::ranges::find(kViews, view_position, &View::position);
    return found != kViews.end() ? &found->code : nullptr;
}

inference::Code site_code(const inference::Finding& finding) {
    if (finding.site) return *finding.site;
    const auto is_one_of = [&](const auto& values) {
        return finding.code.scheme == "SCT" &&
               std::ranges::find(values, finding.code.value) != values.end();
    };
    if (is_one_of(kOfThePleura)) return codes::kPleura;
    return is_one_of(kOfTheLung) ? codes::kLung : codes::kChest;
}

inference::Code score_code(const inference::Finding& finding) {
    return own_code('S', finding, "AI score, ");
}

inference::Code threshold_code(const inference::Finding& finding) {
    return own_code('T', finding, "AI threshold, ");
}

inference::Code undetermined_code(const inference::Finding& finding) {
    return own_code('U', finding, "AI undetermined from, ");
}

}  // namespace bucky::dicom_sr
