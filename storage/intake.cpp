// SPDX-License-Identifier: Apache-2.0
#include "storage/intake.h"

#include <filesystem>
#include <optional>
#include <system_error>

#include "conf/base/error.h"
#include "conf/run/crash_point.h"
#include "storage/job_queue.h"
#include "storage/journal.h"
#include "storage/statements.h"
#include "storage/unclaimed_files.h"

namespace bucky::storage {
namespace {

constexpr Sql kOwnResult{"intake.own_result", R"sql(
    SELECT study FROM result WHERE sop_instance = :sop_instance)sql"};

constexpr Sql kStanding{"intake.standing", R"sql(
    SELECT id, file, study, series, sop_class, transfer_syntax, pixels, revision
      FROM instance
     WHERE sop_instance = :sop_instance AND owner = :owner AND conflicting = 0
       AND replaced = 0)sql"};

constexpr Sql kSetPixels{"intake.set_pixels", R"sql(
    UPDATE instance SET pixels = :pixels WHERE id = :id)sql"};

constexpr Sql kSameConflict{"intake.same_conflict", R"sql(
    SELECT id, study FROM instance
     WHERE sop_instance = :sop_instance AND owner = :owner AND conflicting = 1
       AND pixels = :pixels LIMIT 1)sql"};

constexpr Sql kReplace{"intake.replace", R"sql(
    UPDATE instance SET replaced = 1 WHERE id = :id)sql"};

constexpr Sql kRevise{"intake.revise", R"sql(
    UPDATE study SET revision = revision + 1 WHERE key = :study)sql"};

// The study is due for another report although no image came to it.
constexpr Sql kDueAnew{"intake.due_anew", R"sql(
    UPDATE study
       SET state = 'open', first_unreported_ms = iif(state = 'open', first_unreported_ms, :now_ms),
           due_at_ms = iif(state = 'open', due_at_ms, :now_ms + min(:quiet_ms, :ceiling_ms)),
           settled_at_ms = 0
     WHERE key = :study)sql"};

constexpr Sql kTouchStudy{"intake.touch_study", R"sql(
    INSERT INTO study (key, study_uid, owner, accession_number, state, pending, first_image_ms,
                       last_image_ms, first_unreported_ms, due_at_ms, last_association, tenant,
                       urgent)
    VALUES (:study, :study_uid, :owner, :accession_number, 'open', :awaiting, :now_ms,
            :now_ms, :now_ms, :now_ms + min(:quiet_ms, :ceiling_ms), :association, :tenant,
            :urgent)
    ON CONFLICT (key) DO UPDATE
       SET state = 'open', pending = pending + :awaiting, last_image_ms = :now_ms,
           accession_number = iif(:accession_number <> '' AND (accession_number = '' OR :corrected),
                                  :accession_number, accession_number),
           first_unreported_ms = iif(state = 'open', first_unreported_ms, :now_ms),
           due_at_ms = min(:now_ms + :quiet_ms,
                           iif(state = 'open', first_unreported_ms, :now_ms) + :ceiling_ms),
           last_association = :association, tenant = :tenant, urgent = max(urgent, :urgent),
           settled_at_ms = 0)sql"};

constexpr Sql kInsert{"intake.insert", R"sql(
    INSERT INTO instance (sop_instance, sop_class, study, series, transfer_syntax, file,
                          size_bytes, association, calling_ae, called_ae, peer_address,
                          received_at_ms, conflicting, awaiting, owner, pixels, revision)
    VALUES (:sop_instance, :sop_class, :study, :series, :transfer_syntax, :file, :size_bytes,
            :association, :calling_ae, :called_ae, :peer_address, :now_ms, :conflicting,
            1 - :conflicting, :owner, :pixels, :revision))sql"};

constexpr Sql kInferJob{"intake.infer_job", R"sql(
    INSERT INTO job (lane, subject, study, state, created_at_ms, submitted_at_ms, not_before_ms,
                     tenant, urgent)
    VALUES ('infer', :subject, :study, 'ready', :now_ms, :now_ms, :now_ms, :tenant, :urgent))sql"};

// Only a study whose images all came in this association: where each image has an association of
// its own, every end would add a report.
constexpr Sql kAssociationEnded{"intake.association_ended", R"sql(
    UPDATE study SET due_at_ms = :now_ms
     WHERE state = 'open' AND last_association = :association AND due_at_ms > :now_ms
       AND NOT EXISTS (SELECT 1 FROM instance
                        WHERE instance.study = study.key
                          AND instance.association <> :association))sql"};

constexpr Sql kAll[] = {kOwnResult, kStanding, kSetPixels,       kSameConflict,
                        kReplace,   kRevise,   kDueAnew,         kTouchStudy,
                        kInsert,    kInferJob, kAssociationEnded};

constexpr KeepSteps kKeepSteps{[] { crash_point("intake.after_sync"); },
                               [] { crash_point("intake.after_rename"); }};

}  // namespace

std::span<const Sql> intake_statements() {
    return kAll;
}

/// The current image of that UID.
struct Intake::Standing {
    std::int64_t id = 0;
    std::string file, study, series, sop_class, transfer_syntax, pixels;
    std::int64_t revision = 0;
};

/// What to do with an instance.
struct Intake::Decision {
    Receipt::Kept kept = Receipt::Kept::fresh;
    std::string pixels{};  ///< its digest, if it was computed
    std::optional<Standing> stands{};
    std::int64_t again_id = 0;  ///< the stored instance, in again_study
    std::string again_study{}, words{};
};

std::optional<Intake::Standing> Intake::standing(const Received& in) {
    auto row = db_.prepare(kStanding);
    row.bind(":sop_instance", in.sop_instance.str()).bind(":owner", in.owner);
    if (!row.step()) return std::nullopt;
    return Standing{.id = row.integer(0),
                    .file = row.text(1),
                    .study = row.text(2),
                    .series = row.text(3),
                    .sop_class = row.text(4),
                    .transfer_syntax = row.text(5),
                    .pixels = row.text(6),
                    .revision = row.integer(7)};
}

/// Computed when the first copy comes, and stored, so that studies without copies cost nothing.
std::string Intake::pixels_of(const Standing& stands) {
    if (!stands.pixels.empty()) return stands.pixels;
    const auto file = spool_.absolute(stands.file);
    auto pixels = copies_.read(file, stands.transfer_syntax, true).pixels;
    std::optional<Database::Transaction> own;
    if (!db_.in_transaction()) own.emplace(db_);
    db_.prepare(kSetPixels).bind(":id", stands.id).bind(":pixels", pixels).run();
    if (own) own->commit();
    return pixels;
}

Intake::Decision Intake::decide(const Received& in, const std::filesystem::path& arrived) {
    using Kept = Receipt::Kept;
    auto stands = standing(in);
    if (!stands) return {};
    const auto came = copies_.read(arrived, in.transfer_syntax, true);
    const auto file = spool_.absolute(stands->file);
    std::error_code ignored;
    const bool is_there = std::filesystem::exists(file, ignored);
    const bool same_place = StudyKey::parse(stands->study).uid == in.study &&
                            stands->series == in.series.str() &&
                            stands->sop_class == in.sop_class.str();
    if (!is_there || !same_place) return conflict_or_again(in, *stands, came.pixels);
    const bool other_encoding = stands->transfer_syntax != in.transfer_syntax;
    if (!other_encoding && pixels_of(*stands) != came.pixels) {
        return conflict_or_again(in, *stands, came.pixels);
    }
    const auto differs = difference(copies_.read(file, stands->transfer_syntax, false), came);
    const bool is_followed =
        differs == Difference::filled || (differs != Difference::none && copies_.follow);
    Decision decision{.kept = is_followed ? Kept::corrected : Kept::again,
                      .pixels = came.pixels,
                      .again_id = stands->id,
                      .again_study = stands->study};
    decision.words = other_encoding
                         ? fmt::format("from {} in {}: the same image in another transfer syntax",
                                       in.calling_ae, in.transfer_syntax)
                         : fmt::format("from {}, the same pixels", in.calling_ae);
    if (differs == Difference::patient) decision.words += ", of another patient";
    if (differs == Difference::changed) decision.words += ", with another header";
    if (differs != Difference::none && !is_followed) {
        decision.words += ": what came first stands (study.identity_changes)";
    }
    decision.stands = std::move(stands);
    return decision;
}

/// Other pixels under a UID that is in use: a conflict, unless the same copy is stored already.
Intake::Decision Intake::conflict_or_again(const Received& in, const Standing& stands,
                                           const std::string& pixels) {
    auto row = db_.prepare(kSameConflict);
    row.bind(":sop_instance", in.sop_instance.str())
        .bind(":owner", in.owner)
        .bind(":pixels", pixels);
    if (row.step()) {
        return {.kept = Receipt::Kept::again,
                .pixels = pixels,
                .again_id = row.integer(0),
                .again_study = row.text(1),
                .words = fmt::format("from {}, the same conflicting copy", in.calling_ae)};
    }
    return {.kept = Receipt::Kept::conflicting, .pixels = pixels, .stands = stands};
}

Receipt Intake::answer_again(const Received& in, const Decision& decision) {
    std::optional<Database::Transaction> own;
    if (!db_.in_transaction()) own.emplace(db_);
    const auto& study = decision.again_study;
    Journal journal(db_, clock_);
    journal.write_repeated(study, in.sop_instance.str(), JournalEvent::image_again, decision.words);
    // The sender of a repeated image may be missing its result. Delivered results are not sent
    // again.
    if (const auto refused = JobQueue(db_, clock_).resubmit_refused(study); refused > 0) {
        journal.write_repeated(study, in.sop_instance.str(), JournalEvent::result_again,
                               fmt::format("{} refused before: sent again", refused));
    }
    if (own) own->commit();
    return {Receipt::Kept::again, decision.again_id};
}

/// Another report is due for a study to which no image came.
void Intake::make_due_anew(const std::string& study, std::int64_t now_ms) {
    db_.prepare(kDueAnew)
        .bind(":study", study)
        .bind(":now_ms", now_ms)
        .bind(":quiet_ms", times_.quiet_ms)
        .bind(":ceiling_ms", times_.ceiling_ms)
        .run();
}

/// The stored image is no longer current; the study that holds it is due for another report.
void Intake::replace(const Received& in, const Standing& stands, std::int64_t now_ms) {
    db_.prepare(kReplace).bind(":id", stands.id).run();
    db_.prepare(kRevise).bind(":study", stands.study).run();
    if (stands.study == in.key().str()) return;  // it is due already: the copy belongs to it
    make_due_anew(stands.study, now_ms);
    Journal(db_, clock_)
        .write(stands.study, in.sop_instance.str(), JournalEvent::image_left_study,
               fmt::format("from {}: its pixels came again in study {}", in.calling_ae,
                           in.key().str()));
}

/// The loop guard: a PACS may send our own objects back, also after their rows were removed.
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
            *study, in.sop_instance.str(), JournalEvent::image_own_result,
            fmt::format("sent back by {}: an object of our make, not analysed", in.calling_ae));
    return true;
}

