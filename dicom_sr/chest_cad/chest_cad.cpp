// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/chest_cad/chest_cad.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dcdatset.h"
#include "dcmtk/dcmdata/dcdeftag.h"
#include "dcmtk/dcmdata/dcuid.h"

#include "conf/base/error.h"
#include "conf/dicom/text.h"
#include "dicom_sr/common/codes.h"
#include "dicom_sr/common/content_tree.h"
#include "dicom_sr/common/document.h"
#include "dicom_sr/common/filing.h"
#include "dicom_sr/common/identity.h"
#include "dicom_sr/common/modules.h"
#include "dicom_sr/common/part10.h"
#include "dicom_sr/common/wording.h"
#include "dicom_sr/report/planar_roi.h"
#include "dicom_sr/report/report_content.h"

namespace bucky::dicom_sr {
namespace {

using enum Relation;
using inference::Finding;
using inference::Point;

/// How TID 4104 names a finding whose package does not say it: the code of CID 6101, the modifier
/// of CID 6102 (rows 1 and 2).
struct CadFinding {
    std::string_view code;  ///< of the finding, SCT
    Concept kind;
    const Concept* modifier;  ///< none: CID 6102 has no word for it
};
constexpr Concept kOpacity{"112033", "DCM", "Abnormal opacity"};
constexpr Concept kLucency{"112062", "DCM", "Abnormal lucency"};
constexpr Concept kNodule{"27925004", "SCT", "Nodule"};
constexpr Concept kPneumothorax{"36118008", "SCT", "Pneumothorax"};
constexpr std::array kCadFindings{
    CadFinding{"27925004", kOpacity, &kNodule},  CadFinding{"427359005", kOpacity, &kNodule},
    CadFinding{"786838002", kOpacity, &kNodule}, CadFinding{"36118008", kLucency, &kPneumothorax},
    CadFinding{"233604007", kOpacity, nullptr},  // Pneumonia
    CadFinding{"154283005", kOpacity, nullptr},  // Pulmonary tuberculosis
    CadFinding{"56717001", kOpacity, nullptr},   // Tuberculosis
    CadFinding{"95436008", kOpacity, nullptr},   // Lung consolidation
    CadFinding{"46621007", kOpacity, nullptr},   // Atelectasis
    CadFinding{"309529002", kOpacity, nullptr},  // Lung mass
};

std::optional<inference::CadCodes> cad_codes(const Finding& finding) {
    if (finding.cad) return finding.cad;
    const auto* const found =
        std::ranges::find(kCadFindings, finding.code.value, &CadFinding::code);
    if (finding.code.scheme != "SCT" || found == kCadFindings.end()) return std::nullopt;
    inference::CadCodes cad{found->kind, {}};
    if (found->modifier != nullptr) cad.modifier = *found->modifier;
    return cad;
}

/// How the processing of the study went, as TID 4101 and 4100 row 6 count it.
struct Processing {
    std::size_t images = 0, succeeded = 0, failed = 0, findings = 0;
};

Processing processing_of(const StudyReport& report) {
    Processing done;
    for (const ReportedImage& image : report.images) {
        ++done.images;
        if (image.result.verdict == inference::Verdict::failed) ++done.failed;
        if (!was_analysed(image.result)) continue;
        ++done.succeeded;
        for (const Finding* finding : present(image.result)) {
            if (is_chest_cad_finding(*finding)) ++done.findings;
        }
    }
    return done;
}

Concept summary_code(const Processing& done) {  // CID 6047
    if (done.succeeded == 0) return codes::kNoneSucceeded;
    if (done.succeeded == done.images) {
        return done.findings > 0 ? codes::kAllWithFindings : codes::kAllWithoutFindings;
    }
    return done.findings > 0 ? codes::kSomeWithFindings : codes::kSomeWithoutFindings;
}

Concept detections_code(const Processing& done) {  // CID 6042
    if (done.succeeded == done.images) return codes::kSucceeded;
    if (done.succeeded > 0) return codes::kPartiallySucceeded;
    return done.failed > 0 ? codes::kFailed : codes::kNotAttempted;
}

Point centre_of(const std::vector<Point>& outline) {
    const auto [left, right] = std::ranges::minmax(outline, {}, &Point::column);
    const auto [top, bottom] = std::ranges::minmax(outline, {}, &Point::row);
    return {(left.column + right.column) / 2, (top.row + bottom.row) / 2};
}

void add_library_entry(ContentTree& tree, const ReportedImage& image) {  // TID 4020
    const Source& source = image.source;
    tree.image(contains, reference_of(image), [&] {
        if (const Concept* view = view_code(source.view_position)) {
            tree.code(has_acquisition_context, codes::kImageView, *view);
        }
        if (const std::string date = fitted_date(source.study_date); !date.empty()) {
            tree.date(has_acquisition_context, codes::kStudyDate, date);
        }
        if (const std::string time = fitted_time(source.study_time); !time.empty()) {
            tree.time(has_acquisition_context, codes::kStudyTime, time);
        }
    });
}

/// TID 4104 for one outline; without one, for the whole image: a centre is mandatory (row 14).
void add_finding(ContentTree& tree, const ReportedImage& image, const Finding& finding,
                 const inference::Region* region, int number, Language language) {
    const auto cad = cad_codes(finding).value();
    const auto& result = image.result;
    const std::vector<Point> outline =
        region != nullptr
            ? region->outline
            : std::vector<Point>{{0, 0},
                                 {double{1} * result.columns, 0},
                                 {double{1} * result.columns, double{1} * result.rows},
                                 {0, double{1} * result.rows}};
    tree.code(inferred_from, codes::kSingleImageFinding, cad.finding, [&] {
        if (cad.modifier) {
            tree.code(has_concept_modifier, codes::kSingleImageFindingModifier, *cad.modifier);
        }
        tree.text(has_observation_context, codes::kTrackingIdentifier,  // TID 4108
                  tracking_words(image, finding, number, language));
        tree.uid(has_observation_context, codes::kTrackingUid,
                 tracking_uid(image, finding.key, number > 0 ? std::to_string(number) : "image"));
        tree.code(has_concept_modifier, codes::kRenderingIntent, codes::kPresentationRequired);
        add_algorithm_context(tree, *result.model, &finding, result.device);
        tree.number(has_properties, codes::kCertainty, certainty_percent(finding), codes::kPercent);
        tree.point(has_properties, codes::kCenter, centre_of(outline), reference_of(image));
        if (region != nullptr) {
            tree.closed_polyline(codes::kOutline, outline, reference_of(image), has_properties);
        }
        const auto side = region != nullptr ? region->side : inference::Side::unknown;
        if (const Concept* where = laterality_code(side)) {  // TID 4105
            tree.code(has_properties, codes::kLocationInChest, codes::kLung,
                      [&] { tree.code(has_concept_modifier, codes::kLaterality, *where); });
        }
    });
}

void add_findings(ContentTree& tree, const StudyReport& report) {  // TID 4101 row 3
    for (const ReportedImage& image : report.images) {
        for (const Finding* finding : present(image.result)) {
            if (!is_chest_cad_finding(*finding) || !image.result.model) continue;
            int number = 0;
            for (const inference::Region& region : finding->regions) {
                if (region.outline.size() < 3) continue;
                add_finding(tree, image, *finding, &region, ++number, report.language);
            }
            if (number == 0 && image.result.rows > 0) {
                add_finding(tree, image, *finding, nullptr, 0, report.language);
            }
        }
    }
}

/// TID 4017: one detection, with all images on which it was performed or failed.
void add_detection(ContentTree& tree, const inference::Code& what,
                   const std::vector<const ReportedImage*>& images, const StudyReport& report) {
    tree.code(contains, codes::kDetectionPerformed, what, [&] {
        const auto with_model = std::ranges::find_if(
            images, [](const ReportedImage* image) { return image->result.model.has_value(); });
        if (with_model != images.end()) {
            add_algorithm_context(tree, *(*with_model)->result.model);
        } else {
            add_algorithm_context(tree, {.name = report.node_name,
                                         .version = report.software_version,
                                         .vendor = "",
                                         .sha256 = "",
                                         .intended_use = ""});
        }
        for (const ReportedImage* image : images) {
            tree.image(has_properties, reference_of(*image));
        }
    });
}

std::string weights_of(const ReportedImage& image) {
    return image.result.model ? image.result.model->sha256 : "";
}

std::vector<const ReportedImage*> by_same_model(const ReportedImage& image,
                                                const std::vector<const ReportedImage*>& images) {
    std::vector<const ReportedImage*> same;
    std::ranges::copy_if(images, std::back_inserter(same), [&](const ReportedImage* other) {
        return weights_of(*other) == weights_of(image);
    });
    return same;
}

/// TID 4015: the detections that succeeded and those that failed, each with its images.
void add_detections(ContentTree& tree, const StudyReport& report) {
    std::vector<const ReportedImage*> good, bad;
    for (const ReportedImage& image : report.images) {
        if (was_analysed(image.result)) {
            good.push_back(&image);
        } else {
            bad.push_back(&image);
        }
    }
    const auto add = [&](const Concept& title, const std::vector<const ReportedImage*>& images) {
        if (images.empty()) return;
        tree.container(inferred_from, title, "4015", [&] {
            std::set<std::pair<std::string, std::string>> said;  // each model detects for itself
            for (const ReportedImage* image : images) {
                for (const Finding& finding : image->result.findings) {
                    const auto cad = cad_codes(finding);
                    if (!cad) continue;
                    const auto& what = cad->modifier ? *cad->modifier : cad->finding;
                    if (said.emplace(what.value, weights_of(*image)).second) {
                        add_detection(tree, what, by_same_model(*image, images), report);
                    }
                }
            }
            if (said.empty()) add_detection(tree, kNodule, images, report);
        });
    };
    add(codes::kSuccessfulDetections, good);
    add(codes::kFailedDetections, bad);
}

void write_cad_content(ContentTree& tree, const StudyReport& report) {  // TID 4100
    tree.code(has_concept_modifier, codes::kLanguage, language_code(report.language));
    tree.container(contains, codes::kImageLibrary, "", [&] {
        std::set<Uid> listed;
        for (const ReportedImage& image : report.images) {
            if (listed.insert(image.source.sop_instance).second) add_library_entry(tree, image);
        }
    });
    const Processing done = processing_of(report);
    tree.code(contains, codes::kCadSummary, summary_code(done),
              [&] { add_findings(tree, report); });
    const Concept detections = detections_code(done);
    tree.code(contains, codes::kSummaryOfDetections, detections, [&] {
        if (std::string_view(detections.value) != codes::kNotAttempted.value) {
            add_detections(tree, report);
        }
    });
    // CID 6137: spatial and temporal correlation, image quality: Bucky does none of these.
    tree.code(contains, codes::kSummaryOfAnalyses, codes::kNotAttempted);
}

}  // namespace

bool is_chest_cad_finding(const Finding& finding) {
    return cad_codes(finding).has_value();
}

Object chest_cad(const StudyReport& report) {
    require_listable(report.images);
    Object object =
        object_of_study(ResultKind::chest_cad, Uid(UID_ChestCADSRStorage), report.images);
    auto dataset = std::make_unique<DcmDataset>();
    write_document(*dataset, report, object);
    ContentTree tree(codes::kChestCadReport, "4100", object.sop_class);
    write_cad_content(tree, report);
    tree.write(*dataset);
    object.part10 = to_part10(std::move(dataset));
    return object;
}

}  // namespace bucky::dicom_sr
