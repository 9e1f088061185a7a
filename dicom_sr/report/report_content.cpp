// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/report/report_content.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "conf/dicom/exam_words.h"
#include "conf/dicom/text.h"
#include "dicom_sr/common/codes.h"
#include "dicom_sr/common/document.h"
#include "dicom_sr/common/identity.h"
#include "dicom_sr/common/modules.h"
#include "dicom_sr/common/originals.h"
#include "dicom_sr/common/wording.h"
#include "dicom_sr/report/planar_roi.h"

namespace bucky::dicom_sr {
namespace {

using enum Relation;
using inference::Code;
using inference::Finding;
using inference::ImageResult;
using inference::Region;

void add_library_entry(ContentTree& tree, const ReportedImage& image) {  // TID 1601, 1602, 1603
    const Source& source = image.source;
    const auto date = [&](const Concept& name, const std::string& text) {
        const std::string value = fitted_date(text);
        if (!value.empty()) tree.date(has_acquisition_context, name, value);
    };
    const auto time = [&](const Concept& name, const std::string& text) {
        const std::string value = fitted_time(text);
        if (!value.empty()) tree.time(has_acquisition_context, name, value);
    };
    tree.image(contains, {source.sop_class, source.sop_instance, {}}, [&] {
        const auto modality = exam_meaning(source.modality);
        tree.code(has_acquisition_context, codes::kModality,
                  modality_code(modality && !modality->modality.empty() ? modality->modality
                                                                        : source.modality));
        const auto part = exam_meaning(source.body_part);
        if (part && !part->region.empty()) {
            tree.code(has_acquisition_context, codes::kTargetRegion, codes::kChest);
        }
        if (const Concept* side = laterality_code(source.laterality)) {
            tree.code(has_acquisition_context, codes::kImageLaterality, *side);
        }
        date(codes::kStudyDate, source.study_date);
        time(codes::kStudyTime, source.study_time);
        date(codes::kContentDate, source.content_date);
        time(codes::kContentTime, source.content_time);
        date(codes::kAcquisitionDate, source.acquisition_date);
        time(codes::kAcquisitionTime, source.acquisition_time);
        if (source.rows > 0 && source.columns > 0) {
            tree.number(has_acquisition_context, codes::kPixelRows, source.rows, codes::kPixels);
            tree.number(has_acquisition_context, codes::kPixelColumns, source.columns,
                        codes::kPixels);
        }
        const auto view_meant = exam_meaning(source.view_position);
        if (const Concept* view =
                view_code(view_meant && !view_meant->view.empty() ? view_meant->view
                                                                  : source.view_position)) {
            tree.code(has_acquisition_context, codes::kImageView, *view);
        }
    });
}

std::vector<std::string> parameters_of(const ImageResult& result, const Finding* finding) {
    std::vector<std::string> lines;
    if (finding != nullptr) {
        lines.push_back(fmt::format("threshold {:g}", finding->threshold));
        if (finding->undetermined_from) {
            lines.push_back(fmt::format("undetermined from {:g}", *finding->undetermined_from));
        }
    }
    if (result.model) lines.push_back(fmt::format("weights sha256 {}", result.model->sha256));
    if (!result.window.empty()) lines.push_back(result.window);
    if (!result.device.empty()) lines.push_back("analysed by " + result.device);
    if (result.masked > 0) {
        lines.push_back(
            fmt::format("text masked before the image was sent, places: {}", result.masked));
    }
    return lines;
}

/// The edge of the image as a region, for an answer about the whole image.
std::vector<inference::Point> edge_of(const ReportedImage& image) {
    const double rows = image.result.rows > 0 ? image.result.rows : image.source.rows;
    const double columns = image.result.columns > 0 ? image.result.columns : image.source.columns;
    if (rows < 1 || columns < 1) return {};
    return {{0, 0}, {columns, 0}, {columns, rows}, {0, rows}};
}

PlanarRoi roi_of(const ReportedImage& image, std::string_view key, std::string_view region) {
    PlanarRoi roi;
    roi.tracking_uid = tracking_uid(image, key, region);
    roi.image = reference_of(image);
    if (image.result.model) roi.model = &*image.result.model;
    return roi;
}

PlanarRoi::Number score_of(const Finding& finding) {
    return {score_code(finding), shown_score(finding.score), codes::kZeroToOne};
}

std::vector<ImageReference> explanations_of(const StudyReport& report, const Source& source) {
    std::vector<ImageReference> shown;
    for (const Explanation& one : report.explanations) {
        if (one.image == source.sop_instance) {
            shown.push_back({one.sop_class, one.sop_instance, {}});
        }
    }
    return shown;
}

void add_finding(ContentTree& tree, const StudyReport& report, const ReportedImage& image,
                 const Finding& finding) {
    const Language language = report.language;
    const Code site = site_code(finding);
    const Code category = codes::kAbnormalStructure;
    const auto explanations = explanations_of(report, image.source);
    int number = 0;
    for (std::size_t at = 0; at < finding.regions.size(); ++at) {
        const Region& region = finding.regions[at];
        if (region.outline.size() < 3) continue;
        PlanarRoi roi = roi_of(image, finding.key, std::to_string(++number));
        roi.tracking_identifier = tracking_words(image, finding, number, language);
        roi.short_label = outline_label(image, finding, at, language);
        roi.finding = finding.code;
        roi.is_suspicion = finding.is_suspicion;
        roi.category = &category;
        roi.explanations = explanations;
        roi.outline = region.outline;
        roi.site = &site;
        roi.side = region.side;
        roi.numbers = {score_of(finding)};  // one: OHIF shows every number, and they would differ
        roi.parameters = parameters_of(image.result, &finding);
        add_planar_roi(tree, roi);
    }
    if (number > 0) return;
    PlanarRoi roi = roi_of(image, finding.key, "image");  // present, without a location
    roi.tracking_identifier = tracking_words(image, finding, 0, language);
    roi.short_label = outline_label(image, finding, 0, language);
    roi.finding = finding.code;
    roi.is_suspicion = finding.is_suspicion;
    roi.category = &category;
    roi.explanations = explanations;
    roi.outline = edge_of(image);
    roi.numbers = {score_of(finding)};
    roi.parameters = parameters_of(image.result, &finding);
    if (!roi.outline.empty()) add_planar_roi(tree, roi);
}

Concept edge_code(const ImageResult& result) {
    if (!was_analysed(result)) return codes::kNotAnalysed;
    const bool undecided = !answered(result, inference::Answer::undetermined).empty();
    return undecided ? codes::kUndecided : codes::kNoFinding;
}

/// A report without a group makes a viewer show a black picture: the answer stands at the edge of
/// the image (docs/decisions/0005-negative-study-report.md).
void add_edge(ContentTree& tree, const ReportedImage& image, Language language) {
    PlanarRoi roi = roi_of(image, "verdict", "image");
    roi.outline = edge_of(image);
    if (roi.outline.empty()) return;
    roi.tracking_identifier = cleaned(verdict_line(Answers{image}, language));
    roi.parameters = parameters_of(image.result, nullptr);
    roi.finding = edge_code(image.result);
    if (was_analysed(image.result)) {
        for (const Finding& finding : image.result.findings)
            roi.numbers.push_back(score_of(finding));
    }
    if (roi.numbers.empty()) roi.numbers = {{codes::kImagesNotAnalysed, 1, codes::kImages}};
    add_planar_roi(tree, roi);
}

/// Of each package that analysed the image; where none did, one that says so.
void add_edges(ContentTree& tree, const Answers& answers, Language language) {
    if (!is_answered(answers)) return add_edge(tree, answers.front(), language);
    for (const ReportedImage& image : answers) {
        if (was_analysed(image.result)) add_edge(tree, image, language);
    }
}

void add_measurements(ContentTree& tree, const StudyReport& report) {
    const bool some_present = std::ranges::any_of(
        report.images, [](const ReportedImage& image) { return !present(image.result).empty(); });
    const bool can_be_outlined = std::ranges::any_of(
        report.images, [](const ReportedImage& image) { return !edge_of(image).empty(); });
    if (!can_be_outlined) return;  // TID 1500 row 6: may be absent beside row 12
    tree.container(contains, codes::kImagingMeasurements, "", [&] {
        std::set<Uid> tracked;  // two images may have one UID: its edge is drawn once
        for (const Answers& answers : by_image(report.images)) {
            const bool first = tracked.insert(answers.source().sop_instance).second;
            if (!some_present && first) add_edges(tree, answers, report.language);
            for (const ReportedImage& image : answers) {
                for (const Finding* finding : present(image.result)) {
                    add_finding(tree, report, image, *finding);
                }
            }
        }
    });
}

void add_answers(ContentTree& tree, const ReportedImage& image) {
    const auto& model = image.result.model;
    for (const Finding& finding : image.result.findings) {
        tree.code(contains, finding.code, answer_code(finding), [&] {
            // Once an item: in the container itself, row 14 would claim every TEXT.
            if (model) add_algorithm_name(tree, *model);
            const auto number = [&](const Code& name, double value) {
                tree.number(has_properties, name, shown_score(value), codes::kZeroToOne);
            };
            number(score_code(finding), finding.score);
            // The same for a reader that does not know our codes.
            tree.number(has_properties, codes::kCertainty, certainty_percent(finding),
                        codes::kPercent);
            number(threshold_code(finding), finding.threshold);
            if (finding.undetermined_from) {
                number(undetermined_code(finding), *finding.undetermined_from);
            }
            tree.image(inferred_from, reference_of(image));
        });
    }
}

void add_warnings(ContentTree& tree, const ReportedImage& image, Language language) {
    for (const inference::Reason& warning : image.result.warnings) {
        tree.code(contains, codes::kWarning, warning.code, [&] {
            tree.text(has_properties, codes::kComment, text_of(warning, language));
            tree.image(inferred_from, reference_of(image));
        });
    }
}

void add_reason(ContentTree& tree, const ReportedImage& image, Language language) {
    const bool failed = image.result.verdict == inference::Verdict::failed;
    const Concept status = failed ? codes::kFailed : codes::kNotAttempted;
    tree.code(contains, codes::kSummaryOfAnalyses, status, [&] {
        if (image.result.model) add_algorithm_name(tree, *image.result.model);
        const auto& reason = image.result.reason;
        if (reason && !reason->code.value.empty()) {
            tree.code(has_properties, codes::kReason, reason->code);
        }
        const std::string text = reason ? text_of(*reason, language) : "";
        tree.text(has_properties, codes::kComment, text.empty() ? words(language).no_reason : text);
        tree.image(inferred_from, reference_of(image));
    });
}

/// A reader must know that a name was not read as its character set declares, and what the image
/// says that its results do not.
std::vector<std::string> notes_on_text(const StudyReport& report, const Words& say) {
    using enum OriginalText::Why;
    std::vector<std::string> notes;
    std::set<std::string> said;  // the images of a study mostly share their names
    const auto note = [&](std::string words) {
        if (said.insert(words).second) notes.push_back(std::move(words));
    };
    for (const ReportedImage& image : report.images) {
        const std::string names = names_of_originals(image.source, guessed);
        if (!names.empty()) note(fmt::format("{}: {}", names, say.text_guessed));
        for (const LeftOut& one : left_out(image.source)) {
            note(cleaned(fmt::format("{}: {}: {}", one.name,
                                     one.why == lost ? say.text_lost : say.text_illegal,
                                     one.as_sent)));
        }
    }
    return notes;
}

/// What the study holds beyond the images that this report lists.
std::vector<std::string> notes_on_study(const StudyReport& report, const Words& say) {
    std::vector<std::string> notes;
    if (report.has_other_patients) notes.emplace_back(say.other_patients);
    if (std::ranges::any_of(report.images, &ReportedImage::has_copies)) {
        notes.emplace_back(say.has_copies);
    }
    if (report.listed_elsewhere > 0) {
        notes.push_back(fmt::format("{}: {}", say.listed_elsewhere, report.listed_elsewhere));
    }
    for (const Unlisted& one : report.unlisted) {
        notes.push_back(cleaned(fmt::format("{}: {} ({})", say.unlisted, one.images, one.reason)));
    }
    return notes;
}

Concept purpose_code(inference::Purpose purpose) {
    switch (purpose) {
        case inference::Purpose::demonstration: return codes::kDemonstration;
        case inference::Purpose::research: return codes::kResearch;
        case inference::Purpose::clinical: return codes::kClinical;
    }
    __builtin_unreachable();
}

/// What each model is for, as a code and in its maker's words.
void add_purposes(ContentTree& tree, const StudyReport& report) {
    for (const inference::ModelIdentity& model : models_of(report.images)) {
        tree.code(contains, codes::kModelPurpose, purpose_code(model.purpose), [&] {
            add_algorithm_name(tree, model);
            const std::string use = cleaned(model.intended_use);
            if (!use.empty()) tree.text(has_properties, codes::kIntendedUse, use);
        });
    }
}

void add_evaluations(ContentTree& tree, const StudyReport& report) {
    tree.container(contains, codes::kQualitativeEvaluations, "", [&] {
        for (const std::string& note : notes_of(report)) {
            tree.text(contains, codes::kComment, note);
        }
        add_purposes(tree, report);
        add_priors(tree, report);
        for (const ReportedImage& image : report.images) {
            add_warnings(tree, image, report.language);
            if (was_analysed(image.result)) {
                add_answers(tree, image);
            } else {
                add_reason(tree, image, report.language);
            }
        }
    });
}

}  // namespace

std::vector<std::string> notes_of(const StudyReport& report) {
    const Words& say = words(report.language);
    std::vector<std::string> notes{say.assists};
    const auto purpose = purpose_line(report.images, report.language);
    if (!purpose.empty()) notes.emplace_back(purpose);
    for (auto& note : notes_on_study(report, say)) notes.push_back(std::move(note));
    for (auto& note : notes_on_text(report, say)) notes.push_back(std::move(note));
    for (const inference::ModelIdentity& model : models_of(report.images)) {
        notes.push_back(
            cleaned(fmt::format("{}: {} {} ({}), {} sha256 {}. {}: {}", say.model, model.name,
                                model.version, model.vendor, say.weights, model.sha256,
                                say.intended_use, intended_use_of(model, report.language))));
    }
    return notes;
}

void add_priors(ContentTree& tree, const StudyReport& report) {
    for (const Prior& prior : report.priors) {
        const std::string& date = prior.study_date;  // DA
        const std::string line =
            fmt::format("{} {}-{}-{}: {}", words(report.language).earlier_result, date.substr(0, 4),
                        date.substr(4, 2), date.substr(6), prior.words);
        tree.text(contains, codes::kPreviousFinding, cleaned(line), [&] {
            tree.composite(inferred_from, codes::kPriorReport,
                           {prior.sop_class, prior.sop_instance, {}});
        });
    }
}

/// The images' own, else those that were requested, else that it is imaging.
std::vector<Code> procedures_of(const std::vector<ReportedImage>& images) {
    for (const auto of : {&Source::procedures, &Source::requested_procedures}) {
        std::vector<Code> found;
        for (const ReportedImage& image : images) {
            for (const Code& code : image.source.*of) {
                if (std::ranges::find(found, code) == found.end()) found.push_back(code);
            }
        }
        if (!found.empty()) return found;
    }
    return {codes::kImagingProcedure};
}

void add_head(ContentTree& tree, const StudyReport& report) {
    add_language(tree, report.language);
    add_observer(tree, report);
    for (const Code& procedure : procedures_of(report.images)) {
        tree.code(has_concept_modifier, codes::kProcedureReported, procedure);
    }
}

void write_content(ContentTree& tree, const StudyReport& report) {
    add_head(tree, report);
    tree.container(contains, codes::kImageLibrary, "1600", [&] {
        tree.container(contains, codes::kImageLibraryGroup, "", [&] {
            std::set<Uid> listed;  // two images may have one UID: the library names it once
            for (const ReportedImage& image : report.images) {
                if (listed.insert(image.source.sop_instance).second) add_library_entry(tree, image);
            }
        });
    });
    add_measurements(tree, report);
    add_evaluations(tree, report);
}

}  // namespace bucky::dicom_sr