Receipt Intake::receive(const Received& in) {
    db_.require_sound();
    if (is_own_result(in)) return {Receipt::Kept::own_result};
    in.file.flush();
    // Decided before the writers' turn is taken: reading 10 MB must not delay other writers.
    auto decision = decide(in, in.file.path());
    if (decision.kept == Receipt::Kept::again) return answer_again(in, decision);

    const auto now_ms = clock_.now_ms();
    const auto size_bytes = static_cast<std::int64_t>(in.file.bytes());
    UnclaimedFiles kept(spool_, in.was_kept_before);
    kept.add(spool_.keep(in.file, now_ms, kKeepSteps));

    Database::Transaction transaction(db_);
    const auto meanwhile = standing(in);  // another copy may have been received at the same time
    const auto id_of = [](const auto& stands) { return stands ? stands->id : 0; };
    if (id_of(meanwhile) != id_of(decision.stands)) {
        decision = decide(in, spool_.absolute(kept.files().front()));
    } else if (decision.kept == Receipt::Kept::conflicting) {
        decision = conflict_or_again(in, *meanwhile, decision.pixels);
    }
    if (decision.kept == Receipt::Kept::again) {
        const auto receipt = answer_again(in, decision);
        transaction.commit();
        return receipt;
    }
    const auto id = insert(in, kept.files().front(), size_bytes, decision, now_ms);
    crash_point("intake.before_commit");
    kept.commit(transaction);
    crash_point("intake.after_commit");
    return {decision.kept, id};
}

