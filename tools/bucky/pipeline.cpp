// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/pipeline.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <iterator>
#include <map>
#include <span>
#include <utility>

#include "conf/base/crash_point.h"
#include "conf/base/limits.h"
#include "conf/base/log.h"
#include "conf/base/metrics.h"
#include "conf/tenants.h"
#include "inference/examine.h"
#include "inference/findings_json.h"
#include "tools/bucky/priors.h"
#include "tools/bucky/worker.h"

namespace bucky {
namespace {

using inference::ImageResult;
using inference::Verdict;

constexpr std::string_view kInferLane = "infer";
constexpr std::string_view kReportLane = "report";

/// recover() returns what a dead process held, so a lease only guards against a thread that hangs:
/// longer than the slowest model on the slowest machine.
constexpr std::int64_t kLeaseMs = 30 * 60 * 1000;

/// About a day at the longest wait; then a person should know.
constexpr int kReportAttemptsMax = 300;

class Stopwatch {
public:
    double seconds() const {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
    }
    std::int64_t ms() const { return static_cast<std::int64_t>(seconds() * 1000); }

private:
    std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

/// A verdict without an analysis.
ImageResult unanalysed(Verdict verdict, inference::Reason reason, std::int64_t at_ms) {
    ImageResult result;
    result.verdict = verdict;
    result.reason = std::move(reason);
    result.started_at_ms = at_ms;
    return result;
}

/// What a reader of the report is told; the error's own words, which may name files of this
/// machine, stay in the journal.
std::string_view why_failed(Fault fault) {
    switch (fault) {
        case Fault::unavailable: return "the image or the device that analyses it did not answer";
        case Fault::exhausted: return "there was not enough memory or disk to analyse the image";
        case Fault::bad_input:
        case Fault::unsupported:
        case Fault::corrupt: return "the image could not be analysed";
        case Fault::bug: return "the analysis failed by a mistake of this software";
    }
    __builtin_unreachable();
}

ImageResult failed(std::string_view words, std::int64_t at_ms) {
    const inference::Code code{"FAILED", "99BUCKY", "Analysis failed"};
    return unanalysed(Verdict::failed, {"analysis.failed", code, std::string{words}}, at_ms);
}

ImageResult conflicting(const storage::Instance& instance) {
    const inference::Code code{"CONFLICTING", "99BUCKY", "Another image has the same UID"};
    return unanalysed(Verdict::not_analysed,
                      {"instance.conflicting", code,
                       "an image with the same SOP Instance UID and other content came earlier"},
                      instance.received_at_ms);
}

bool is_analysed(const ImageResult& result) {
    return result.verdict == Verdict::findings || result.verdict == Verdict::no_findings;
}

/// What tells an admin that scores have moved: a tube that ages, an import that is set differently,
/// other patients.
void count_answer(const storage::Instance& instance, const ImageResult& result,
                  const std::string& equipment) {
    if (!is_analysed(result)) return;
    for (const auto& finding : result.findings) {
        metrics::observe("bucky_finding_score_ratio", finding.score,
                         {{"model", result.model->name},
                          {"version", result.model->version},
                          {"finding", finding.key}});
    }
    const metrics::Labels whose{{"tenant", instance.tenant}, {"equipment", equipment}};
    metrics::count("bucky_analysed_images_total", whose);
    // Zero is told too: a rate needs its beginning.
    metrics::count("bucky_positive_images_total", whose, result.verdict == Verdict::findings);
}

/// Nothing for an image that could not be analysed because nobody can read its file.
std::optional<dicom_sr::Source> source_of(const std::filesystem::path& file,
                                          const ImageResult& result) {
    const bool is_deadly = result.reason && result.reason->key == "image.decoder_died";
    if (is_deadly) return std::nullopt;  // what killed a decoder is not opened in this process
    try {
        return dicom_sr::read_source(file);
    } catch (const Error&) {
        if (is_analysed(result)) throw;  // it was readable a moment ago
        return std::nullopt;
    }
}

/// An unreadable image is named in its study's report all the same, by what the database knows of
/// it and, for the patient, by another image of the study.
template <typename Known>  // storage::Instance or dicom_sr::Source
dicom_sr::Source stand_in(const Known& image, dicom_sr::Source sibling) {
    sibling.study = image.study;
    sibling.series = image.series;
    sibling.sop_class = image.sop_class;
    sibling.sop_instance = image.sop_instance;
    return sibling;
}

/// One study may have been sent to several tenants: each has a report of his own images.
std::map<std::string, std::vector<JudgedImage>> by_owner(const std::vector<JudgedImage>& images) {
    std::map<std::string, std::vector<JudgedImage>> parts;
    for (const auto& judged : images) parts[judged.owner].push_back(judged);
    return parts;
}

}  // namespace

std::string software_version() {
    return BUCKY_VERSION;
}

Desk::Desk(const conf::Settings& settings, const Clock& clock)
    : db(settings.database_file(), storage::Database::Mode::existing),
      received(settings.spool_dir()),
      results(settings.results_dir()),
      jobs(db, clock),
      studies(db, clock),
      journal(db, clock),
      outbox(db, results, clock),
      peer_classes(db, clock) {}

// --- An image was stored. What does the model say about it? -----------------------------------

InferWorker::InferWorker(const conf::Settings& settings, const ShelfStand& shelves,
                         const Clock& clock, Wakeup& work, inference::Decoder& decoder)
    : settings_(settings),
      shelves_(shelves),
      clock_(clock),
      work_(work),
      decoder_(decoder),
      desk_(settings, clock) {}

void InferWorker::run(std::stop_token stop) {
    work_until(
        stop, clock_, work_, [this] { return work_once(); },
        [this] {  // with no model to answer, what is due waits for the next look
            const bool answers = shelves_.now()->answers();
            return answers ? desk_.jobs.next_due_ms(kInferLane) : std::nullopt;
        });
}

bool InferWorker::work_once() {
    give_back_unsettled(desk_.jobs, clock_, unsettled_);
    shelf_ = shelves_.now();
    if (!shelf_->answers())
        return false;  // an image's tries are not spent on a device that is gone
    unsettled_ = desk_.jobs.claim(kInferLane, kLeaseMs);
    if (!unsettled_) return false;
    crash_point("infer.after_claim");
    take_up(*unsettled_);
    unsettled_.reset();
    shelf_.reset();  // a shelf that was exchanged goes with its last image
    return true;
}

void InferWorker::take_up(const storage::Job& job) {
    std::int64_t id = 0;
    std::from_chars(job.subject.data(), job.subject.data() + job.subject.size(), id);
    const auto instance = desk_.studies.instance(id);
    if (!instance) {
        desk_.jobs.park(job, "the image is no longer in the database");
        return;
    }
    const auto result = look_at(job, *instance);
    if (!result) return;
    record(job, *instance, *result);
    if (job.model.empty()) note_shadows(*instance);
}

/// A tenant's images are looked at by its models alone, and a person may have asked for one.
inference::Among InferWorker::models_for(const storage::Instance& instance,
                                         const std::string& asked_for) const {
    const auto* tenant = conf::tenant_of(settings_, instance.owner);
    return {tenant == nullptr ? std::vector<std::filesystem::path>{} : tenant->models, asked_for};
}

/// Shadows speak after the verdict, so that nobody waits for them; what goes wrong with one is an
/// entry in the journal and nothing more.
void InferWorker::note_shadows(const storage::Instance& instance) {
    const auto sop = instance.sop_instance.str();
    const auto note = [&](std::string_view words) {
        desk_.journal.write(instance.study.str(), sop, "image.shadow", words);
    };
    try {
        const auto file = desk_.received.absolute(instance.file);
        for (const auto& result : examine_by_shadows(file, *shelf_, clock_.now_ms(), decoder_,
                                                     models_for(instance, ""))) {
            const auto verdict = std::string{inference::name_of(result.verdict)};
            std::vector<std::string> scores;
            for (const auto& finding : result.findings) {
                scores.push_back(fmt::format("{} {:.4f}", finding.key, finding.score));
            }
            if (result.reason) scores.push_back(result.reason->text);
            note(fmt::format("{} {}: {}: {}", result.model->name, result.model->version, verdict,
                             fmt::join(scores, ", ")));
            metrics::count("bucky_shadow_images_total",
                           {{"model", result.model->name}, {"verdict", verdict}});
        }
    } catch (const std::exception& error) {
        note(error.what());
    }
}

/// A verdict, or nothing when a later try may bring one.
std::optional<ImageResult> InferWorker::look_at(const storage::Job& job,
                                                const storage::Instance& instance) {
    const auto now_ms = clock_.now_ms();
    equipment_.clear();
    if (ends_the_process(job)) {
        return failed(fmt::format("the analysis ended the process {} times", kDeathsMax), now_ms);
    }
    try {
        return inference::examine(desk_.received.absolute(instance.file), *shelf_, now_ms, decoder_,
                                  models_for(instance, job.model), &equipment_);
    } catch (const std::exception& error) {
        const auto fault = fault_of(error);
        log::event(log::Level::warning, "image.trouble",
                   {{"sop", instance.sop_instance.str()}, {"words", error.what()}});
        if (may_pass(fault) && job.attempt < settings_.inference.attempts) {
            desk_.jobs.retry_later(job, next_try_ms(clock_, job.attempt), error.what());
            return std::nullopt;
        }
        desk_.journal.write(job.study, instance.sop_instance.str(), "image.failed", error.what());
        return failed(why_failed(fault), now_ms);
    }
}

void InferWorker::record(const storage::Job& job, const storage::Instance& instance,
                         const ImageResult& result) {
    const auto verdict = inference::name_of(result.verdict);
    if (!desk_.studies.record_verdict(job, verdict, inference::to_json(result))) return;

    const auto took_ms = clock_.now_ms() - result.started_at_ms;
    metrics::count("bucky_images_total", {{"verdict", std::string{verdict}}});
    metrics::observe("bucky_stage_seconds", static_cast<double>(took_ms) / 1000,
                     {{"stage", "examine"}});
    // An image that a person sends through again has waited since then.
    const auto waited_ms = clock_.now_ms() - job.submitted_at_ms;
    metrics::observe("bucky_last_byte_to_verdict_seconds", static_cast<double>(waited_ms) / 1000);
    count_answer(instance, result, equipment_);
    log::event("image.verdict",
               {{"sop", instance.sop_instance.str()},
                {"study", instance.study.str()},
                {"verdict", verdict},
                {"reason", result.reason ? result.reason->key : "-"},
                {"warnings", result.warnings.size()},
                {"model", result.model ? result.model->name + ' ' + result.model->version : "-"},
                {"took_ms", took_ms}});
    work_.ring();  // its study may be complete now
}

// --- A study is complete. What leaves for the PACS? -------------------------------------------

ReportWorker::ReportWorker(const conf::Settings& settings, const Clock& clock, Wakeup& work,
                           inference::Decoder& decoder)
    : settings_(settings), clock_(clock), work_(work), decoder_(decoder), desk_(settings, clock) {}

void ReportWorker::run(std::stop_token stop) {
    work_until(
        stop, clock_, work_, [this] { return work_once(); },
        [this] {
            const auto study_ms = desk_.studies.next_due_ms();
            const auto job_ms = desk_.jobs.next_due_ms(kReportLane);
            return study_ms && job_ms ? std::min(study_ms, job_ms) : study_ms ? study_ms : job_ms;
        });
}

bool ReportWorker::work_once() {
    desk_.studies.make_due_reports();
    give_back_unsettled(desk_.jobs, clock_, unsettled_);
    unsettled_ = desk_.jobs.claim(kReportLane, kLeaseMs);
    if (!unsettled_) return false;
    crash_point("report.after_claim");
    take_up(*unsettled_);
    unsettled_.reset();
    return true;
}

void ReportWorker::take_up(const storage::Job& job) {
    if (ends_the_process(job)) {
        const auto words = fmt::format("making the report ended the process {} times", kDeathsMax);
        desk_.jobs.park(job, words);
        return;
    }
    try {
        const Stopwatch watch;
        const auto images = images_of(job.study);
        const auto objects = objects_of(job, images);
        if (!put(job, objects, patient_digest(images.front().image.source))) return;
        metrics::observe("bucky_stage_seconds", watch.seconds(), {{"stage", "report"}});
        log::event("report.made",
                   {{"study", job.study},
                    {"sop", objects.empty() ? "-" : objects.front().object.sop_instance.str()},
                    {"images", images.size()},
                    {"objects", objects.size()},
                    {"took_ms", watch.ms()}});
    } catch (const std::exception& error) {
        log::event(log::Level::error, "report.trouble",
                   {{"study", job.study}, {"words", error.what()}});
        if (may_pass(fault_of(error)) && job.attempt < kReportAttemptsMax) {
            desk_.jobs.retry_later(job, next_try_ms(clock_, job.attempt), error.what());
        } else {
            desk_.jobs.park(job, error.what());
        }
    }
}

/// Every image of the study that has its verdict; one that is still looked at came after the study
/// was complete, and a superseding report will have it.
std::vector<JudgedImage> ReportWorker::images_of(const std::string& study) {
    std::vector<JudgedImage> images, unreadable;
    for (const auto& instance : desk_.studies.instances(study)) {
        if (instance.verdict.empty() && !instance.conflicting) continue;
        if (images.size() + unreadable.size() == limits::kReportImagesMax) {
            log::event(log::Level::warning, "report.cut",
                       {{"study", study}, {"images_max", limits::kReportImagesMax}});
            break;
        }
        const auto file = desk_.received.absolute(instance.file);
        const auto result = instance.conflicting ? conflicting(instance)
                                                 : inference::from_json(instance.result_json);
        const auto source = source_of(file, result);
        (source ? images : unreadable)
            .push_back({{source ? *source : stand_in(instance, {}), result}, file, instance.owner});
    }
    for (auto& judged : unreadable) {
        const auto sibling = std::ranges::find(images, judged.owner, &JudgedImage::owner);
        if (sibling == images.end()) continue;
        judged.image.source = stand_in(judged.image.source, sibling->image.source);
    }
    std::move(unreadable.begin(), unreadable.end(), std::back_inserter(images));
    if (images.empty()) throw Error(Fault::bug, "a report is due for a study without verdicts");
    return images;
}

std::vector<Ordered> ReportWorker::objects_of(const storage::Job& job,
                                              const std::vector<JudgedImage>& images) {
    Wanted common;
    common.report.node_name = settings_.node.ae_title.str();
    common.report.software_version = software_version();
    common.longer_side_px = static_cast<std::uint32_t>(settings_.overlay.longer_side_px);
    common.marking = dicom_sr::marking_of(settings_.overlay.style);
    const auto earlier_in = [&](const char* kind, const std::string& rendering) {
        Earlier earlier{desk_.studies.last_report(job.study, rendering, kind), {}};
        if (kind == std::string_view{dicom_sr::kind::kReport}) {
            const auto& source = images.front().image.source;
            earlier.priors = priors_of(desk_.studies, desk_.outbox, source, rendering);
        }
        return earlier;
    };
    std::vector<Ordered> all;
    for (const auto& [owner, his] : by_owner(images)) {
        if (!owner.empty() && conf::tenant_of(settings_, owner) == nullptr) {
            log::event(log::Level::warning, "report.tenant_gone",
                       {{"study", job.study},
                        {"tenant", owner},
                        {"words", "no [[tenant]] has this title any more; results stay here"}});
        }
        auto made = fill(orders_of(settings_, desk_.peer_classes, owner), his, common, earlier_in,
                         decoder_);
        std::move(made.begin(), made.end(), std::back_inserter(all));
    }
    return all;
}

bool ReportWorker::put(const storage::Job& job, const std::vector<Ordered>& objects,
                       const std::string& patient) {
    std::vector<storage::NewResult> results;
    for (const auto& [object, rendering, destinations] : objects) {
        results.push_back({object.sop_instance, object.sop_class, object.transfer_syntax,
                           object.kind, object.part10, rendering, destinations});
    }
    const bool is_ours = desk_.outbox.put(job, results, {}, patient);
    if (is_ours) work_.ring();  // couriers have something to carry
    return is_ours;
}

}  // namespace bucky
