// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/pipeline/report_worker.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <map>
#include <thread>
#include <utility>

#include "conf/base/limits.h"
#include "conf/observe/log.h"
#include "conf/observe/metrics.h"
#include "conf/run/crash_point.h"
#include "conf/tenants.h"
#include "dicom_sr/common/modules.h"
#include "inference/findings_json.h"
#include "tools/bucky/pipeline/priors.h"
#include "tools/bucky/pipeline/worker.h"

namespace bucky {
namespace {

using inference::ImageResult;
using inference::Verdict;

constexpr std::string_view kLane = "report";

/// More only wait for each other: for the disk, and for the one writer of the database.
constexpr std::size_t kReportersMax = 16;

class Stopwatch {
public:
    double seconds() const {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
    }
    std::int64_t ms() const { return static_cast<std::int64_t>(seconds() * 1000); }

private:
    std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

ImageResult conflicting(const storage::Instance& instance) {
    const inference::Code code{"CONFLICTING", "99BUCKY", "Another image has the same UID"};
    ImageResult result;
    result.verdict = Verdict::not_analysed;
    result.reason =
        inference::Reason{"instance.conflicting", code,
                          "an image with the same SOP Instance UID and other content came earlier"};
    result.started_at_ms = instance.received_at_ms;
    return result;
}

/// Nothing for an image that could not be analysed because nobody can read its file.
std::optional<dicom_sr::Source> source_of(const std::filesystem::path& file,
                                          const ImageResult& result, const ReadSource& read) {
    const bool is_deadly = result.reason && result.reason->key == "image.decoder_died";
    if (is_deadly) return std::nullopt;  // it would only die again
    try {
        return read(file);
    } catch (const Error& error) {
        if (dicom_sr::was_analysed(result)) throw;  // it was readable a moment ago
        const bool is_machine = blame_of(error) == storage::Blame::machine;
        if (may_pass(error.fault()) && is_machine) throw;
        return std::nullopt;
    }
}

/// An unreadable image is named in its study's report all the same, by what the database knows of
/// it and, for the patient, by another image of the study.
dicom_sr::Source stand_in(const dicom_sr::Source& image, dicom_sr::Source sibling) {
    sibling.study = image.study;
    sibling.series = image.series;
    sibling.sop_class = image.sop_class;
    sibling.sop_instance = image.sop_instance;
    return sibling;
}

dicom_sr::Source source_known_of(const storage::Instance& image) {
    dicom_sr::Source source;
    source.study = image.study.uid;
    source.series = image.series;
    source.sop_class = image.sop_class;
    source.sop_instance = image.sop_instance;
    return source;
}

}  // namespace

std::size_t reporters_for(const conf::Settings& settings) {
    if (settings.study.reporters > 0) return static_cast<std::size_t>(settings.study.reporters);
    return std::clamp<std::size_t>(std::thread::hardware_concurrency() / 2, 2, kReportersMax);
}

ReportWorker::ReportWorker(const conf::Settings& settings, const Clock& clock, Wakeup& work,
                           ReportShared& shared, inference::Decoder& decoder,
                           ReadSource read_source)
    : settings_(settings),
      clock_(clock),
      work_(work),
      shared_(shared),
      decoder_(decoder),
      read_source_(std::move(read_source)),
      context_(settings, clock) {}

void ReportWorker::run(std::stop_token stop) {
    work_until(
        stop, clock_, work_, [this] { return work_once(); },
        [this] {
            const auto study_ms = context_.studies.next_due_ms();
            const auto job_ms = context_.jobs.next_due_ms(kLane);
            return study_ms && job_ms ? std::min(study_ms, job_ms) : study_ms ? study_ms : job_ms;
        });
}

bool ReportWorker::work_once() {
    context_.studies.make_due_reports();
    give_back_unsettled(context_.jobs, clock_, unsettled_);
    auto turn = shared_.turns.begin([this] { unsettled_ = context_.jobs.claim(kLane, kLeaseMs); });
    if (!unsettled_) return false;
    crash_point("report.after_claim");
    take_up(*unsettled_, turn);
    unsettled_.reset();
    return true;
}

void ReportWorker::take_up(const storage::Job& job, PatientTurns::Turn& turn) {
    if (ends_the_process(job)) {
        const auto words = fmt::format("making the report ended the process {} times", kDeathsMax);
        context_.jobs.park(job, words);
        return;
    }
    try {
        report(job, turn);
    } catch (const std::exception& error) {
        log::event(log::Level::error, "report.trouble",
                   {{"study", job.study}, {"words", error.what()}});
        const bool in_time = job.attempt - job.deaths < tries_within(settings_.study.give_up_hours);
        if (may_pass(fault_of(error)) && in_time) {
            context_.jobs.retry_later(job, next_try_ms(clock_, job.attempt), error.what());
        } else {
            context_.jobs.park(job, error.what());
        }
    }
}

void ReportWorker::report(const storage::Job& job, PatientTurns::Turn& turn) {
    const Stopwatch watch;
    const auto images = images_of(job.study);
    const auto& source = images.front().image.source;
    const auto patient = patient_digest(source);
    turn.wait_as(patient);
    const auto parts = parts_of(job, images);
    std::uint64_t bytes = 0;
    for (const auto& [his, plans] : parts) bytes += bytes_to_make(plans, his, common());
    const auto shared = shared_.memory.take(bytes);
    const auto objects = objects_of(job, parts, source);
    if (!put(job, objects, patient)) return;
    metrics::observe("bucky_stage_seconds", watch.seconds(), {{"stage", "report"}});
    log::event("report.made",
               {{"study", job.study},
                {"sop", objects.empty() ? "-" : objects.front().object.sop_instance.str()},
                {"images", images.size()},
                {"objects", objects.size()},
                {"took_ms", watch.ms()}});
}

/// Every image of the study that has its verdict; one that is still looked at came after the study
/// was complete, and a superseding report will have it.
std::vector<JudgedImage> ReportWorker::images_of(const std::string& study) {
    std::vector<JudgedImage> images, unreadable;
    for (const auto& instance : context_.studies.instances(study)) {
        if (instance.verdict.empty() && !instance.conflicting) continue;
        if (images.size() + unreadable.size() == limits::kReportImagesMax) {
            log::event(log::Level::warning, "report.cut",
                       {{"study", study}, {"images_max", limits::kReportImagesMax}});
            break;
        }
        const auto file = context_.received.absolute(instance.file);
        const auto result = instance.conflicting ? conflicting(instance)
                                                 : inference::from_json(instance.result_json);
        const auto source = source_of(file, result, read_source_);
        (source ? images : unreadable)
            .push_back(
                {{source ? *source : source_known_of(instance), result}, file, instance.owner});
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

/// Each owner has a report of its own images. Only a study from before studies had an owner holds
/// images of several.
std::vector<ReportWorker::Part> ReportWorker::parts_of(const storage::Job& job,
                                                       const std::vector<JudgedImage>& images) {
    std::map<std::string, Part> by_owner;
    for (const auto& judged : images) by_owner[judged.owner].images.push_back(judged);
    std::vector<Part> parts;
    for (auto& [owner, part] : by_owner) {
        if (!owner.empty() && conf::tenant_of(settings_, owner) == nullptr) {
            log::event(log::Level::warning, "report.tenant_gone",
                       {{"study", job.study},
                        {"tenant", owner},
                        {"words", "no [[tenant]] has this title any more; results stay here"}});
        }
        part.plans = delivery_plans_of(settings_, context_.peer_classes, owner);
        parts.push_back(std::move(part));
    }
    return parts;
}

Requested ReportWorker::common() const {
    Requested requested;
    requested.report.node_name = settings_.node.ae_title.str();
    requested.report.software_version = BUCKY_VERSION;
    requested.longer_side_px = static_cast<std::uint32_t>(settings_.overlay.longer_side_px);
    requested.marking = dicom_sr::marking_of(settings_.overlay.style);
    return requested;
}

std::vector<Planned> ReportWorker::objects_of(const storage::Job& job,
                                              const std::vector<Part>& parts,
                                              const dicom_sr::Source& source) {
    const auto earlier_in = [&](const char* kind, const std::string& rendering) {
        Earlier earlier{context_.studies.last_report(job.study, rendering, kind), {}};
        if (kind == std::string_view{dicom_sr::kind::kReport}) {
            earlier.priors =
                priors_of(context_.studies, context_.outbox, job.study, source, rendering);
        }
        return earlier;
    };
    std::vector<Planned> all;
    for (const auto& [his, plans] : parts) {
        auto made = make_planned(plans, his, common(), earlier_in, decoder_);
        std::move(made.begin(), made.end(), std::back_inserter(all));
    }
    return all;
}

bool ReportWorker::put(const storage::Job& job, const std::vector<Planned>& objects,
                       const std::string& patient) {
    std::vector<storage::NewResult> results;
    for (const auto& [object, rendering, destinations] : objects) {
        results.push_back({object.sop_instance, object.sop_class, object.transfer_syntax,
                           object.kind, object.part10, rendering, destinations});
    }
    const bool is_ours = context_.outbox.put(job, results, {}, patient);
    if (is_ours) work_.ring();  // couriers have something to carry
    return is_ours;
}

}  // namespace bucky