std::int64_t Intake::insert(const Received& in, const std::string& file, std::int64_t size_bytes,
                            const Decision& decision, std::int64_t now_ms) {
    const auto study = in.key().str();
    const bool conflicting = decision.kept == Receipt::Kept::conflicting;
    const bool corrected = decision.kept == Receipt::Kept::corrected;
    if (corrected) replace(in, *decision.stands, now_ms);
    db_.prepare(kTouchStudy)
        .bind(":study", study)
        .bind(":study_uid", in.study.str())
        .bind(":owner", in.owner)
        .bind(":accession_number", in.accession_number)
        .bind(":corrected", corrected ? 1 : 0)
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
        .bind(":pixels", decision.pixels)
        .bind(":revision", corrected ? decision.stands->revision + 1 : 0)
        .run();
    const auto id = db_.last_row_id();
    if (corrected && decision.stands->study != study) {
        db_.prepare(kRevise).bind(":study", study).run();
    }
    Journal journal(db_, clock_);
    if (conflicting) {
        journal.write(study, in.sop_instance.str(), JournalEvent::image_conflict,
                      fmt::format("from {} at {}: this UID came before with other content; kept "
                                  "apart and not analysed",
                                  in.calling_ae, in.peer_address));
        if (decision.stands->study != study) make_due_anew(decision.stands->study, now_ms);
        return id;
    }
    db_.prepare(kInferJob)
        .bind(":subject", std::to_string(id))
        .bind(":study", study)
        .bind(":now_ms", now_ms)
        .bind(":tenant", in.tenant)
        .bind(":urgent", std::int64_t{in.urgent})
        .run();
    const auto words = corrected ? decision.words + ": it stands from now on"
                                 : fmt::format("from {} at {}, {} bytes", in.calling_ae,
                                               in.peer_address, size_bytes);
    journal.write(study, in.sop_instance.str(),
                  corrected ? JournalEvent::image_corrected : JournalEvent::image_received, words);
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
