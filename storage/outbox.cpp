// SPDX-License-Identifier: Apache-2.0
#include "storage/outbox.h"

#include "conf/dicom/result_kinds.h"
#include "conf/observe/log.h"
#include "conf/run/crash_point.h"
#include "storage/journal.h"
#include "storage/statements.h"
#include "storage/unclaimed_files.h"

namespace bucky::storage {
namespace {

constexpr Sql kResult{"outbox.result", R"sql(
    SELECT id, sop_instance, sop_class, study, transfer_syntax, kind, file, created_at_ms,
           rendering, filed_under
      FROM result WHERE sop_instance = :sop_instance)sql"};

constexpr Sql kOfStudy{"outbox.of_study", R"sql(
    SELECT id, sop_instance, sop_class, study, transfer_syntax, kind, file, created_at_ms,
           rendering, filed_under
      FROM result WHERE study = :study ORDER BY id)sql"};

constexpr Sql kLastByte{"outbox.last_byte", R"sql(
    SELECT max(coalesce(max(iif(received_at_ms <= :created_at_ms, received_at_ms, 0)), 0),
               coalesce((SELECT iif(first_unreported_ms <= :created_at_ms, first_unreported_ms, 0)
                           FROM study WHERE key = :study), 0))
      FROM instance WHERE study = :study)sql"};

constexpr Sql kInsert{"outbox.insert", R"sql(
    INSERT INTO result (sop_instance, sop_class, study, transfer_syntax, kind, rendering, file,
                        size_bytes, created_at_ms, filed_under, patient)
    VALUES (:sop_instance, :sop_class, :study, :transfer_syntax, :kind, :rendering, :file,
            :size_bytes, :now_ms, :filed_under, :patient))sql"};

constexpr Sql kRefile{"outbox.refile", R"sql(
    UPDATE result SET filed_under = :to WHERE study = :study AND filed_under = :from)sql"};

constexpr Sql kDeliverJob{"outbox.deliver_job", R"sql(
    INSERT INTO job (lane, subject, study, state, created_at_ms, submitted_at_ms, not_before_ms,
                     tenant, urgent)
    SELECT 'deliver:' || :destination, :sop_instance, key, 'ready', :now_ms, :now_ms, :now_ms,
           tenant, urgent
      FROM study
     WHERE key = :study
       AND NOT EXISTS (SELECT 1 FROM job WHERE subject = :sop_instance
                                           AND lane = 'deliver:' || :destination))sql"};

// An image that came while the report was made has set the state to open, and it stays open.
constexpr Sql kReported{"outbox.reported", R"sql(
    UPDATE study
       SET reported_at_ms = :now_ms, state = iif(state = 'reporting', 'reported', state),
           patients = :patients
     WHERE key = :study)sql"};

constexpr Sql kTakeBack{"outbox.take_back", R"sql(
    DELETE FROM job WHERE id = :id AND state = 'running' AND attempt = :attempt)sql"};

constexpr Sql kNoteTakenBack{"outbox.note_taken_back", R"sql(
    INSERT INTO taken_back (sop_instance, destination, study, at_ms)
    VALUES (:sop_instance, :destination, :study, :now_ms)
    ON CONFLICT (sop_instance, destination) DO NOTHING)sql"};

constexpr Sql kTakenBackAt{"outbox.taken_back_at", R"sql(
    SELECT at_ms FROM taken_back
     WHERE sop_instance = :sop_instance AND destination = :destination)sql"};

// A study that is open is due for a report anyway.
constexpr Sql kDueAgain{"outbox.due_again", R"sql(
    UPDATE study SET state = 'open', first_unreported_ms = :now_ms, due_at_ms = :now_ms
     WHERE key = :study AND state <> 'open')sql"};

constexpr Sql kDestinations{"outbox.destinations", R"sql(
    SELECT DISTINCT substr(lane, length('deliver:') + 1) FROM job
     WHERE subject = :sop_instance AND lane >= 'deliver:' AND lane < 'deliver;' ORDER BY lane)sql"};

// A delivery that is done stays; the new one stands beside it.
constexpr Sql kSendAgain{"outbox.send_again", R"sql(
    INSERT INTO job (lane, subject, study, state, created_at_ms, submitted_at_ms, not_before_ms,
                     tenant, urgent, model)
    SELECT DISTINCT lane, subject, study, 'ready', :now_ms, :now_ms, :now_ms, tenant, urgent, model
      FROM job
     WHERE study = :study AND lane = :lane AND state = 'done'
       AND EXISTS (SELECT 1 FROM result WHERE sop_instance = job.subject)
       AND NOT EXISTS (SELECT 1 FROM job AS open INDEXED BY job_of_subject
                        WHERE open.subject = job.subject AND open.lane = :lane
                          AND open.state <> 'done'))sql"};

constexpr Sql kDueNow{"outbox.due_now", R"sql(
    UPDATE job
       SET state = 'ready', attempt = 0, deaths = 0, own_faults = 0, submitted_at_ms = :now_ms,
           not_before_ms = :now_ms
     WHERE study = :study AND lane = :lane AND state IN ('parked', 'ready'))sql"};

constexpr Sql kOpenedAgain{"outbox.opened_again", R"sql(
    UPDATE study SET settled_at_ms = 0 WHERE key = :study)sql"};

constexpr Sql kAll[] = {kSendAgain, kDueNow, kOpenedAgain,  kResult,        kOfStudy,
                        kLastByte,  kInsert, kDeliverJob,   kReported,      kTakeBack,
                        kDueAgain,  kRefile, kDestinations, kNoteTakenBack, kTakenBackAt};

Result result_of_row(const Statement& row, const Spool& results) {
    Result result;
    result.id = row.integer(0);
    result.sop_instance = Uid{row.text(1)};
    result.sop_class = Uid{row.text(2)};
    result.study = row.text(3);
    result.transfer_syntax = row.text(4);
    result.kind = row.text(5);
    result.file = results.absolute(row.text(6));
    result.created_at_ms = row.integer(7);
    result.rendering = row.text(8);
    result.filed_under = row.text(9);
    return result;
}

}  // namespace

std::span<const Sql> outbox_statements() {
    return kAll;
}

/// Only one job makes these UIDs and we hold its lease: a missing result cannot appear meanwhile.
void Outbox::Batch::add(const NewResult& result) {
    if (outbox_.result(result.sop_instance.str())) {
        files_.add("");
    } else {
        auto file = outbox_.results_.open();
        file.write(result.part10);
        files_.add(outbox_.results_.keep(file, outbox_.clock_.now_ms()));
    }
    sizes_bytes_.push_back(static_cast<std::int64_t>(result.part10.size()));
    results_.push_back(result);
    results_.back().part10 = {};
}

bool Outbox::put(const Job& report_job, std::span<const NewResult> results,
                 std::span<const std::string> destinations) {
    Batch batch(*this);
    for (const auto& result : results) batch.add(result);
    return put(report_job, batch, destinations);
}

bool Outbox::put(const Job& report_job, Batch& batch, std::span<const std::string> destinations,
                 std::int64_t patients) {
    const auto now_ms = clock_.now_ms();
    crash_point("outbox.after_files");

    Database::Transaction transaction(db_);
    if (!JobQueue(db_, clock_).finish(report_job)) {
        log::event(log::Level::warning, "report.lease_lost", {{"study", report_job.study}});
        return false;
    }
    insert_new(report_job, batch, now_ms);
    for (const auto& made : batch.results_) {
        make_deliver_jobs(report_job, made, made.only_for ? *made.only_for : destinations, now_ms);
    }
    db_.prepare(kReported)
        .bind(":study", report_job.study)
        .bind(":now_ms", now_ms)
        .bind(":patients", patients)
        .run();
    JobQueue(db_, clock_).settle(report_job.study);  // the same results, delivered before
    crash_point("outbox.before_commit");
    batch.files_.commit(transaction);
    crash_point("outbox.after_commit");
    return true;
}

void Outbox::insert_new(const Job& job, const Batch& batch, std::int64_t now_ms) {
    const auto& results = batch.results_;
    const auto files = batch.files_.files();
    std::string report;
    std::int64_t fresh = 0;
    for (std::size_t at = 0; at < results.size(); ++at) {
        const auto& made = results[at];
        if (made.kind == word_of(ResultKind::report)) report = made.sop_instance.str();
        if (files[at].empty()) continue;
        ++fresh;
        db_.prepare(kInsert)
            .bind(":sop_instance", made.sop_instance.str())
            .bind(":sop_class", made.sop_class.str())
            .bind(":study", job.study)
            .bind(":transfer_syntax", made.transfer_syntax)
            .bind(":kind", made.kind)
            .bind(":rendering", made.rendering)
            .bind(":file", files[at])
            .bind(":size_bytes", batch.sizes_bytes_[at])
            .bind(":now_ms", now_ms)
            .bind(":filed_under", made.filed_under)
            .bind(":patient", made.patient)
            .run();
    }
    Journal(db_, clock_)
        .write(job.study, report, JournalEvent::report_made,
               fmt::format("{} objects, {} of them new", results.size(), fresh));
}

void Outbox::make_deliver_jobs(const Job& job, const NewResult& result,
                               std::span<const std::string> destinations, std::int64_t now_ms) {
    for (const auto& destination : destinations) {
        db_.prepare(kDeliverJob)
            .bind(":destination", destination)
            .bind(":sop_instance", result.sop_instance.str())
            .bind(":study", job.study)
            .bind(":now_ms", now_ms)
            .run();
    }
}

bool Outbox::make_again(const Job& deliver_job, std::string_view why) {
    Database::Transaction transaction(db_);
    db_.prepare(kTakeBack).bind(":id", deliver_job.id).bind(":attempt", deliver_job.attempt).run();
    if (db_.changes() == 0) return false;
    db_.prepare(kDueAgain).bind(":study", deliver_job.study).bind(":now_ms", clock_.now_ms()).run();
    db_.prepare(kNoteTakenBack)
        .bind(":sop_instance", deliver_job.subject)
        .bind(":destination", deliver_job.lane.destination)
        .bind(":study", deliver_job.study)
        .bind(":now_ms", clock_.now_ms())
        .run();
    Journal(db_, clock_)
        .write(deliver_job.study, deliver_job.subject, JournalEvent::result_taken_back, why);
    transaction.commit();
    return true;
}

std::optional<std::int64_t> Outbox::first_made_again_ms(const Job& deliver_job) {
    auto row = db_.prepare(kTakenBackAt);
    row.bind(":sop_instance", deliver_job.subject)
        .bind(":destination", deliver_job.lane.destination);
    if (!row.step()) return std::nullopt;
    return row.integer(0);
}

void Outbox::refile(std::string_view study, std::string_view from, std::string_view to) {
    Database::Transaction transaction(db_);
    db_.prepare(kRefile).bind(":study", study).bind(":from", from).bind(":to", to).run();
    transaction.commit();
}

std::vector<std::string> Outbox::destinations_of(const Result& result) {
    auto rows = db_.prepare(kDestinations);
    rows.bind(":sop_instance", result.sop_instance.str());
    std::vector<std::string> destinations;
    while (rows.step()) destinations.push_back(rows.text(0));
    return destinations;
}

std::optional<Result> Outbox::result(std::string_view sop_instance) {
    auto row = db_.prepare(kResult);
    if (!row.bind(":sop_instance", sop_instance).step()) return std::nullopt;
    return result_of_row(row, results_);
}

std::int64_t Outbox::last_byte_ms(const Result& result) {
    auto row = db_.prepare(kLastByte);
    row.bind(":study", result.study).bind(":created_at_ms", result.created_at_ms).step();
    return row.integer(0);
}

std::vector<Result> Outbox::results_of_study(std::string_view study) {
    auto rows = db_.prepare(kOfStudy);
    rows.bind(":study", study);
    std::vector<Result> results;
    while (rows.step()) results.push_back(result_of_row(rows, results_));
    return results;
}

std::int64_t Outbox::send_again(std::string_view study, std::string_view destination) {
    const auto now_ms = clock_.now_ms();
    const auto lane = name_of(Lane::deliver(destination));
    Database::Transaction transaction(db_);
    db_.prepare(kDueNow).bind(":study", study).bind(":lane", lane).bind(":now_ms", now_ms).run();
    auto sent = db_.changes();
    db_.prepare(kSendAgain).bind(":study", study).bind(":lane", lane).bind(":now_ms", now_ms).run();
    sent += db_.changes();
    if (sent == 0) return 0;
    db_.prepare(kOpenedAgain).bind(":study", study).run();
    Journal(db_, clock_)
        .write(study, "", JournalEvent::result_again,
               fmt::format("{} results to {} by hand", sent, destination));
    transaction.commit();
    return sent;
}

}  // namespace bucky::storage
