// SPDX-License-Identifier: Apache-2.0
#include "scp/receive/arrivals.h"

#include "conf/base/limits.h"
#include "conf/dicom/ignored_classes.h"
#include "conf/observe/log.h"
#include "conf/observe/metrics.h"
#include "conf/run/crash_point.h"
#include "conf/tenants.h"
#include "scp/receive/file_meta.h"
#include "scp/wire/contexts.h"
#include "scp/wire/dataset_header.h"
#include "storage/job_queue.h"
#include "storage/journal.h"
#include "storage/studies.h"
#include "storage/study_key.h"
#include "storage/turns.h"

namespace bucky::scp {
namespace {

using Steady = std::chrono::steady_clock;

std::int64_t ms_since(Steady::time_point start) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(Steady::now() - start).count();
}

std::string_view words_for(storage::Receipt::Kept kept) {
    switch (kept) {
        case storage::Receipt::Kept::fresh: return "fresh";
        case storage::Receipt::Kept::again: return "again";
        case storage::Receipt::Kept::conflicting: return "conflicting";
        case storage::Receipt::Kept::corrected: return "corrected";
        case storage::Receipt::Kept::own_result: return "own_result";
    }
    __builtin_unreachable();
}

/// The dataset must have these identifiers, and they must match the request (PS3.7 9.1.1.1).
void compare(const DatasetHeader& found, const Arrival& arrival) {
    if (found.sop_instance.empty()) throw Error(Fault::bad_input, "SOP Instance UID is missing");
    if (found.sop_class.empty()) throw Error(Fault::bad_input, "SOP Class UID is missing");
    if (found.study.empty()) throw Error(Fault::bad_input, "Study Instance UID is missing");
    if (found.series.empty()) throw Error(Fault::bad_input, "Series Instance UID is missing");
    if (Uid{found.sop_instance} != Uid{arrival.sop_instance}) {
        throw Error(Fault::corrupt, "SOP Instance UID is not that of the request");
    }
    if (Uid{found.sop_class} != Uid{arrival.sop_class}) {
        throw Error(Fault::corrupt, "SOP Class UID is not that of the request");
    }
    if (!arrival.study.empty() && Uid{found.study} != Uid{arrival.study}) {
        throw Error(Fault::corrupt, "Study Instance UID is not that of the request");
    }
}

}  // namespace

storage::Database& Arrivals::database() {
    if (!db_) db_.emplace(context_.databases.lease());
    return **db_;
}

void Arrivals::begin(Arrival& arrival) {
    try {
        admit(arrival);
        arrival.file.emplace(context_.spool.open());
        const auto header = write_file_meta({.sop_class = arrival.sop_class,
                                             .sop_instance = Uid{arrival.sop_instance}.str(),
                                             .transfer_syntax = arrival.transfer_syntax,
                                             .from = provenance()});
        arrival.file->write(header);
        arrival.header_bytes = header.size();
    } catch (const Error& error) {  // answered with a status
        arrival.fail(error);
    }
}

void Arrivals::admit(Arrival& arrival) {
    arrival.ignored = is_ignored(context_.settings.scp.ignore, arrival.sop_class);
    (void)Uid{arrival.sop_instance};
    if (arrival.ignored) return;
    if (find_storage_class(arrival.sop_class) == nullptr) {
        throw Error(Fault::unsupported, "SOP class is not taken");
    }
    if (find_transfer_syntax(arrival.transfer_syntax) == nullptr) {
        throw Error(Fault::unsupported, "transfer syntax is not taken");
    }
    check_rate();
    check_quota();
    check_queue();
}

IncomingDataset Arrivals::dataset_of(Arrival& arrival) const {
    const bool is_wanted = !arrival.failure && arrival.file.has_value();
    return {is_wanted ? &*arrival.file : nullptr,
            static_cast<std::uint64_t>(context_.settings.scp.max_instance_mb) << 20U};
}

void Arrivals::finish(Arrival& arrival, const IncomingDataset& dataset) {
    arrival.dataset_bytes = dataset.taken();
    if (dataset.failure()) arrival.fail(*dataset.failure());
    if (arrival.ignored) return note_ignored(arrival, dataset);
    if (arrival.failure) return;
    try {
        must_be_even(dataset, arrival.transfer_syntax);
        crash_point("store.after_receive");
        keep(arrival);
        context_.work.ring();
        if (arrival.receipt.kept == storage::Receipt::Kept::conflicting &&
            context_.settings.scp.conflicting == ConflictAnswer::refuse) {
            throw Error(Fault::bad_input, "UID was here with other content; kept apart");
        }
    } catch (const Error& error) {  // answered with a status
        arrival.fail(error);
    } catch (const std::exception& error) {  // likewise, as a bug
        arrival.fail(Error(Fault::bug, "{}", error.what()));
    }
}

