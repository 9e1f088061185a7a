// SPDX-License-Identifier: Apache-2.0
#include "storage/studies.h"

#include <utility>

#include "conf/base/error.h"
#include "conf/run/crash_point.h"
#include "storage/journal.h"
#include "storage/rows.h"
#include "storage/statements.h"

namespace bucky::storage {
namespace {

constexpr Sql kInstance{"study.instance", R"sql(
    SELECT id, sop_instance, sop_class, study, series, transfer_syntax, file, size_bytes,
           calling_ae, called_ae, peer_address, received_at_ms, conflicting, awaiting, verdict,
           result_json, analysed_at_ms, owner,
           (SELECT tenant FROM study WHERE study.key = instance.study),
           EXISTS (SELECT 1 FROM instance AS copy
                    WHERE copy.sop_instance = instance.sop_instance
                      AND copy.owner = instance.owner AND copy.conflicting = 1),
           replaced, revision
      FROM instance WHERE id = :id)sql"};

constexpr Sql kInstances{"study.instances", R"sql(
    SELECT id, sop_instance, sop_class, study, series, transfer_syntax, file, size_bytes,
           calling_ae, called_ae, peer_address, received_at_ms, conflicting, awaiting, verdict,
           result_json, analysed_at_ms, owner,
           (SELECT tenant FROM study WHERE study.key = instance.study),
           EXISTS (SELECT 1 FROM instance AS copy
                    WHERE copy.sop_instance = instance.sop_instance
                      AND copy.owner = instance.owner AND copy.conflicting = 1),
           replaced, revision
      FROM instance WHERE study = :study ORDER BY id)sql"};

constexpr Sql kVerdict{"study.verdict", R"sql(
    UPDATE instance
       SET verdict = :verdict, result_json = :result_json, analysed_at_ms = :now_ms, awaiting = 0
     WHERE id = :id AND awaiting = 1
    RETURNING study, sop_instance, owner)sql"};

constexpr Sql kOnePendingLess{"study.one_pending_less", R"sql(
    UPDATE study SET pending = pending - 1 WHERE key = :study)sql"};

// Studies of one association become due at the same time. The one that came first is reported
// first, so that the report on a patient's later study can name the one on the earlier.
constexpr Sql kDue{"study.due", R"sql(
    SELECT key FROM study
     WHERE state = 'open' AND pending = 0 AND due_at_ms <= :now_ms
     ORDER BY due_at_ms, first_image_ms)sql"};

constexpr Sql kAnyTooFar{"study.any_too_far", R"sql(
    SELECT EXISTS (SELECT 1 FROM study INDEXED BY study_due
                    WHERE state = 'open' AND pending = 0 AND due_at_ms > :farthest_ms))sql"};

constexpr Sql kBoundDue{"study.bound_due", R"sql(
    UPDATE study INDEXED BY study_due SET due_at_ms = :now_ms
     WHERE state = 'open' AND pending = 0 AND due_at_ms > :farthest_ms)sql"};

constexpr Sql kReportState{"study.report_state", R"sql(
    SELECT state FROM job WHERE state <> 'done' AND lane = 'report' AND subject = :study)sql"};

constexpr Sql kReportJob{"study.report_job", R"sql(
    INSERT INTO job (lane, subject, study, state, created_at_ms, submitted_at_ms, not_before_ms,
                     tenant, urgent)
    SELECT 'report', key, key, 'ready', :now_ms, :now_ms, :now_ms, tenant, urgent
      FROM study WHERE key = :study)sql"};

constexpr Sql kResubmitReport{"study.resubmit_report", R"sql(
    UPDATE job
       SET state = 'ready', attempt = 0, deaths = 0, own_faults = 0, submitted_at_ms = :now_ms,
           not_before_ms = :now_ms
     WHERE state <> 'done' AND lane = 'report' AND subject = :study AND state = 'parked')sql"};

constexpr Sql kReporting{"study.reporting", R"sql(
    UPDATE study SET state = 'reporting' WHERE key = :study)sql"};

constexpr Sql kNextDue{"study.next_due", R"sql(
    SELECT due_at_ms FROM study
     WHERE state = 'open' AND pending = 0 AND due_at_ms >= 0
       AND NOT EXISTS (SELECT 1 FROM job
                        WHERE job.state <> 'done' AND lane = 'report' AND subject = key
                          AND job.state = 'running')
     ORDER BY due_at_ms LIMIT 1)sql"};

constexpr Sql kLastReport{"study.last_report", R"sql(
    SELECT sop_instance FROM result
     WHERE study = :study AND kind = :kind AND rendering = :rendering
       AND (:filed_under = '' OR filed_under = :filed_under)
     ORDER BY id DESC LIMIT 1)sql"};

constexpr Sql kEarlierReports{"study.earlier_reports", R"sql(
    SELECT result.sop_instance
      FROM study AS this JOIN result JOIN study AS earlier
     WHERE this.key = :study AND earlier.key = result.study
       AND result.patient = :patient AND result.patient <> ''
       AND result.kind = 'sr' AND result.rendering = :rendering
       AND earlier.first_image_ms < this.first_image_ms AND earlier.study_uid <> this.study_uid
       AND (:has_issuer OR earlier.tenant = this.tenant)
       AND result.id = (SELECT max(newest.id) FROM result AS newest
                         WHERE newest.study = earlier.key AND newest.kind = 'sr'
                           AND newest.rendering = :rendering
                           AND newest.filed_under = result.filed_under)
     ORDER BY earlier.first_image_ms DESC LIMIT :at_most)sql"};

constexpr Sql kRetryWaiting{"study.retry_waiting", R"sql(
    UPDATE job
       SET state = 'ready', attempt = 0, deaths = 0, own_faults = 0, submitted_at_ms = :now_ms,
           not_before_ms = :now_ms, model = :model
     WHERE study = :study AND lane = 'infer' AND state IN ('parked', 'ready'))sql"};

constexpr Sql kRetryJobs{"study.retry_jobs", R"sql(
    INSERT INTO job (lane, subject, study, state, created_at_ms, submitted_at_ms, not_before_ms,
                     tenant, urgent, model)
    SELECT 'infer', CAST(instance.id AS TEXT), study.key, 'ready', :now_ms, :now_ms, :now_ms,
           study.tenant, study.urgent, :model
      FROM instance JOIN study ON study.key = instance.study
     WHERE instance.study = :study AND conflicting = 0 AND replaced = 0
       AND NOT EXISTS (SELECT 1 FROM job
                        WHERE state <> 'done' AND lane = 'infer'
                          AND subject = CAST(instance.id AS TEXT)))sql"};

constexpr Sql kRetryInstances{"study.retry_instances", R"sql(
    UPDATE instance SET awaiting = 1
     WHERE study = :study AND conflicting = 0 AND (replaced = 0 OR awaiting = 1))sql"};

constexpr Sql kReopen{"study.reopen", R"sql(
    UPDATE study
       SET state = 'open', pending = :pending, first_unreported_ms = :now_ms, due_at_ms = :now_ms,
           settled_at_ms = 0
     WHERE key = :study)sql"};

constexpr Sql kWaiting{"study.waiting", "SELECT images FROM waiting WHERE owner = :owner"};

constexpr Sql kRecent{"study.recent", R"sql(
    SELECT key FROM study ORDER BY last_image_ms DESC LIMIT :at_most)sql"};

constexpr Sql kOfUid{"study.of_uid",
                     "SELECT key FROM study WHERE study_uid = :study_uid ORDER BY key"};

constexpr Sql kLine{"study.line", R"sql(
    SELECT key, accession_number, state, count(id), pending,
           coalesce(sum(verdict = 'findings'), 0), coalesce(sum(verdict = 'no_findings'), 0),
           coalesce(sum(verdict = 'not_analysed' OR conflicting), 0),
           coalesce(sum(verdict = 'failed'), 0),
           first_image_ms, last_image_ms, reported_at_ms, coalesce(max(analysed_at_ms), 0),
           patients, study.revision
      FROM study LEFT JOIN instance ON instance.study = study.key AND replaced = 0
     WHERE key = :study GROUP BY key)sql"};

constexpr Sql kDeliveries{"study.deliveries", R"sql(
    SELECT coalesce(sum(state <> 'done' AND lane LIKE 'deliver:%'), 0),
           coalesce(max(iif(state = 'done' AND lane LIKE 'deliver:%', ended_at_ms, 0)), 0),
           coalesce(sum(state <> 'done' AND lane LIKE 'commit:%'), 0)
      FROM job WHERE study = :study)sql"};

constexpr Sql kAll[] = {kInstance,    kInstances,    kVerdict,    kOnePendingLess, kDue,
                        kReportState, kReportJob,    kReporting,  kResubmitReport, kNextDue,
                        kLastReport,  kRetryWaiting, kRetryJobs,  kRetryInstances, kReopen,
                        kRecent,      kLine,         kDeliveries, kEarlierReports, kWaiting,
                        kOfUid,       kAnyTooFar,    kBoundDue};

Instance instance_of_row(const Statement& row) {
    Instance instance;
    instance.id = row.integer(0);
    instance.sop_instance = Uid{row.text(1)};
    instance.sop_class = Uid{row.text(2)};
    instance.study = StudyKey::parse(row.text(3));
    instance.series = Uid{row.text(4)};
    instance.transfer_syntax = row.text(5);
    instance.file = row.text(6);
    instance.bytes = row.integer(7);
    instance.calling_ae = row.text(8);
    instance.called_ae = row.text(9);
    instance.peer_address = row.text(10);
    instance.received_at_ms = row.integer(11);
    instance.conflicting = row.integer(12) != 0;
    instance.awaiting = row.integer(13) != 0;
    instance.verdict = row.text(14);
    instance.result_json = row.text(15);
    instance.analysed_at_ms = row.integer(16);
    instance.owner = row.text(17);
    instance.tenant = row.text(18);
    instance.has_copies = row.integer(19) != 0;
    instance.replaced = row.integer(20) != 0;
    instance.revision = row.integer(21);
    return instance;
}

}  // namespace

std::span<const Sql> study_statements() {
    return kAll;
}

std::optional<Instance> Studies::instance(std::int64_t id) {
    auto row = db_.prepare(kInstance);
    if (!row.bind(":id", id).step()) return std::nullopt;
    return instance_of_row(row);
}

std::vector<Instance> Studies::instances(std::string_view study) {
    auto rows = db_.prepare(kInstances);
    rows.bind(":study", study);
    std::vector<Instance> instances;
    while (rows.step()) instances.push_back(instance_of_row(rows));
    return instances;
}

std::optional<DecisionMark> Studies::record_verdict(const Job& job, std::string_view verdict,
                                                    std::string_view result_json,
                                                    std::string_view decision) {
    Database::Transaction transaction(db_);
    if (!JobQueue(db_, clock_).finish(job)) return std::nullopt;
    std::string study, sop_instance, owner;
    {
        auto recorded = db_.prepare(kVerdict);
        recorded.bind(":id", std::string_view{job.subject})
            .bind(":verdict", verdict)
            .bind(":result_json", result_json)
            .bind(":now_ms", clock_.now_ms());
        if (!recorded.step()) {
            throw Error(Fault::bug, "job {} gives a verdict on instance {}, which awaits none",
                        job.id, job.subject);
        }
        study = recorded.text(0);
        sop_instance = recorded.text(1);
        owner = recorded.text(2);
    }
    auto mark = Decisions(db_, clock_).add(owner, decision);
    db_.prepare(kOnePendingLess).bind(":study", study).run();
    Journal(db_, clock_).write(study, sop_instance, JournalEvent::image_verdict, verdict);
    crash_point("infer.before_commit");
    transaction.commit();
    crash_point("infer.after_commit");
    return mark;
}

std::int64_t Studies::make_due_reports(std::int64_t longest_wait_ms) {
    const auto now_ms = clock_.now_ms();
    const auto farthest_ms = now_ms + longest_wait_ms;
    const auto due = [&] {
        auto rows = db_.prepare(kDue);
        rows.bind(":now_ms", now_ms);
        return first_column(rows);
    };
    const auto any_too_far = [&] {
        auto row = db_.prepare(kAnyTooFar);
        return row.bind(":farthest_ms", farthest_ms).step() && row.integer(0) != 0;
    };
    // The usual case: no turn is taken and nothing is locked.
    if (due().empty() && !any_too_far()) return 0;

    Database::Transaction transaction(db_);
    db_.prepare(kBoundDue).bind(":now_ms", now_ms).bind(":farthest_ms", farthest_ms).run();
    std::int64_t made = 0;
    for (const auto& study : due()) {
        std::string state;
        {
            auto job = db_.prepare(kReportState);
            if (job.bind(":study", study).step()) state = job.text(0);
        }
        // A running job may have read the images before the last one came.
        if (state == name_of(JobState::running)) continue;
        if (state == name_of(JobState::parked)) {
            db_.prepare(kResubmitReport).bind(":study", study).bind(":now_ms", now_ms).run();
        } else if (state.empty()) {
            db_.prepare(kReportJob).bind(":study", study).bind(":now_ms", now_ms).run();
        }
        db_.prepare(kReporting).bind(":study", study).run();
        ++made;
    }
    transaction.commit();
    return made;
}

std::optional<std::int64_t> Studies::next_due_ms() {
    auto next = db_.prepare(kNextDue);
    if (!next.step()) return std::nullopt;
    return next.integer(0);
}

std::optional<Uid> Studies::last_report(std::string_view study, std::string_view rendering,
                                        std::string_view kind, std::string_view filed_under) {
    auto last = db_.prepare(kLastReport);
    last.bind(":study", study)
        .bind(":rendering", rendering)
        .bind(":kind", kind)
        .bind(":filed_under", filed_under);
    if (!last.step()) return std::nullopt;
    return Uid{last.text(0)};
}

std::vector<Uid> Studies::earlier_reports(std::string_view study, std::string_view patient,
                                          bool has_issuer, std::string_view rendering,
                                          std::int64_t at_most) {
    auto rows = db_.prepare(kEarlierReports);
    rows.bind(":study", study)
        .bind(":patient", patient)
        .bind(":has_issuer", std::int64_t{has_issuer})
        .bind(":rendering", rendering)
        .bind(":at_most", at_most);
    std::vector<Uid> reports;
    while (rows.step()) reports.emplace_back(rows.text(0));
    return reports;
}

std::int64_t Studies::retry(std::string_view study, std::string_view model) {
    const auto now_ms = clock_.now_ms();
    Database::Transaction transaction(db_);
    for (const auto& sql : {kRetryWaiting, kRetryJobs}) {
        db_.prepare(sql).bind(":study", study).bind(":now_ms", now_ms).bind(":model", model).run();
    }
    db_.prepare(kRetryInstances).bind(":study", study).run();
    const auto images = db_.changes();
    db_.prepare(kReopen)
        .bind(":study", study)
        .bind(":pending", images)
        .bind(":now_ms", now_ms)
        .run();
    if (db_.changes() == 0) return 0;  // no such study
    const auto by = model.empty() ? std::string{} : fmt::format(", by {} alone", model);
    Journal(db_, clock_)
        .write(study, "", JournalEvent::study_retry, fmt::format("{} images{}", images, by));
    transaction.commit();
    return images;
}

std::int64_t Studies::waiting(std::string_view owner) {
    auto row = db_.prepare(kWaiting);
    return row.bind(":owner", owner).step() ? row.integer(0) : 0;
}

std::vector<std::string> Studies::of_uid(std::string_view study_uid) {
    auto rows = db_.prepare(kOfUid);
    rows.bind(":study_uid", study_uid);
    return first_column(rows);
}

std::vector<StudyLine> Studies::recent(std::int64_t at_most) {
    std::vector<std::string> studies;
    {
        auto rows = db_.prepare(kRecent);
        rows.bind(":at_most", at_most);
        studies = first_column(rows);
    }
    std::vector<StudyLine> lines;
    for (const auto& study : studies) {
        if (auto line_of_study = line(study)) lines.push_back(std::move(*line_of_study));
    }
    return lines;
}

std::optional<StudyLine> Studies::line(std::string_view study) {
    auto row = db_.prepare(kLine);
    if (!row.bind(":study", study).step()) return std::nullopt;
    StudyLine line;
    line.study = row.text(0);
    line.accession_number = row.text(1);
    line.state = choice_of<StudyState>(row.text(2)).value();  // the schema allows no other
    line.images = row.integer(3);
    line.pending = row.integer(4);
    line.findings = row.integer(5);
    line.no_findings = row.integer(6);
    line.not_analysed = row.integer(7);
    line.failed = row.integer(8);
    line.first_image_ms = row.integer(9);
    line.last_image_ms = row.integer(10);
    line.reported_at_ms = row.integer(11);
    line.verdict_at_ms = row.integer(12);
    line.patients = row.integer(13);
    line.revision = row.integer(14);
    auto deliveries = db_.prepare(kDeliveries);
    deliveries.bind(":study", study).step();
    line.deliveries_open = deliveries.integer(0);
    line.delivered_at_ms = line.deliveries_open == 0 ? deliveries.integer(1) : 0;
    line.commitments_open = deliveries.integer(2);
    return line;
}

}  // namespace bucky::storage
