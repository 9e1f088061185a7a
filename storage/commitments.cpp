// SPDX-License-Identifier: Apache-2.0
#include "storage/commitments.h"

#include <fmt/format.h>

#include "conf/run/crash_point.h"
#include "storage/journal.h"
#include "storage/statements.h"

namespace bucky::storage {
namespace {

constexpr Sql kOnTheWay{"commitment.on_the_way", R"sql(
    SELECT EXISTS (SELECT 1 FROM job
                    WHERE study = :study AND lane = 'deliver:' || :destination
                      AND state IN ('ready', 'running')))sql"};

constexpr Sql kUnpromised{"commitment.unpromised", R"sql(
    SELECT sop_class, sop_instance FROM result
     WHERE study = :study
       AND EXISTS (SELECT 1 FROM job INDEXED BY job_of_subject
                    WHERE subject = result.sop_instance AND lane = 'deliver:' || :destination
                      AND state = 'done')
       AND NOT EXISTS (SELECT 1 FROM job INDEXED BY job_of_subject
                        WHERE subject = result.sop_instance AND lane = 'deliver:' || :destination
                          AND state <> 'done')
       AND NOT EXISTS (SELECT 1 FROM commitment
                        WHERE destination = :destination
                          AND sop_instance = result.sop_instance AND promised_at_ms > 0)
     ORDER BY id)sql"};

constexpr Sql kDueNow{"commitment.due_now", R"sql(
    UPDATE job INDEXED BY job_open
       SET state = 'ready', not_before_ms = :now_ms
     WHERE state <> 'done' AND lane = 'commit:' || :destination AND subject = :study
       AND state IN ('ready', 'parked'))sql"};

constexpr Sql kJob{"commitment.job", R"sql(
    INSERT INTO job (lane, subject, study, state, created_at_ms, submitted_at_ms, not_before_ms,
                     tenant, urgent)
    SELECT 'commit:' || :destination, key, key, 'ready', :now_ms, :now_ms, :now_ms, tenant, urgent
      FROM study
     WHERE key = :study
       AND NOT EXISTS (SELECT 1 FROM job
                        WHERE state <> 'done' AND lane = 'commit:' || :destination
                          AND subject = :study))sql"};

constexpr Sql kRequest{"commitment.request", R"sql(
    INSERT INTO commitment_request (transaction_uid, destination, study, asked_at_ms)
    VALUES (:transaction, :destination, :study, :now_ms))sql"};

constexpr Sql kAsked{"commitment.asked", R"sql(
    INSERT INTO commitment (destination, sop_instance, study, transaction_uid)
    VALUES (:destination, :sop_instance, :study, :transaction)
    ON CONFLICT (destination, sop_instance) DO UPDATE
       SET transaction_uid = :transaction, failure = 0
     WHERE promised_at_ms = 0)sql"};

constexpr Sql kStudyOfRequest{"commitment.study_of_request", R"sql(
    SELECT study, answered_at_ms FROM commitment_request
     WHERE transaction_uid = :transaction AND destination = :destination)sql"};

constexpr Sql kIsAnswered{"commitment.is_answered", R"sql(
    SELECT answered_at_ms > 0 FROM commitment_request WHERE transaction_uid = :transaction)sql"};

constexpr Sql kAnswered{"commitment.answered", R"sql(
    UPDATE commitment_request SET answered_at_ms = :now_ms
     WHERE transaction_uid = :transaction)sql"};

constexpr Sql kPromised{"commitment.promised", R"sql(
    UPDATE commitment SET promised_at_ms = :now_ms, failure = 0
     WHERE destination = :destination AND sop_instance = :sop_instance AND study = :study
       AND promised_at_ms = 0)sql"};

constexpr Sql kFailed{"commitment.failed", R"sql(
    UPDATE commitment SET failure = :reason
     WHERE destination = :destination AND sop_instance = :sop_instance AND study = :study
       AND transaction_uid = :transaction AND promised_at_ms = 0)sql"};

constexpr Sql kDeliverAgain{"commitment.deliver_again", R"sql(
    INSERT INTO job (lane, subject, study, state, created_at_ms, submitted_at_ms, not_before_ms,
                     tenant, urgent)
    SELECT 'deliver:' || :destination, sop_instance, study, 'ready', :now_ms, :now_ms,
           :not_before_ms, tenant, urgent
      FROM commitment JOIN study ON study.key = commitment.study
     WHERE commitment.study = :study AND destination = :destination
       AND failure <> 0 AND promised_at_ms = 0
       AND NOT EXISTS (SELECT 1 FROM job
                        WHERE state <> 'done' AND lane = 'deliver:' || :destination
                          AND subject = commitment.sop_instance))sql"};

constexpr Sql kForgetFailures{"commitment.forget_failures", R"sql(
    UPDATE commitment SET failure = 0
     WHERE study = :study AND destination = :destination AND failure <> 0)sql"};

constexpr Sql kOfStudy{"commitment.of_study", R"sql(
    SELECT destination, sop_instance, promised_at_ms, failure
      FROM commitment WHERE study = :study ORDER BY destination, sop_instance)sql"};

constexpr Sql kAll[] = {kOnTheWay, kUnpromised,     kDueNow,         kJob,      kRequest,
                        kAsked,    kStudyOfRequest, kIsAnswered,     kAnswered, kPromised,
                        kFailed,   kDeliverAgain,   kForgetFailures, kOfStudy};

}  // namespace

std::span<const Sql> commitment_statements() {
    return kAll;
}

void Commitments::delivery_ended(const Job& deliver_job, std::string_view destination) {
    if (on_the_way(destination, deliver_job.study)) return;
    if (unpromised(destination, deliver_job.study).empty()) return;
    const auto now_ms = clock_.now_ms();
    for (const auto& sql : {kDueNow, kJob}) {
        db_.prepare(sql)
            .bind(":destination", destination)
            .bind(":study", std::string_view{deliver_job.study})
            .bind(":now_ms", now_ms)
            .run();
    }
}

std::vector<ObjectReference> Commitments::unpromised(std::string_view destination,
                                                     std::string_view study) {
    auto rows = db_.prepare(kUnpromised);
    rows.bind(":destination", destination).bind(":study", study);
    std::vector<ObjectReference> objects;
    while (rows.step()) objects.push_back({Uid{rows.text(0)}, Uid{rows.text(1)}});
    return objects;
}

bool Commitments::on_the_way(std::string_view destination, std::string_view study) {
    auto row = db_.prepare(kOnTheWay);
    return row.bind(":destination", destination).bind(":study", study).step() &&
           row.integer(0) != 0;
}

void Commitments::asking(std::string_view destination, std::string_view study,
                         const Uid& transaction, const std::vector<ObjectReference>& objects) {
    Database::Transaction open(db_);
    db_.prepare(kRequest)
        .bind(":transaction", transaction.str())
        .bind(":destination", destination)
        .bind(":study", study)
        .bind(":now_ms", clock_.now_ms())
        .run();
    for (const auto& object : objects) {
        db_.prepare(kAsked)
            .bind(":destination", destination)
            .bind(":sop_instance", object.sop_instance.str())
            .bind(":study", study)
            .bind(":transaction", transaction.str())
            .run();
    }
    Journal(db_, clock_)
        .write_repeated(study, destination, JournalEvent::commitment_asked,
                        fmt::format("to keep {} objects", objects.size()));
    open.commit();
    crash_point("commitment.before_ask");
}

bool Commitments::is_answered(const Uid& transaction) {
    auto row = db_.prepare(kIsAnswered);
    return row.bind(":transaction", transaction.str()).step() && row.integer(0) != 0;
}

bool Commitments::answered(std::string_view destination, const CommitmentAnswer& answer) {
    Database::Transaction open(db_);
    if (!note(destination, answer)) return false;
    crash_point("commitment.before_promise");
    open.commit();
    crash_point("commitment.after_promise");
    return true;
}

/// Call it inside a transaction.
bool Commitments::note(std::string_view destination, const CommitmentAnswer& answer) {
    const auto& transaction = answer.transaction.str();
    std::string study;
    {
        auto request = db_.prepare(kStudyOfRequest);
        request.bind(":transaction", transaction).bind(":destination", destination);
        if (!request.step()) return false;
        study = request.text(0);
    }
    const auto now_ms = clock_.now_ms();
    Journal journal(db_, clock_);
    std::int64_t promised = 0;
    for (const auto& object : answer.kept) {
        db_.prepare(kPromised)
            .bind(":destination", destination)
            .bind(":sop_instance", object.sop_instance.str())
            .bind(":study", study)
            .bind(":now_ms", now_ms)
            .run();
        promised += db_.changes();
    }
    if (promised > 0) {
        journal.write(study, destination, JournalEvent::commitment_promised,
                      fmt::format("to keep {} objects", promised));
    }
    for (const auto& [object, reason] : answer.failed) {
        db_.prepare(kFailed)
            .bind(":destination", destination)
            .bind(":sop_instance", object.sop_instance.str())
            .bind(":study", study)
            .bind(":transaction", transaction)
            .bind(":reason", std::int64_t{reason})
            .run();
        if (db_.changes() == 0) continue;
        journal.write_repeated(study, object.sop_instance.str(), JournalEvent::commitment_failed,
                               fmt::format("{}: {}", destination, words_for_failure(reason)));
    }
    db_.prepare(kAnswered).bind(":transaction", transaction).bind(":now_ms", now_ms).run();
    db_.prepare(kDueNow)
        .bind(":destination", destination)
        .bind(":study", study)
        .bind(":now_ms", now_ms)
        .run();
    return true;
}

std::int64_t Commitments::deliver_again(std::string_view destination, std::string_view study,
                                        std::int64_t not_before_ms) {
    std::optional<Database::Transaction> own;
    if (!db_.in_transaction()) own.emplace(db_);
    db_.prepare(kDeliverAgain)
        .bind(":destination", destination)
        .bind(":study", study)
        .bind(":now_ms", clock_.now_ms())
        .bind(":not_before_ms", not_before_ms)
        .run();
    const auto again = db_.changes();
    db_.prepare(kForgetFailures).bind(":destination", destination).bind(":study", study).run();
    if (own) own->commit();
    return again;
}

std::vector<CommitmentLine> Commitments::of_study(std::string_view study) {
    auto rows = db_.prepare(kOfStudy);
    rows.bind(":study", study);
    std::vector<CommitmentLine> lines;
    while (rows.step()) {
        lines.push_back({rows.text(0), rows.text(1), rows.integer(2),
                         static_cast<std::uint16_t>(rows.integer(3))});
    }
    return lines;
}

std::string words_for_failure(std::uint16_t reason) {  // PS3.3 C.14.1.1
    std::string_view words = "a reason of the peer's own";
    switch (reason) {
        case 0x0110: words = "processing failure"; break;
        case 0x0112: words = "no such object instance"; break;
        case 0x0213: words = "resource limitation"; break;
        case 0x0122: words = "referenced SOP class not supported"; break;
        case 0x0119: words = "class and instance conflict"; break;
        case 0x0131: words = "duplicate transaction UID"; break;
        default: break;
    }
    return fmt::format("{:04X} ({})", reason, words);
}

}  // namespace bucky::storage