void Arrivals::note_kept(const Arrival& arrival) {
    if (arrival.ignored) return;
    ++kept_;
    bytes_ += arrival.dataset_bytes;
    log::event("store.kept", {{"assoc", caller_.association},
                              {"from", caller_.calling_ae},
                              {"sop", arrival.sop_instance},
                              {"class", arrival.sop_class},
                              {"syntax", arrival.transfer_syntax},
                              {"bytes", arrival.dataset_bytes},
                              {"kept", words_for(arrival.receipt.kept)},
                              log::patient("patient_name", arrival.patient_name),
                              log::patient("patient_id", arrival.patient_id),
                              {"took_ms", ms_since(arrival.began)}});
    metrics::count("bucky_instances_received_total");
    metrics::count("bucky_received_bytes_total", {}, static_cast<double>(arrival.dataset_bytes));
    metrics::observe("bucky_stage_seconds",
                     std::chrono::duration<double>(Steady::now() - arrival.began).count(),
                     {{"stage", "receive"}});
}

void Arrivals::note_refused(const Arrival& arrival, std::uint16_t status_number) {
    ++refused_;
    const auto status = fmt::format("{:04X}", status_number);
    log::event(log::Level::warning, "store.refused",
               {{"assoc", caller_.association},
                {"from", caller_.calling_ae},
                {"sop", arrival.sop_instance},
                {"class", arrival.sop_class},
                {"syntax", arrival.transfer_syntax},
                {"bytes", arrival.dataset_bytes},
                {"status", status},
                {"why", arrival.failure ? arrival.failure->what() : ""},
                {"took_ms", ms_since(arrival.began)}});
    metrics::count("bucky_store_refused_total", {{"status", status}});
}

storage::Provenance Arrivals::provenance() const {
    return {.association = caller_.association,
            .calling_ae = caller_.calling_ae,
            .called_ae = caller_.called_ae,
            .peer_address = caller_.address,
            .tenant = caller_.tenant,
            .owner = caller_.owner,
            .urgent = caller_.urgent,
            .received_at_ms = context_.clock.now_ms()};
}

/// Checked before the image is received: a sender should not wait for a queue of days, and should
/// not be refused because of another sender.
void Arrivals::check_queue() {
    database().require_sound();
    const auto most = context_.settings.inference.queue_max;
    const auto shares = conf::queue_shares(context_.settings);
    const auto open = storage::JobQueue(database(), context_.clock).open(storage::Lane::infer());
    if (open < shares.open_to_all) return;
    if (open >= most) {
        metrics::count("bucky_limit_reached_total", {{"limit", "queue"}});
        throw Error(Fault::exhausted, "{} images wait, inference.queue_max", most);
    }
    storage::Turns turns(database());
    if (!turns.has_waiting(storage::Lane::infer(), caller_.tenant, shares.of_each)) return;
    metrics::count("bucky_limit_reached_total", {{"limit", "queue_share"}});
    throw Error(Fault::exhausted,
                "{} images wait, of {} at least {}: the rest of inference.queue_max is kept for "
                "others by inference.queue_reserved_percent",
                open, caller_.tenant, shares.of_each);
}

/// A flood of one caller delays only that caller.
void Arrivals::check_rate() {
    const auto [row, per_minute] = caller_.allowance;
    if (per_minute == 0) return;
    const auto account = fmt::format("[[peer]] {}", row);
    if (context_.image_rate.admit(account, per_minute, context_.clock.steady_ms())) return;
    metrics::count("bucky_limit_reached_total", {{"limit", "images_per_minute"}});
    throw Error(Fault::exhausted, "peer.images_per_minute, {}, is reached", per_minute);
}

