// SPDX-License-Identifier: Apache-2.0
// Checks the rows of TID 4100 and of the templates that it includes, one by one. dciodvfy checks
// only the IOD, and no validator known to us checks these templates.
#include "dicom_sr/chest_cad/check_chest_cad.h"

#include <algorithm>
#include <array>
#include <span>

#include <fmt/format.h>

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dcdatset.h"
#include "dcmtk/dcmdata/dcdeftag.h"

#include "dicom_sr/common/checks.h"
#include "dicom_sr/common/codes.h"

namespace bucky::dicom_sr {
namespace {

constexpr std::array<std::string_view, 5> kCid6047{"111241", "111242", "111243", "111244",
                                                   "111245"};
constexpr std::array<std::string_view, 4> kCid6042{"111222", "111223", "111224", "111225"};
constexpr std::array<std::string_view, 3> kCid6034{"111150", "111151", "111152"};
constexpr std::array<std::string_view, 9> kCid6101{"112033", "112062", "112063", "112064", "112061",
                                                   "111101", "111102", "112005", "111099"};

/// One row of a template: the relationship, the value type, the concept name, how often.
struct Row {
    const char* template_row;
    const char* relation;
    const char* type;
    Concept name;
    std::size_t least, most;
    std::span<const std::string_view> values;  ///< of a CODE, when its context group is closed
};

constexpr std::size_t kAny = 1'000'000;
const Row kDocument[] = {
    {"TID 4100 row 2", "HAS CONCEPT MOD", "CODE", codes::kLanguage, 1, 1, {}},
    {"TID 4100 row 3", "CONTAINS", "CONTAINER", codes::kImageLibrary, 0, 1, {}},
    {"TID 4100 row 5", "CONTAINS", "CODE", codes::kCadSummary, 1, 1, kCid6047},
    {"TID 4100 row 6", "CONTAINS", "CODE", codes::kSummaryOfDetections, 1, 1, kCid6042},
    {"TID 4100 row 8", "CONTAINS", "CODE", codes::kSummaryOfAnalyses, 1, 1, kCid6042},
};
const Row kFindingRows[] = {
    {"TID 4104 row 2", "HAS CONCEPT MOD", "CODE", codes::kSingleImageFindingModifier, 0, 1, {}},
    {"TID 4104 row 6", "HAS CONCEPT MOD", "CODE", codes::kRenderingIntent, 1, 1, kCid6034},
    {"TID 4108 row 1", "HAS OBS CONTEXT", "TEXT", codes::kTrackingIdentifier, 0, 1, {}},
    {"TID 4108 row 2", "HAS OBS CONTEXT", "UIDREF", codes::kTrackingUid, 0, 1, {}},
    {"TID 4019 row 1", "HAS OBS CONTEXT", "TEXT", codes::kAlgorithmName, 1, 1, {}},
    {"TID 4019 row 2", "HAS OBS CONTEXT", "TEXT", codes::kAlgorithmVersion, 1, 1, {}},
    {"TID 4104 row 12", "HAS PROPERTIES", "NUM", codes::kCertainty, 0, 1, {}},
    {"TID 4107 row 1", "HAS PROPERTIES", "SCOORD", codes::kCenter, 1, 1, {}},
    {"TID 4107 row 4", "HAS PROPERTIES", "SCOORD", codes::kOutline, 0, 1, {}},
};
const Row kDetectionRows[] = {
    {"TID 4019 row 1", "HAS OBS CONTEXT", "TEXT", codes::kAlgorithmName, 1, 1, {}},
    {"TID 4019 row 2", "HAS OBS CONTEXT", "TEXT", codes::kAlgorithmVersion, 1, 1, {}},
};
const Row kRunRows[] = {
    {"TID 4015", "CONTAINS", "CODE", codes::kDetectionPerformed, 1, kAny, {}},
};

std::string code_of(DcmItem& item) {
    DcmItem* code = nullptr;
    return item.findAndGetSequenceItem(DCM_ConceptCodeSequence, code).good()
               ? value_of(*code, DCM_CodeValue)
               : "";
}

class Walk {
public:
    explicit Walk(Complaints& out) : out_(out) {}

    void document(DcmItem& root) {
        rows(root, kDocument);
        std::size_t findings = 0;
        for_each_item(root, DCM_ContentSequence, [&](DcmItem& item) {
            if (is_named(item, codes::kCadSummary)) findings = summary(item);
            if (is_named(item, codes::kSummaryOfDetections)) detections(item);
        });
        const std::string said = value_below(root, codes::kCadSummary);
        const bool says_some = said == "111242" || said == "111244";
        if (says_some != (findings > 0)) {
            out_.push_back(fmt::format("the summary {} beside {} findings", said, findings));
        }
        no_date_time(root);
    }

private:
    void rows(DcmItem& parent, std::span<const Row> expected) {
        for (const Row& row : expected) {
            std::size_t times = 0;
            for_each_item(parent, DCM_ContentSequence, [&](DcmItem& item) {
                if (!is_named(item, row.name)) return;
                ++times;
                if (value_of(item, DCM_RelationshipType) != row.relation ||
                    value_of(item, DCM_ValueType) != row.type) {
                    complain(row, "has another relationship or value type");
                }
                const bool closed = !row.values.empty();
                if (closed && std::ranges::find(row.values, code_of(item)) == row.values.end()) {
                    complain(row, "has a value outside its context group");
                }
            });
            if (times < row.least || times > row.most) {
                complain(row, fmt::format("stands {} times", times));
            }
        }
    }

