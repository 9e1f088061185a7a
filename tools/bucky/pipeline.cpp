// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/pipeline.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <new>
#include <random>
#include <span>
#include <utility>

#include <fmt/ranges.h>

#include "conf/base/crash_point.h"
#include "conf/base/limits.h"
#include "conf/base/log.h"
#include "conf/base/metrics.h"
#include "dicom_sr/measurement_report.h"
#include "dicom_sr/overlay.h"
#include "dicom_sr/verify.h"
#include "inference/display.h"
#include "inference/examine.h"
#include "inference/findings_json.h"

namespace bucky {
namespace {

using namespace std::chrono_literals;
using inference::ImageResult;
using inference::Verdict;

constexpr std::string_view kInferLane = "infer";
constexpr std::string_view kReportLane = "report";

/// A lease only matters when a worker dies and its process lives on, which no test has seen yet: it
/// may be long, and must be longer than the slowest model on the slowest machine.
constexpr std::int64_t kLeaseMs = 30 * 60 * 1000;

/// An image in whose analysis the process died so often is not tried again: a decoder that crashes
/// on it would otherwise keep the node from all other work for ever.
constexpr int kDeathsMax = 3;

constexpr std::int64_t kRetryFirstMs = 1000;
constexpr std::int64_t kRetryCapMs = 5 * 60 * 1000;
constexpr int kReportAttemptsMax = 300;  // about a day; then a person should know
constexpr auto kPollPeriod = 5s;
constexpr auto kRestAfterTrouble = 1s;

/// A picture has up to 13 MB in memory until the report is put; a chest study has one to four
/// images, and a series of hundreds is reported without pictures beyond these.
constexpr std::size_t kPicturesMax = 32;

/// The job runner's edge (STYLE, Errors): can a later try mend it?
constexpr bool may_pass(Fault fault) {
    switch (fault) {
        case Fault::unavailable:
        case Fault::exhausted: return true;
        case Fault::bad_input:
        case Fault::unsupported:
        case Fault::corrupt:
        case Fault::bug: return false;
    }
    __builtin_unreachable();
}

std::int64_t next_try_ms(const Clock& clock, int attempt) {
    thread_local std::minstd_rand random{std::random_device{}()};
    const double dice = std::uniform_real_distribution<double>{0, 1}(random);
    return clock.now_ms() + storage::back_off_ms(attempt, kRetryFirstMs, kRetryCapMs, dice);
}

Fault fault_of(const std::exception& error) {
    if (const auto* ours = dynamic_cast<const Error*>(&error)) return ours->fault();
    return dynamic_cast<const std::bad_alloc*>(&error) != nullptr ? Fault::exhausted : Fault::bug;
}

/// Claimed again and again, and the last attempt did not end in an error: its process ended.
bool ends_the_process(const storage::Job& job) {
    constexpr std::string_view kWordsOfRecover = "the node ended while this ran";
    return job.attempt > kDeathsMax && job.last_error == kWordsOfRecover;
}

/// What a worker does from start to stop: work while there is some, then wait for a ring, for the
/// next due time, or for a poll period. Trouble that is nobody's job (the database, the disk) is
/// logged and waited out.
template <typename Once, typename NextDue>
void work_until(std::stop_token stop, const Clock& clock, Wakeup& work, Once once,
                NextDue next_due) {
    while (!stop.stop_requested()) {
        const auto seen = work.rings();
        try {
            if (once()) continue;
            const auto due_ms = next_due().value_or(clock.now_ms() + 1h / 1ms) - clock.now_ms();
            const std::chrono::milliseconds wait{std::max<std::int64_t>(due_ms, 1)};
            work.wait_beyond(seen, stop, std::min<std::chrono::milliseconds>(wait, kPollPeriod));
        } catch (const std::exception& error) {
            log::event(log::Level::error, "worker.trouble", {{"words", error.what()}});
            Wakeup{}.wait_beyond(0, stop, kRestAfterTrouble);
        }
    }
}

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

/// An image that could not be analysed because nobody can read its file must be named in its
/// study's report all the same.
dicom_sr::Source source_of(const storage::Instance& instance, const ImageResult& result,
                           const std::filesystem::path& file, const dicom_sr::Source* sibling) {
    try {
        return dicom_sr::read_source(file);
    } catch (const Error&) {
        if (is_analysed(result)) throw;  // it was readable a moment ago
    }
    auto source = sibling != nullptr ? *sibling : dicom_sr::Source{};
    source.study = instance.study;
    source.series = instance.series;
    source.sop_class = instance.sop_class;
    source.sop_instance = instance.sop_instance;
    return source;
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
      outbox(db, results, clock) {}

// --- An image was stored. What does the model say about it? -----------------------------------

InferWorker::InferWorker(const conf::Settings& settings, const inference::Shelf& shelf,
                         const Clock& clock, Wakeup& work)
    : settings_(settings), shelf_(shelf), clock_(clock), work_(work), desk_(settings, clock) {}

void InferWorker::run(std::stop_token stop) {
    work_until(
        stop, clock_, work_, [this] { return work_once(); },
        [this] { return desk_.jobs.next_due_ms(kInferLane); });
}

bool InferWorker::work_once() {
    const auto job = desk_.jobs.claim(kInferLane, kLeaseMs);
    if (!job) return false;
    crash_point("infer.after_claim");
    take_up(*job);
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
    if (const auto result = look_at(job, *instance)) record(job, *instance, *result);
}

/// A verdict, or nothing when a later try may bring one.
std::optional<ImageResult> InferWorker::look_at(const storage::Job& job,
                                                const storage::Instance& instance) {
    const auto now_ms = clock_.now_ms();
    if (ends_the_process(job)) {
        return failed(fmt::format("the analysis ended the process {} times", kDeathsMax), now_ms);
    }
    try {
        return inference::examine(desk_.received.absolute(instance.file), shelf_, now_ms);
    } catch (const std::exception& error) {
        if (!may_pass(fault_of(error)) || job.attempt >= settings_.inference.attempts) {
            return failed(error.what(), now_ms);
        }
        log::event(log::Level::warning, "image.retry",
                   {{"sop", instance.sop_instance.str()}, {"words", error.what()}});
        desk_.jobs.retry_later(job, next_try_ms(clock_, job.attempt), error.what());
        return std::nullopt;
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
    log::event("image.verdict",
               {{"sop", instance.sop_instance.str()},
                {"study", instance.study.str()},
                {"verdict", verdict},
                {"reason", result.reason ? result.reason->key : "-"},
                {"model", result.model ? result.model->name + ' ' + result.model->version : "-"},
                {"took_ms", took_ms}});
    work_.ring();  // its study may be complete now
}

// --- A study is complete. What leaves for the PACS? -------------------------------------------

struct ReportWorker::Reported {
    dicom_sr::ReportedImage image;
    std::filesystem::path file;
};

ReportWorker::ReportWorker(const conf::Settings& settings, const Clock& clock, Wakeup& work)
    : settings_(settings), clock_(clock), work_(work), desk_(settings, clock) {}

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
    const auto job = desk_.jobs.claim(kReportLane, kLeaseMs);
    if (!job) return false;
    crash_point("report.after_claim");
    take_up(*job);
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
        if (!put(job, objects)) return;
        metrics::observe("bucky_stage_seconds", watch.seconds(), {{"stage", "report"}});
        log::event("report.made", {{"study", job.study},
                                   {"sop", objects.front().sop_instance.str()},
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
std::vector<ReportWorker::Reported> ReportWorker::images_of(const std::string& study) {
    std::vector<Reported> images;
    for (const auto& instance : desk_.studies.instances(study)) {
        if (instance.verdict.empty() && !instance.conflicting) continue;
        if (images.size() == limits::kReportImagesMax) {
            log::event(log::Level::warning, "report.cut",
                       {{"study", study}, {"images_max", limits::kReportImagesMax}});
            break;
        }
        const auto file = desk_.received.absolute(instance.file);
        const auto result = instance.conflicting ? conflicting(instance)
                                                 : inference::from_json(instance.result_json);
        const auto* sibling = images.empty() ? nullptr : &images.front().image.source;
        images.push_back({{source_of(instance, result, file, sibling), result}, file});
    }
    if (images.empty()) throw Error(Fault::bug, "a report is due for a study without verdicts");
    return images;
}

/// The report first, then a picture of each analysed image; each read back before it may leave.
std::vector<dicom_sr::Object> ReportWorker::objects_of(const storage::Job& job,
                                                       const std::vector<Reported>& images) {
    dicom_sr::StudyReport report;
    report.language = settings_.node.language;
    report.node_name = settings_.node.ae_title.str();
    report.software_version = software_version();
    report.content_at_ms = images.front().image.result.started_at_ms;
    for (const auto& [image, file] : images) {
        report.content_at_ms = std::min(report.content_at_ms, image.result.started_at_ms);
        report.images.push_back(image);
    }
    const auto last = desk_.studies.last_report(job.study);
    if (last && *last != dicom_sr::report_uid(report.images)) report.predecessor = last;

    std::vector<dicom_sr::Object> objects{dicom_sr::measurement_report(report)};
    std::vector<std::string> complaints =
        dicom_sr::verify(objects.front(), report.images.front().source);

    const dicom_sr::OverlayStyle style{settings_.node.language,
                                       static_cast<std::uint32_t>(settings_.overlay.longer_side_px),
                                       software_version()};
    for (const auto& reported : images) {
        const bool wanted = settings_.overlay.enabled && is_analysed(reported.image.result);
        if (!wanted || objects.size() > kPicturesMax) continue;
        const auto grey = inference::render_for_display(reported.file);
        const auto drawing =
            dicom_sr::draw_overlay(reported.image, {grey.rows, grey.columns, grey.pixels}, style);
        objects.push_back(dicom_sr::secondary_capture(reported.image, drawing, style));
        const auto more = dicom_sr::verify(objects.back(), reported.image.source);
        complaints.insert(complaints.end(), more.begin(), more.end());
    }
    if (!complaints.empty()) {
        throw Error(Fault::corrupt, "not fit to leave: {}", fmt::join(complaints, "; "));
    }
    return objects;
}

bool ReportWorker::put(const storage::Job& job, const std::vector<dicom_sr::Object>& objects) {
    std::vector<storage::NewResult> results;
    for (const auto& object : objects) {
        results.push_back({object.sop_instance, object.sop_class, object.transfer_syntax,
                           object.kind, object.part10});
    }
    std::vector<std::string> destinations;
    for (const auto& destination : settings_.destinations) destinations.push_back(destination.name);
    const bool is_ours = desk_.outbox.put(job, results, destinations);
    if (is_ours) work_.ring();  // couriers have something to carry
    return is_ours;
}

}  // namespace bucky