/// The limits of a tenant apply to its senders together. The queue is checked first, so that an
/// image refused there does not use up the rate.
void Arrivals::check_quota() {
    const auto [per_minute, most] = caller_.quota;
    if (most > 0 && storage::Studies(database(), context_.clock).waiting(caller_.owner) >= most) {
        metrics::count("bucky_limit_reached_total", {{"limit", "tenant_queue"}});
        throw Error(Fault::exhausted, "{} images of {} wait, tenant.queue_max", most,
                    caller_.owner);
    }
    if (per_minute == 0) return;
    const auto account = "[[tenant]] " + caller_.owner;
    if (context_.image_rate.admit(account, per_minute, context_.clock.steady_ms())) return;
    metrics::count("bucky_limit_reached_total", {{"limit", "tenant_images_per_minute"}});
    throw Error(Fault::exhausted, "tenant.images_per_minute, {}, is reached", per_minute);
}

void Arrivals::keep(Arrival& arrival) {
    arrival.file->flush();
    const DatasetHeader found =
        read_dataset_header(arrival.file->path(), arrival.header_bytes, arrival.transfer_syntax);
    compare(found, arrival);
    arrival.patient_name = found.patient_name;
    arrival.patient_id = found.patient_id;
    const storage::Received received{.file = *arrival.file,
                                     .sop_instance = Uid{found.sop_instance},
                                     .sop_class = Uid{found.sop_class},
                                     .study = Uid{found.study},
                                     .series = Uid{found.series},
                                     .transfer_syntax = arrival.transfer_syntax,
                                     .accession_number = found.accession_number,
                                     .association = caller_.association,
                                     .calling_ae = caller_.calling_ae,
                                     .called_ae = caller_.called_ae,
                                     .peer_address = caller_.address,
                                     .tenant = caller_.tenant,
                                     .urgent = caller_.urgent,
                                     .is_of_our_make = is_of_our_make(found),
                                     .owner = caller_.owner};
    const conf::StudySettings& study = context_.settings.study;
    storage::Intake intake(database(), context_.spool, context_.clock,
                           {study.quiet_s * 1000, study.ceiling_s * 1000},
                           {study.identity_changes == IdentityChanges::follow, read_image_facts});
    arrival.receipt = intake.receive(received);
    if (arrival.receipt.kept == storage::Receipt::Kept::corrected) {
        metrics::count("bucky_images_corrected_total");
    }
    audit_.kept(found, caller_);
}

/// Its file is read for the study and forgotten. What fails here, a full disk or a data set that
/// cannot be read, costs the entry in the journal: nobody waits for this object.
void Arrivals::note_ignored(Arrival& arrival, const IncomingDataset& dataset) {
    const std::string_view sop_class = arrival.sop_class;
    std::string study = "-";
    try {
        if (arrival.failure) throw Error(*arrival.failure);
        must_be_even(dataset, arrival.transfer_syntax);
        arrival.file->flush();
        const DatasetHeader found = read_dataset_header(arrival.file->path(), arrival.header_bytes,
                                                        arrival.transfer_syntax);
        study = storage::StudyKey{Uid{found.study}, caller_.owner}.str();
        storage::Journal(database(), context_.clock)
            .write_repeated(study, "", storage::JournalEvent::instance_ignored,
                            fmt::format("{} from {}: not kept, by scp.ignore",
                                        name_of_class(sop_class), caller_.calling_ae));
    } catch (const std::exception& error) {  // a best effort, as above
        log::event(log::Level::warning, "store.ignored_unread",
                   {{"assoc", caller_.association}, {"why", error.what()}});
    }
    arrival.failure.reset();
    arrival.file.reset();
    log::event("store.ignored", {{"assoc", caller_.association},
                                 {"from", caller_.calling_ae},
                                 {"study", study},
                                 {"sop", arrival.sop_instance},
                                 {"class", sop_class},
                                 {"bytes", arrival.dataset_bytes}});
    metrics::count("bucky_instances_ignored_total");
}

void Arrivals::association_ended() noexcept {
    if (kept_ == 0) return;
    try {
        audit_.tell();
        const conf::StudySettings& study = context_.settings.study;
        storage::Intake intake(database(), context_.spool, context_.clock,
                               {study.quiet_s * 1000, study.ceiling_s * 1000});
        intake.association_ended(caller_.association);
        context_.work.ring();
    } catch (const std::exception& error) {
        // Its studies become complete by their quiet time instead.
        log::event(log::Level::warning, "association.end_not_noted",
                   {{"assoc", caller_.association}, {"why", error.what()}});
    }
}

}  // namespace bucky::scp