    std::size_t summary(DcmItem& item) {  // TID 4101 row 3
        std::size_t findings = 0;
        for_each_item(item, DCM_ContentSequence, [&](DcmItem& child) {
            if (!is_named(child, codes::kSingleImageFinding)) {
                out_.emplace_back("TID 4101: something else than a finding below the summary");
                return;
            }
            ++findings;
            if (value_of(child, DCM_RelationshipType) != "INFERRED FROM") {
                out_.emplace_back("TID 4101 row 3: a finding is not INFERRED FROM");
            }
            if (std::ranges::find(kCid6101, code_of(child)) == kCid6101.end()) {
                out_.emplace_back("TID 4104 row 1: a finding outside CID 6101");
            }
            rows(child, kFindingRows);
            for_each_item(child, DCM_ContentSequence, [&](DcmItem& property) {
                if (value_of(property, DCM_ValueType) == "SCOORD") region(property);
            });
        });
        return findings;
    }

    void region(DcmItem& item) {  // TID 4107 rows 2 and 5
        bool selected = false;
        for_each_item(item, DCM_ContentSequence, [&](DcmItem& image) {
            selected = value_of(image, DCM_RelationshipType) == "SELECTED FROM" &&
                       value_of(image, DCM_ValueType) == "IMAGE";
        });
        if (!selected) out_.emplace_back("TID 4107: a place that is selected from no image");
    }

    void detections(DcmItem& item) {  // TID 4100 row 7: there unless nothing was attempted
        std::size_t runs = 0;
        for_each_item(item, DCM_ContentSequence, [&](DcmItem& run) {
            ++runs;
            rows(run, kRunRows);
            for_each_item(run, DCM_ContentSequence, [&](DcmItem& performed) {
                rows(performed, kDetectionRows);
                std::size_t images = 0;
                for_each_item(performed, DCM_ContentSequence, [&](DcmItem& child) {
                    if (value_of(child, DCM_ValueType) == "IMAGE") ++images;
                });
                if (images == 0) out_.emplace_back("TID 4017: a detection without an image");
            });
        });
        if ((runs == 0) != (code_of(item) == codes::kNotAttempted.value)) {
            out_.push_back(fmt::format("TID 4100 row 7: {} runs beside their summary", runs));
        }
    }

    static std::string value_below(DcmItem& root, const Concept& name) {
        std::string value;
        for_each_item(root, DCM_ContentSequence, [&](DcmItem& item) {
            if (is_named(item, name)) value = code_of(item);
        });
        return value;
    }

    void no_date_time(DcmItem& parent) {  // PS3.3 Table A.35.6-2
        for_each_item(parent, DCM_ContentSequence, [&](DcmItem& item) {
            if (value_of(item, DCM_ValueType) == "DATETIME") {
                out_.emplace_back("a DATETIME, which this document may not have");
            }
            no_date_time(item);
        });
    }

    void complain(const Row& row, std::string_view words) {
        out_.push_back(fmt::format("{} ({}) {}", row.template_row, row.name.meaning, words));
    }

    Complaints& out_;
};

}  // namespace

void check_chest_cad(const ReadBack& read, Complaints& out) {
    DcmItem& dataset = read.dataset;
    const Source& source = read.source;
    require_values(dataset, {DCM_CompletionFlag, DCM_VerificationFlag, DCM_ContentTemplateSequence},
                   out);
    if (!is_named(dataset, codes::kChestCadReport)) {
        out.emplace_back("the root is no Chest CAD Report");
    }
    bool named = false;
    for_each_item(dataset, DCM_CurrentRequestedProcedureEvidenceSequence, [&](DcmItem& study) {
        require_same(study, DCM_StudyInstanceUID, source.study.str(), out);
        for_each_item(study, DCM_ReferencedSeriesSequence, [&](DcmItem& series) {
            for_each_item(series, DCM_ReferencedSOPSequence, [&](DcmItem& image) {
                named |= value_of(image, DCM_ReferencedSOPInstanceUID) == source.sop_instance.str();
            });
        });
    });
    if (!named) out.emplace_back("the evidence does not name the source");
    Walk(out).document(dataset);
}

}  // namespace bucky::dicom_sr
