// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/pipeline/report_worker.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
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
#include "dicom_sr/common/originals.h"
#include "dicom_sr/report/measurement_report.h"
#include "dicom_sr/verify.h"
#include "inference/findings_json.h"
#include "inference/package/precedence.h"
#include "tools/bucky/pipeline/filed_results.h"
#include "tools/bucky/pipeline/patients.h"
#include "tools/bucky/pipeline/priors.h"
#include "tools/bucky/pipeline/worker.h"
#include "tools/bucky/shared/table.h"

namespace bucky {
namespace {

using inference::ImageResult;
using inference::Verdict;

constexpr std::int64_t kSecondMs = 1000;
constexpr std::int64_t kClockMovesMs = 2000;  ///< by NTP, little by little

/// More workers only wait for each other: for the disk, and for the one writer of the database.
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

/// Nullopt for an image that was not analysed because its file cannot be read.
std::optional<dicom_sr::Source> source_of(const std::filesystem::path& file,
                                          const ImageResult& result, const Films& films,
                                          const ReadSource& read) {
    if (auto kept = films.source(file)) return kept;
    const bool is_deadly = result.reason && result.reason->key == "image.decoder_died";
    if (is_deadly) return std::nullopt;  // the decoder would only die again
    try {
        return read(file);
    } catch (const Error& error) {  // the file of a failed image may stay unreadable
        if (dicom_sr::was_analysed(result)) throw;  // it was readable a moment ago
        const bool is_machine = blame_of(error) == storage::Blame::machine;
        if (may_pass(error.fault()) && is_machine) throw;
        return std::nullopt;
    }
}

/// The attributes that the database has of an image whose file cannot be read.
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
            const auto job_ms = context_.jobs.next_due_ms(storage::Lane::report());
            return study_ms && job_ms ? std::min(study_ms, job_ms) : study_ms ? study_ms : job_ms;
        });
}

bool ReportWorker::work_once() {
    context_.studies.make_due_reports(settings_.study.quiet_s * kSecondMs + kClockMovesMs);
    give_back_unsettled(context_.jobs, clock_, unsettled_);
    auto turn = shared_.turns.begin(
        [this] { unsettled_ = context_.jobs.claim(storage::Lane::report(), kLeaseMs); });
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
    } catch (const std::exception& error) {  // the job runner: retry or park
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
    const auto study = study_of(job);
    std::uint64_t bytes = 0;
    for (const auto& part : study.parts) {
        turn.wait_as(part.patient);
        bytes = std::max(bytes, bytes_to_make(part.plans, part.images, common()));
    }
    const auto shared = shared_.memory.take(bytes);
    storage::Outbox::Batch batch(context_.outbox);
    withdraw(job, study, batch);
    make(job, study, batch);
    if (study.patients > 1) tell_of_patients(job, study);
    tell_of_identity(job, study);
    if (!context_.outbox.put(job, batch, {}, static_cast<std::int64_t>(study.patients))) return;
    work_.ring();  // for the couriers
    for (const auto& part : study.parts) {
        for (const auto& judged : part.images) shared_.films.forget(judged.file);
    }
    metrics::observe("bucky_stage_seconds", watch.seconds(), {{"stage", "report"}});
    log::event("report.made", {{"study", job.study},
                               {"sop", batch.empty() ? "-" : batch.first().str()},
                               {"images", study.images},
                               {"patients", study.patients},
                               {"objects", batch.size()},
                               {"took_ms", watch.ms()}});
}

