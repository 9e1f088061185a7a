// SPDX-License-Identifier: Apache-2.0
#include "storage/intake.h"

#include <optional>
#include <vector>

#include "conf/base/error.h"
#include "conf/run/crash_point.h"
#include "storage/job_queue.h"
#include "storage/journal.h"
#include "storage/same_data_set.h"
#include "storage/statements.h"
#include "storage/unclaimed_files.h"

namespace bucky::storage {
namespace {

constexpr Sql kOwnResult{"intake.own_result", R"sql(
    SELECT study FROM result WHERE sop_instance = :sop_instance)sql"};

constexpr Sql kTwins{"intake.twins", R"sql(
    SELECT id, file, study, series, sop_class, transfer_syntax
      FROM instance
     WHERE sop_instance = :sop_instance AND owner = :owner AND id > :after_id ORDER BY id)sql"};

constexpr Sql kTouchStudy{"intake.touch_study", R"sql(
    INSERT INTO study (key, study_uid, owner, accession_number, state, pending, first_image_ms,
                       last_image_ms, first_unreported_ms, due_at_ms, last_association, tenant,
                       urgent)
    VALUES (:study, :study_uid, :owner, :accession_number, 'open', :awaiting, :now_ms,
            :now_ms, :now_ms, :now_ms + min(:quiet_ms, :ceiling_ms), :association, :tenant,
            :urgent)
    ON CONFLICT (key) DO UPDATE
       SET state = 'open', pending = pending + :awaiting, last_image_ms = :now_ms,
           accession_number = iif(accession_number = '', :accession_number, accession_number),
           first_unreported_ms = iif(state = 'open', first_unreported_ms, :now_ms),
           due_at_ms = min(:now_ms + :quiet_ms,
                           iif(state = 'open', first_unreported_ms, :now_ms) + :ceiling_ms),
           last_association = :association, tenant = :tenant, urgent = max(urgent, :urgent),
           settled_at_ms = 0)sql"};

constexpr Sql kInsert{"intake.insert", R"sql(
    INSERT INTO instance (sop_instance, sop_class, study, series, transfer_syntax, file,
                          size_bytes, association, calling_ae, called_ae, peer_address,
                          received_at_ms, conflicting, awaiting, owner)
    VALUES (:sop_instance, :sop_class, :study, :series, :transfer_syntax, :file, :size_bytes,
            :association, :calling_ae, :called_ae, :peer_address, :now_ms, :conflicting,
            1 - :conflicting, :owner))sql"};

constexpr Sql kInferJob{"intake.infer_job", R"sql(
    INSERT INTO job (lane, subject, study, state, created_at_ms, submitted_at_ms, not_before_ms,
                     tenant, urgent)
    VALUES ('infer', :subject, :study, 'ready', :now_ms, :now_ms, :now_ms, :tenant, :urgent))sql"};

constexpr Sql kAssociationEnded{"intake.association_ended", R"sql(
    UPDATE study SET due_at_ms = :now_ms
     WHERE state = 'open' AND last_association = :association AND due_at_ms > :now_ms)sql"};

constexpr Sql kAll[] = {kOwnResult, kTwins, kTouchStudy, kInsert, kInferJob, kAssociationEnded};

constexpr KeepSteps kKeepSteps{[] { crash_point("intake.after_sync"); },
                               [] { crash_point("intake.after_rename"); }};

}  // namespace

std::span<const Sql> intake_statements() {
    return kAll;
}

/// The instances of the same UID that are here already.
struct Intake::Twins {
    std::optional<std::int64_t> same;  ///< the one that this is again
    std::string study;                 ///< the key of its study
    bool other_encoding = false;       ///< and it is that in another transfer syntax
    bool any = false;
    std::int64_t last_id = 0;
};

Intake::Twins Intake::look_for_twins(const Received& in, std::int64_t after_id) {
    struct Candidate {
        std::int64_t id;
        std::string file, study;
        bool same_place, same_encoding;
    };
    std::vector<Candidate> candidates;
    {
        auto rows = db_.prepare(kTwins);
        rows.bind(":sop_instance", in.sop_instance.str())
            .bind(":owner", in.owner)
            .bind(":after_id", after_id);
        while (rows.step()) {
            const bool same_place = StudyKey::parse(rows.text(2)).uid == in.study &&
                                    rows.text(3) == in.series.str() &&
                                    rows.text(4) == in.sop_class.str();
            candidates.push_back({rows.integer(0), rows.text(1), rows.text(2), same_place,
                                  rows.text(5) == in.transfer_syntax});
        }
    }
    Twins twins;
    twins.last_id = after_id;
    for (const auto& candidate : candidates) {
        twins.any = true;
        twins.last_id = candidate.id;
        if (twins.same || !candidate.same_place) continue;
        if (!candidate.same_encoding ||
            same_data_set(spool_.absolute(candidate.file), in.file.path())) {
            twins.same = candidate.id;
            twins.study = candidate.study;
            twins.other_encoding = !candidate.same_encoding;
        }
    }
    return twins;
}

Receipt Intake::answer_again(const Received& in, const Twins& twins) {
    const auto words = twins.other_encoding
                           ? fmt::format("from {} in {}: the same image in another transfer syntax",
                                         in.calling_ae, in.transfer_syntax)
                           : fmt::format("from {}, the same bytes", in.calling_ae);
    std::optional<Database::Transaction> own;
    if (!db_.in_transaction()) own.emplace(db_);
    Journal journal(db_, clock_);
    journal.write_repeated(twins.study, in.sop_instance.str(), "image.again", words);
    // Whoever sends an image again may be missing its result. What was delivered is there.
    if (const auto refused = JobQueue(db_, clock_).resubmit_refused(twins.study); refused > 0) {
        journal.write_repeated(twins.study, in.sop_instance.str(), "result.again",
                               fmt::format("{} refused before: sent again", refused));
    }
    if (own) own->commit();
    return {Receipt::Kept::again, *twins.same};
}

/// The loop guard: what we sent to a PACS may come back from it, also after its rows have left.
bool Intake::is_own_result(const Received& in) {
    std::optional<std::string> study;
    if (in.is_of_our_make) study = in.key().str();
    {
        auto own = db_.prepare(kOwnResult);
        if (own.bind(":sop_instance", in.sop_instance.str()).step()) study = own.text(0);
    }
    if (!study) return false;
    Journal(db_, clock_)
        .write_repeated(
            *study, in.sop_instance.str(), "image.own_result",
            fmt::format("sent back by {}: an object of our make, not analysed", in.calling_ae));
    return true;
}

Receipt Intake::receive(const Received& in) {
    db_.require_sound();
    if (is_own_result(in)) return {Receipt::Kept::own_result};
    in.file.flush();
    // Looked for first without the writers' turn: comparing 10 MB must not hold up the others.
    const auto before = look_for_twins(in, 0);
    if (before.same) return answer_again(in, before);

    const auto now_ms = clock_.now_ms();
    const auto size_bytes = static_cast<std::int64_t>(in.file.bytes());
    UnclaimedFiles kept(spool_);
    kept.add(spool_.keep(in.file, now_ms, kKeepSteps));

    Database::Transaction transaction(db_);
    const auto meanwhile = look_for_twins(in, before.last_id);
    if (meanwhile.same) {  // sent twice at once, and the other one was first
        const auto receipt = answer_again(in, meanwhile);
        transaction.commit();
        return receipt;
    }
    const bool conflicting = before.any || meanwhile.any;
    const auto id = insert(in, kept.files().front(), size_bytes, conflicting, now_ms);
    crash_point("intake.before_commit");
    kept.commit(transaction);
    crash_point("intake.after_commit");
    return {conflicting ? Receipt::Kept::conflicting : Receipt::Kept::fresh, id};
}

std::int64_t Intake::insert(const Received& in, const std::string& file, std::int64_t size_bytes,
                            bool conflicting, std::int64_t now_ms) {
    const auto study = in.key().str();
    db_.prepare(kTouchStudy)
        .bind(":study", study)
        .bind(":study_uid", in.study.str())
        .bind(":owner", in.owner)
        .bind(":accession_number", in.accession_number)
        .bind(":awaiting", conflicting ? 0 : 1)
        .bind(":now_ms", now_ms)
        .bind(":quiet_ms", times_.quiet_ms)
        .bind(":ceiling_ms", times_.ceiling_ms)
        .bind(":association", in.association)
        .bind(":tenant", in.tenant)
        .bind(":urgent", std::int64_t{in.urgent})
        .run();
    db_.prepare(kInsert)
        .bind(":sop_instance", in.sop_instance.str())
        .bind(":sop_class", in.sop_class.str())
        .bind(":study", study)
        .bind(":series", in.series.str())
        .bind(":transfer_syntax", in.transfer_syntax)
        .bind(":file", file)
        .bind(":size_bytes", size_bytes)
        .bind(":association", in.association)
        .bind(":calling_ae", in.calling_ae)
        .bind(":called_ae", in.called_ae)
        .bind(":peer_address", in.peer_address)
        .bind(":now_ms", now_ms)
        .bind(":conflicting", conflicting ? 1 : 0)
        .bind(":owner", in.owner)
        .run();
    const auto id = db_.last_row_id();
    Journal journal(db_, clock_);
    if (conflicting) {
        journal.write(study, in.sop_instance.str(), "image.conflict",
                      fmt::format("from {} at {}: this UID came before with other content; kept "
                                  "apart and not analysed",
                                  in.calling_ae, in.peer_address));
        return id;
    }
    db_.prepare(kInferJob)
        .bind(":subject", std::to_string(id))
        .bind(":study", study)
        .bind(":now_ms", now_ms)
        .bind(":tenant", in.tenant)
        .bind(":urgent", std::int64_t{in.urgent})
        .run();
    journal.write(
        study, in.sop_instance.str(), "image.received",
        fmt::format("from {} at {}, {} bytes", in.calling_ae, in.peer_address, size_bytes));
    return id;
}

void Intake::association_ended(const std::string& association) {
    Database::Transaction transaction(db_);
    db_.prepare(kAssociationEnded)
        .bind(":association", association)
        .bind(":now_ms", clock_.now_ms())
        .run();
    transaction.commit();
}

}  // namespace bucky::storage
