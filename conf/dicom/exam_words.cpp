// SPDX-License-Identifier: Apache-2.0
#include "conf/dicom/exam_words.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace bucky {
namespace {

constexpr std::string_view kAnnexL = "PS3.16 Annex L";
constexpr std::string_view kViewTerms = "PS3.3 C.8.1.1, C.8.11.5";
constexpr std::string_view kPlaybook = "LOINC/RSNA Radiology Playbook, view and timing";
constexpr std::string_view kInstalled = "names of exams on installed devices";

constexpr ExamWord region(std::string_view word, std::string_view source) {
    return {.word = word, .region = "CHEST", .source = source};
}
constexpr ExamWord view(std::string_view word, std::string_view means, std::string_view source) {
    return {.word = word, .view = means, .source = source};
}
constexpr ExamWord chest(std::string_view word, std::string_view view, std::string_view source) {
    return {.word = word, .region = "CHEST", .view = view, .source = source};
}
constexpr ExamWord modality(std::string_view word, std::string_view source) {
    return {.word = word, .modality = "DX", .source = source};
}
constexpr ExamWord silent(std::string_view word, std::string_view source) {
    return {.word = word, .source = source};
}

constexpr std::array kWords{
    region("CHEST", kAnnexL),
    region("LUNG", kAnnexL),
    region("LUNGS", kAnnexL),
    region("THORAX", "SNOMED CT 51185008, synonym"),
    region("TORAX", "Spanish, Portuguese, Scandinavian"),
    region("TÓRAX", "Spanish, Portuguese"),
    region("TóRAX", "Spanish, Portuguese"),
    region("TORACE", "Italian"),
    region("CXR", "chest X-ray, in common use"),
    region("흉부", "Korean"),
    region("胸部", "Japanese, Chinese"),
    chest("胸部正位", "FRONTAL", "Chinese"),
    chest("胸部正面", "FRONTAL", "Japanese"),
    chest("CHESTPA", "PA", kInstalled),
    chest("CHESTAP", "AP", kInstalled),
    view("PA", "PA", kViewTerms),
    view("AP", "AP", kViewTerms),
    view("POSTEROANTERIOR", "PA", "PS3.16 CID 4010"),
    view("ANTEROPOSTERIOR", "AP", "PS3.16 CID 4010"),
    view("FRONTAL", "FRONTAL", kPlaybook),
    modality("DR", "digital radiography, before DX was defined"),
    modality("XR", "orders and viewers"),
    modality("DX", "PS3.3 C.7.3.1.1.1"),
    silent("X", kPlaybook),
    silent("RAY", kPlaybook),
    silent("XRAY", kPlaybook),
    silent("RX", "Spanish, Portuguese, Italian: X-ray"),
    silent("ERECT", kPlaybook),
    silent("UPRIGHT", kPlaybook),
    silent("STANDING", kPlaybook),
    silent("STAND", kInstalled),
    silent("SITTING", kPlaybook),
    silent("SEATED", kPlaybook),
    silent("SUPINE", kPlaybook),
    silent("RECUMBENT", kPlaybook),
    silent("SEMI", kPlaybook),
    silent("SEMIERECT", kPlaybook),
    silent("SEMIUPRIGHT", kPlaybook),
    silent("SEMISUPINE", kPlaybook),
    silent("PORTABLE", kPlaybook),
    silent("PORT", kInstalled),
    silent("MOBILE", kInstalled),
    silent("BEDSIDE", kInstalled),
    silent("BED", kInstalled),
    silent("BUCKY", kInstalled),
    silent("GRID", kInstalled),
    silent("WALL", kInstalled),
    silent("TABLE", kInstalled),
    silent("ADULT", kInstalled),
    silent("CHILD", kInstalled),
    silent("PED", kInstalled),
    silent("PEDS", kInstalled),
    silent("PEDIATRIC", kInstalled),
    silent("PAEDIATRIC", kInstalled),
    silent("SINGLE", kPlaybook),
    silent("ONE", kPlaybook),
    silent("1", kPlaybook),
    silent("1V", kPlaybook),
    silent("1VIEW", kInstalled),
    silent("VIEW", kPlaybook),
};

// Parts of words that name another exam, by PS3.3 C.8.1.1, PS3.16 Annex L and
// free spellings.
constexpr std::string_view kOthers[] = {
    "LAT",     "LATERAL", "LL",      "RL",       "LLD",      "RLD",     "LLO",
    "RLO",     "OBL",     "OBLIQUE", "DECUB",    "SPINE",    "RIBS",    "RIB",
    "STERNUM", "ABDOMEN", "BREAST",  "SKULL",    "PELVIS",   "HAND",    "KNEE",
    "ANKLE",   "FOOT",    "HIP",     "SHOULDER", "WRIST",    "ELBOW",   "CHESTABDOMEN",
    "TSPINE",  "LSPINE",  "CSPINE",  "CLAVICLE", "BABYGRAM", "LORDOTIC"};

const ExamWord* row_of(std::string_view part) {
    const auto* const known = std::ranges::find(kWords, part, &ExamWord::word);
    return known == kWords.end() ? nullptr : known;
}

/// Upper case; a dot is nothing, other marks are spaces: "P.A." as "PA", "chest-pa" as "CHEST PA".
std::vector<std::string> parts_of(std::string_view word) {
    constexpr std::string_view kMarks = " -_/,;:()[]+^";
    std::vector<std::string> parts(1);
    for (const char c : word) {
        if (c == '.') continue;
        if (kMarks.find(c) != std::string_view::npos) {
            if (!parts.back().empty()) parts.emplace_back();
            continue;
        }
        parts.back() += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    if (parts.back().empty()) parts.pop_back();
    // "P-A" as "PA", "POSTERO-ANTERIOR" as one word
    for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
        if (row_of(parts[i]) != nullptr || row_of(parts[i] + parts[i + 1]) == nullptr) continue;
        parts[i] += parts[i + 1];
        parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(i) + 1);
    }
    return parts;
}

/// Whether both can be true. FRONTAL and PA are.
bool joins(std::string& said, std::string_view more) {
    if (more.empty() || said == more) return true;
    if (!said.empty() && said != "FRONTAL" && more != "FRONTAL") return false;
    if (said.empty() || said == "FRONTAL") said = more;
    return true;
}

}  // namespace

std::span<const ExamWord> exam_words() {
    return kWords;
}

std::optional<ExamMeaning> exam_meaning(std::string_view word) {
    const auto parts = parts_of(word);
    if (parts.empty()) return std::nullopt;
    ExamMeaning meaning;
    for (const std::string& part : parts) {
        const ExamWord* known = row_of(part);
        if (known == nullptr) return std::nullopt;
        if (!joins(meaning.view, known->view)) return std::nullopt;
        if (!known->region.empty()) meaning.region = known->region;
        if (!known->modality.empty()) meaning.modality = known->modality;
    }
    return meaning;
}

std::string explained(std::string_view word, ExamAttribute attribute,
                      std::span<const ExamAlias> aliases) {
    const auto parts = parts_of(word);
    for (const ExamAlias& alias : aliases) {
        if (alias.attribute == attribute && parts_of(alias.word) == parts) return alias.means;
    }
    return std::string(word);
}

bool names_another_exam(std::string_view word) {
    const auto parts = parts_of(word);
    return std::ranges::any_of(parts, [](const std::string& part) {
        return std::ranges::find(kOthers, part) != std::end(kOthers);
    });
}

}  // namespace bucky