/// Every image of the study with a verdict, by owner and patient. An image still in analysis came
/// after the study was complete, and a superseding report will have it. Copies that conflict with
/// another image are mentioned in its report only.
std::vector<ReportWorker::Part> ReportWorker::parts_of(const storage::Job& job, bool& is_whole) {
    struct Images {
        std::vector<JudgedImage> readable, unreadable;
    };
    std::map<std::string, Images> by_owner;
    bool has_any = false;
    for (const auto& instance : context_.studies.instances(job.study)) {
        has_any |= instance.conflicting || instance.replaced;
        if (instance.conflicting || instance.replaced) continue;
        is_whole &= !instance.verdict.empty();
        if (instance.verdict.empty()) continue;
        const auto file = context_.received.absolute(instance.file);
        const auto answers =
            inference::standing_answers(inference::from_json(instance.result_json));
        const auto source = source_of(file, answers.front(), shared_.films, read_source_);
        is_whole &= source.has_value();
        auto& images = by_owner[instance.owner];
        for (const auto& answer : answers) {
            dicom_sr::ReportedImage image{source ? *source : source_known_of(instance), answer};
            image.has_copies = instance.has_copies;
            image.is_one_of_several = answers.size() > 1;
            image.revision = instance.revision;
            (source ? images.readable : images.unreadable)
                .push_back({std::move(image), file, instance.owner});
        }
    }
    if (by_owner.empty() && !has_any) {
        throw Error(Fault::bug, "a report is due for a study without verdicts");
    }
    std::vector<Part> parts;
    for (auto& [owner, images] : by_owner) {
        for (auto& one : by_patient(std::move(images.readable), std::move(images.unreadable))) {
            Part part;
            part.filed_under = one.filed_under;
            part.owner = owner;
            part.patient = patient_digest(one.images.front().image.source);
            part.images = std::move(one.images);
            parts.push_back(std::move(part));
        }
    }
    return parts;
}

/// Each owner has a report of its own images. Only a study from before studies had owners holds
/// images of several.
ReportWorker::Study ReportWorker::study_of(const storage::Job& job) {
    Study study;
    study.parts = parts_of(job, study.is_whole);
    std::vector<OnePatient> patients;
    for (auto& part : study.parts) {
        const bool is_new =
            std::ranges::count(patients, part.filed_under, &OnePatient::filed_under) == 0;
        if (is_new) patients.push_back({part.filed_under, {part.images.front()}});
        if (!part.owner.empty() && conf::tenant_of(settings_, part.owner) == nullptr) {
            log::event(log::Level::warning, "report.tenant_gone",
                       {{"study", job.study},
                        {"tenant", part.owner},
                        {"words", "no [[tenant]] has this title any more; results stay here"}});
        }
        part.plans = delivery_plans_of(settings_, context_.peer_classes, part.owner);
        study.images += by_image(part.images).size();
    }
    study.patients = patients.size();
    study.elsewhere = filed_elsewhere(context_.outbox, job.study, patients);
    study.is_shared = patients.size() + study.elsewhere.size() > 1;
    if (const auto line = context_.studies.line(job.study)) study.revision = line->revision;
    for (auto& part : study.parts) {
        for (auto& judged : part.images) {
            if (study.is_shared) judged.image.patient = part.filed_under;
        }
    }
    return study;
}

Requested ReportWorker::common() const {
    Requested requested;
    requested.report.node_name = settings_.node.ae_title.str();
    requested.report.software_version = BUCKY_VERSION;
    requested.longer_side_px = static_cast<std::uint32_t>(settings_.overlay.longer_side_px);
    requested.marking = settings_.overlay.style;
    requested.films = &shared_.films;
    requested.now_ms = clock_.now_ms();
    return requested;
}

Earlier ReportWorker::earlier_of(const storage::Job& job, const Part& part, ResultKind kind,
                                 const std::string& rendering) {
    Earlier earlier;
    const auto last =
        context_.studies.last_report(job.study, rendering, word_of(kind), part.filed_under);
    const auto sent = last ? context_.outbox.result(last->str()) : std::nullopt;
    if (sent && std::filesystem::exists(sent->file)) {  // another version may have made it
        earlier.last = {*last, dicom_sr::read_source(sent->file).series};
    }
    if (row_of(kind).refers) {
        earlier.priors = priors_of(context_.studies, context_.outbox, job.study,
                                   part.images.front().image.source, rendering);
    }
    return earlier;
}

