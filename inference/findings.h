// SPDX-License-Identifier: Apache-2.0
// The result of analysing one image: always a verdict; findings with score and place, or the reason
// why there are none. These are plain values: dicom_sr turns them into DICOM objects, storage keeps
// them as JSON text, and neither needs the pixels.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bucky::inference {

/// A coded concept (PS3.3 section 8.8): {"36118008", "SCT", "Pneumothorax"}.
struct Code {
    std::string value;
    std::string scheme;
    std::string meaning;
    bool operator==(const Code&) const = default;
};

/// A place in the image in pixels, as in SCOORD (PS3.3 C.18.6.1.1): column and row from the top
/// left corner of the top left pixel, whose centre is 0.5 0.5.
struct Point {
    double column = 0;
    double row = 0;
    bool operator==(const Point&) const = default;
};

enum class Side { unknown, left, right, both };  ///< the patient's, not the image's

enum class Answer { absent, present, undetermined };

/// One located finding: a closed polygon with a score of its own. The first point is not repeated.
struct Region {
    std::vector<Point> outline;
    double score = 0;  ///< highest heatmap value inside, 0..1
    Side side = Side::unknown;
};

inline constexpr std::uint32_t kHeatSideMax = 64;  ///< in cells: at most 13 kB in the database

/// How strongly each place of the whole image indicates a finding: a coarse grid from its top left
/// to its bottom right corner, 0..65535 for 0..1, row-major. Empty if the model gives no heatmap.
struct Heat {
    std::uint32_t rows = 0;
    std::uint32_t columns = 0;
    std::vector<std::uint16_t> values;
    bool operator==(const Heat&) const = default;
};

/// Rows of the image between which the lungs lie: the apex of the higher, the base of the lower.
struct LungField {
    double top = 0;
    double bottom = 0;
    bool operator==(const LungField&) const = default;
};

/// How a finding is named in a Chest CAD SR (PS3.16 TID 4104 rows 1 and 2).
struct CadCodes {
    Code finding;                  ///< of CID 6101, "Abnormal opacity"
    std::optional<Code> modifier;  ///< of CID 6102, "Nodule"; none: CID 6102 has no word
    bool operator==(const CadCodes&) const = default;
};

inline constexpr std::uint32_t kUrgencyLast = 9;

/// One question that the model answers about the image.
struct Finding {
    std::string key;      ///< "pneumothorax": stable, for config and logs
    Code code;            ///< Finding (121071, DCM)
    std::string name;     ///< shown to people, English
    std::string name_ko;  ///< shown to people, Korean; may be empty
    double score = 0;     ///< 0..1, as the package calibrates it
    double threshold = 0;
    Answer answer = Answer::undetermined;
    std::vector<Region> regions;  ///< its places, best first; empty when absent or not located
    Heat heat = {};               ///< only of a finding that is present
    /// From this score up to the threshold the answer is undetermined. Not set: it is absent there.
    std::optional<double> undetermined_from = {};
    /// At most suspected by an image: "present" is written as (415684004, SCT, "Suspected").
    bool is_suspicion = false;
    std::uint32_t urgency = kUrgencyLast;  ///< 1 is named first, everywhere
    std::optional<Code> site = {};         ///< Finding Site (363698007, SCT)
    std::optional<CadCodes> cad = {};
    /// The package whose answer to the same question stands instead of this one: this one is kept
    /// in the records and is in no result. Empty: this one stands.
    std::string yields_to = {};
};

/// What a model is for. Every result says it, except of a clinical one.
enum class Purpose {
    demonstration,  ///< reads only images that its manifest names by their equipment: no patient's
    research,       ///< no reader may rely on it; what a manifest that says nothing means
    clinical,
};

/// The word of the manifest.
constexpr std::string_view name_of(Purpose purpose) {
    switch (purpose) {
        case Purpose::demonstration: return "demonstration";
        case Purpose::research: return "research";
        case Purpose::clinical: return "clinical";
    }
    __builtin_unreachable();
}

/// The algorithm that gave the answer. Every result must name it.
struct ModelIdentity {
    std::string name;
    std::string version;
    std::string vendor;
    std::string sha256;                ///< of the weights, 64 hexadecimal digits
    std::string intended_use;          ///< shown on every picture
    std::string intended_use_ko = {};  ///< the same in Korean; may be empty
    Purpose purpose = Purpose::research;
    std::string manifest_sha256 = {};  ///< of model.toml; empty in results before 0.2
};

/// Weights of one version that stand in two folders: they answer once.
inline bool same_algorithm(const ModelIdentity& one, const ModelIdentity& other) {
    return one.sha256 == other.sha256 && one.version == other.version;
}

enum class Verdict { findings, no_findings, not_analysed, failed };

/// Why an image has no answer: a key for logs, a code for the SR, a sentence for people.
struct Reason {
    std::string key;   ///< "view.lateral"
    Code code;         ///< from the tables of dicom_sr, codes like CID 9260, or 99BUCKY
    std::string text;  ///< "view position LL: the model reads frontal images only"
};

/// The whole result of one image. The same image and the same model give the same result.
struct ImageResult {
    Verdict verdict = Verdict::failed;
    std::optional<Reason> reason;        ///< set for not_analysed and failed
    std::vector<Reason> warnings;        ///< what a reader must know although there is an answer
    std::optional<ModelIdentity> model;  ///< set when a model was chosen
    std::vector<Finding> findings;       ///< every finding that the model answers
    std::uint32_t rows = 0;              ///< of the stored image
    std::uint32_t columns = 0;
    std::optional<LungField> lungs = {};  ///< of an image with a place; nothing: not found
    std::uint32_t frame = 1;              ///< the frame that was analysed, from 1
    std::string window;              ///< the window applied: "window 2048/4096 from the header"
    std::int64_t started_at_ms = 0;  ///< start of the analysis (UTC), Content Time of the SR
    std::uint32_t masked = 0;        ///< places of text that were masked before the image left
    std::string device{};            ///< that answered, where it was not here: "remote: ai.example"
    /// SHA-256 of the decoded frame: its stored values (Bits Stored of each) row by row, 16 bits
    /// each, little endian. Empty when it was not decoded.
    std::string pixels_sha256{};
    /// The answers of further packages to the same image, each a whole result without others.
    std::vector<ImageResult> others{};
};

/// Each package's answer by itself, in the order in which they were asked. At least one.
std::vector<ImageResult> answers_of(ImageResult result);

/// Of all answers: what one package found stands, whatever became of the others.
Verdict verdict_of(const ImageResult& result);

}  // namespace bucky::inference