void ReportWorker::make(const storage::Job& job, const Study& study,
                        storage::Outbox::Batch& batch) {
    for (const auto& part : study.parts) {
        Requested requested = common();
        requested.report.has_other_patients = study.patients > 1;
        requested.report.revision = study.revision;
        const auto earlier_in = [&](ResultKind kind, const std::string& rendering) {
            return earlier_of(job, part, kind, rendering);
        };
        make_planned(part.plans, part.images, requested, earlier_in, decoder_,
                     [&](const Planned& made) {
                         const auto& object = made.object;
                         batch.add({.sop_instance = object.sop_instance,
                                    .sop_class = object.sop_class,
                                    .transfer_syntax = object.transfer_syntax,
                                    .kind = std::string{word_of(object.kind)},
                                    .part10 = object.part10,
                                    .rendering = made.rendering,
                                    .only_for = made.destinations,
                                    .filed_under = part.filed_under,
                                    .patient = part.patient});
                     });
    }
}

/// Withdraws results filed under a patient without any image left in the study, at the destinations
/// that got them.
void ReportWorker::withdraw(const storage::Job& job, const Study& study,
                            storage::Outbox::Batch& batch) {
    // A patient without an image may own one that still waits or that cannot be read.
    if (study.revision == 0 || !study.is_whole) return;
    for (const auto& filed : study.elsewhere) {
        for (const auto& report : to_withdraw(filed.results)) {
            dicom_sr::Withdrawn withdrawn;
            withdrawn.filed_as = dicom_sr::read_source(report.file);
            withdrawn.language = language_of(report.rendering);
            withdrawn.node_name = settings_.node.ae_title.str();
            withdrawn.software_version = BUCKY_VERSION;
            withdrawn.content_at_ms = clock_.now_ms();
            const auto object = dicom_sr::withdrawal(withdrawn);
            if (const auto wrong = dicom_sr::verify(object, withdrawn.filed_as); !wrong.empty()) {
                throw Error(Fault::corrupt, "not fit to leave: withdrawal: {}", wrong.front());
            }
            batch.add({.sop_instance = object.sop_instance,
                       .sop_class = object.sop_class,
                       .transfer_syntax = object.transfer_syntax,
                       .kind = std::string{word_of(ResultKind::report)},
                       .part10 = object.part10,
                       .rendering = report.rendering,
                       .only_for = context_.outbox.destinations_of(report),
                       .filed_under = filed.filed_under});
            context_.journal.write_repeated(job.study, report.sop_instance.str(),
                                            storage::JournalEvent::report_withdrawn,
                                            "its image is another patient's now");
            log::event(log::Level::warning, "report.withdrawn",
                       {{"study", job.study}, {"sop", report.sop_instance.str()}});
            metrics::count("bucky_reports_withdrawn_total");
        }
    }
}

/// What an image says and its results do not. The journal has no patient's values: those stand in
/// the report alone.
void ReportWorker::tell_of_identity(const storage::Job& job, const Study& study) {
    for (const auto& part : study.parts) {
        for (const auto& image : by_image(part.images)) {
            const auto& judged = image.front();
            for (const auto& one : dicom_sr::left_out(judged.image.source)) {
                const auto words =
                    fmt::format("{} is left out of the results, which have its original beside{}",
                                one.name, one.is_of_patient ? "" : ": " + printable(one.as_sent));
                context_.journal.write_repeated(job.study, judged.image.source.sop_instance.str(),
                                                storage::JournalEvent::identity_left_out, words);
            }
        }
    }
}

/// Tells the admin: one patient's image may have been sent with another's Study Instance UID.
void ReportWorker::tell_of_patients(const storage::Job& job, const Study& study) {
    context_.journal.write_repeated(
        job.study, "", storage::JournalEvent::study_patients,
        fmt::format("images of {} patients: a report for each", study.patients));
    const auto before = context_.studies.line(job.study);
    if (before && before->patients > 1) return;
    log::event(log::Level::warning, "study.patients",
               {{"study", job.study}, {"patients", study.patients}});
    metrics::count("bucky_studies_of_several_patients_total");
}

}  // namespace bucky
