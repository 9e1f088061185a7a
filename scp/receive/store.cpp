// SPDX-License-Identifier: Apache-2.0
#include "scp/receive/store.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <span>

#include <dcmtk/dcmdata/dctk.h>

#include "conf/base/limits.h"
#include "conf/dicom/ignored_classes.h"
#include "conf/observe/log.h"
#include "conf/observe/metrics.h"
#include "conf/run/crash_point.h"
#include "conf/tenants.h"
#include "scp/receive/file_meta.h"
#include "scp/wire/check.h"
#include "scp/wire/contexts.h"
#include "scp/wire/dataset_header.h"
#include "scp/wire/receive_dataset.h"
#include "scp/wire/status.h"
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
void compare(const DatasetHeader& found, const T_DIMSE_C_StoreRQ& request) {
    if (found.sop_instance.empty()) throw Error(Fault::bad_input, "SOP Instance UID is missing");
    if (found.sop_class.empty()) throw Error(Fault::bad_input, "SOP Class UID is missing");
    if (found.study.empty()) throw Error(Fault::bad_input, "Study Instance UID is missing");
    if (found.series.empty()) throw Error(Fault::bad_input, "Series Instance UID is missing");
    if (Uid{found.sop_instance} != Uid{request.AffectedSOPInstanceUID}) {
        throw Error(Fault::corrupt, "SOP Instance UID is not that of the request");
    }
    if (Uid{found.sop_class} != Uid{request.AffectedSOPClassUID}) {
        throw Error(Fault::corrupt, "SOP Class UID is not that of the request");
    }
}

}  // namespace

/// One C-STORE in progress.
struct Store::Reception {
    T_ASC_PresentationContextID context;
    const T_DIMSE_C_StoreRQ& request;
    std::string transfer_syntax;
    std::optional<storage::Incoming> file;
    std::uint64_t header_bytes = 0;
    std::uint64_t dataset_bytes = 0;
    std::optional<Error> failure;  ///< why it will be refused
    bool ignored = false;          ///< its class is one of scp.ignore: it will not be kept
    std::string patient_name{}, patient_id{};
    Steady::time_point began = Steady::now();

    void fail(const Error& error) {
        if (!failure) failure = error;
    }
};

storage::Database& Store::database() {
    if (!db_) db_.emplace(context_.databases.lease());
    return **db_;
}

OFCondition Store::serve(T_ASC_Association& assoc, T_ASC_PresentationContextID context,
                         const T_DIMSE_C_StoreRQ& request) {
    Reception reception{context, request, {}, {}, 0, 0, {}};
    const OFCondition received = receive(assoc, reception);
    if (received.bad()) return received;
    if (reception.ignored) {
        note_ignored(reception);
        return answer(assoc, reception);
    }
    storage::Receipt receipt{};
    if (!reception.failure) {
        try {
            crash_point("store.after_receive");
            receipt = keep(reception);
            context_.work.ring();
            if (receipt.kept == storage::Receipt::Kept::conflicting &&
                context_.settings.scp.conflicting == ConflictAnswer::refuse) {
                throw Error(Fault::bad_input, "UID was here with other content; kept apart");
            }
        } catch (const Error& error) {  // answered after the dataset has been read to its end
            reception.fail(error);
        } catch (const std::exception& error) {  // likewise, as a bug
            reception.fail(Error(Fault::bug, "{}", error.what()));
        }
    }
    const OFCondition answered = answer(assoc, reception);
    if (!reception.failure) {
        crash_point("store.after_answer");
        ++kept_;
        bytes_ += reception.dataset_bytes;
        log::event("store.kept", {{"assoc", caller_.association},
                                  {"from", caller_.calling_ae},
                                  {"sop", request.AffectedSOPInstanceUID},
                                  {"class", request.AffectedSOPClassUID},
                                  {"syntax", reception.transfer_syntax},
                                  {"bytes", reception.dataset_bytes},
                                  {"kept", words_for(receipt.kept)},
                                  log::patient("patient_name", reception.patient_name),
                                  log::patient("patient_id", reception.patient_id),
                                  {"took_ms", ms_since(reception.began)}});
        metrics::count("bucky_instances_received_total");
        metrics::count("bucky_received_bytes_total", {},
                       static_cast<double>(reception.dataset_bytes));
        metrics::observe("bucky_stage_seconds",
                         std::chrono::duration<double>(Steady::now() - reception.began).count(),
                         {{"stage", "receive"}});
    }
    return answered;
}

/// Reads the dataset to its end. Only a lost association makes the condition bad; a fault of the
/// instance or of our disk is stored in `reception`.
OFCondition Store::receive(T_ASC_Association& assoc, Reception& reception) {
    const T_DIMSE_C_StoreRQ& request = reception.request;
    if (request.DataSetType == DIMSE_DATASET_NULL) {
        reception.fail(Error(Fault::bad_input, "no data set came with the request"));
        return EC_Normal;
    }
    T_ASC_PresentationContext negotiated{};
    const OFCondition found =
        ASC_findAcceptedPresentationContext(assoc.params, reception.context, &negotiated);
    if (found.bad()) return found;
    reception.transfer_syntax = syntaxes_.of(negotiated);
    try {
        reception.ignored = is_ignored(context_.settings.scp.ignore, request.AffectedSOPClassUID);
        if (std::string_view{negotiated.abstractSyntax} != request.AffectedSOPClassUID ||
            (!reception.ignored && find_storage_class(request.AffectedSOPClassUID) == nullptr)) {
            reception.ignored = false;
            throw Error(Fault::unsupported, "SOP class not negotiated for this context");
        }
        const Uid instance{request.AffectedSOPInstanceUID};
        if (!reception.ignored) {
            check_rate();
            check_quota();
            check_queue();
        }
        reception.file.emplace(context_.spool.open());
        const auto header = write_file_meta({.sop_class = request.AffectedSOPClassUID,
                                             .sop_instance = instance.str(),
                                             .transfer_syntax = reception.transfer_syntax,
                                             .from = provenance()});
        reception.file->write(header);
        reception.header_bytes = header.size();
    } catch (const Error& error) {  // answered with a status
        reception.fail(error);
    }
    const bool wanted = !reception.failure && reception.file.has_value();
    IncomingDataset stream(wanted ? &*reception.file : nullptr,
                           static_cast<std::uint64_t>(context_.settings.scp.max_instance_mb)
                               << 20U);
    T_ASC_PresentationContextID context = 0;
    const OFCondition received = receive_dataset(
        assoc, static_cast<int>(context_.settings.scp.read_timeout_s), context, stream);
    reception.dataset_bytes = stream.taken();
    if (stream.failure()) reception.fail(*stream.failure());
    if (received.good() && context != reception.context) {
        reception.fail(Error(Fault::bad_input, "data set came in another context"));
    }
    try {
        if (received.good()) must_be_even(stream, reception.transfer_syntax);
    } catch (const Error& error) {  // answered with a status
        reception.fail(error);
    }
    return received;
}

storage::Provenance Store::provenance() const {
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
void Store::check_queue() {
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
void Store::check_rate() {
    const auto [row, per_minute] = caller_.allowance;
    if (per_minute == 0) return;
    const auto account = fmt::format("[[peer]] {}", row);
    if (context_.image_rate.admit(account, per_minute, context_.clock.steady_ms())) return;
    metrics::count("bucky_limit_reached_total", {{"limit", "images_per_minute"}});
    throw Error(Fault::exhausted, "peer.images_per_minute, {}, is reached", per_minute);
}

/// The limits of a tenant apply to its senders together. The queue is checked first, so that an
/// image refused there does not use up the rate.
void Store::check_quota() {
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

storage::Receipt Store::keep(Reception& reception) {
    reception.file->flush();
    const DatasetHeader found = read_dataset_header(reception.file->path(), reception.header_bytes,
                                                    reception.transfer_syntax);
    compare(found, reception.request);
    reception.patient_name = found.patient_name;
    reception.patient_id = found.patient_id;
    const storage::Received received{.file = *reception.file,
                                     .sop_instance = Uid{found.sop_instance},
                                     .sop_class = Uid{found.sop_class},
                                     .study = Uid{found.study},
                                     .series = Uid{found.series},
                                     .transfer_syntax = reception.transfer_syntax,
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
    auto receipt = intake.receive(received);
    if (receipt.kept == storage::Receipt::Kept::corrected) {
        metrics::count("bucky_images_corrected_total");
    }
    audit_.kept(found, caller_);
    return receipt;
}

/// Its file is read for the study and forgotten. What fails here, a full disk or a data set that
/// cannot be read, costs the entry in the journal: nobody waits for this object.
void Store::note_ignored(Reception& reception) {
    const std::string_view sop_class = reception.request.AffectedSOPClassUID;
    std::string study = "-";
    try {
        if (reception.failure) throw Error(*reception.failure);
        reception.file->flush();
        const DatasetHeader found = read_dataset_header(
            reception.file->path(), reception.header_bytes, reception.transfer_syntax);
        study = storage::StudyKey{Uid{found.study}, caller_.owner}.str();
        storage::Journal(database(), context_.clock)
            .write_repeated(study, "", storage::JournalEvent::instance_ignored,
                            fmt::format("{} from {}: not kept, by scp.ignore",
                                        name_of_class(sop_class), caller_.calling_ae));
    } catch (const std::exception& error) {  // a best effort, as above
        log::event(log::Level::warning, "store.ignored_unread",
                   {{"assoc", caller_.association}, {"why", error.what()}});
    }
    reception.failure.reset();
    reception.file.reset();
    log::event("store.ignored", {{"assoc", caller_.association},
                                 {"from", caller_.calling_ae},
                                 {"study", study},
                                 {"sop", reception.request.AffectedSOPInstanceUID},
                                 {"class", sop_class},
                                 {"bytes", reception.dataset_bytes}});
    metrics::count("bucky_instances_ignored_total");
}

OFCondition Store::answer(T_ASC_Association& assoc, const Reception& reception) {
    T_DIMSE_C_StoreRSP response{};
    response.DimseStatus = kSuccess;
    std::unique_ptr<DcmDataset> detail;
    if (reception.failure) {
        const Error& error = *reception.failure;
        response.DimseStatus = dimse_status(error.fault());
        detail = std::make_unique<DcmDataset>();
        const std::string comment{error_comment(error.fault())};
        (void)detail->putAndInsertString(DCM_ErrorComment, comment.c_str());
        ++refused_;
        const auto status = fmt::format("{:04X}", response.DimseStatus);
        log::event(log::Level::warning, "store.refused",
                   {{"assoc", caller_.association},
                    {"from", caller_.calling_ae},
                    {"sop", reception.request.AffectedSOPInstanceUID},
                    {"class", reception.request.AffectedSOPClassUID},
                    {"syntax", reception.transfer_syntax},
                    {"bytes", reception.dataset_bytes},
                    {"status", status},
                    {"why", error.what()},
                    {"took_ms", ms_since(reception.began)}});
        metrics::count("bucky_store_refused_total", {{"status", status}});
    }
    return DIMSE_sendStoreResponse(&assoc, reception.context, &reception.request, &response,
                                   detail.get());
}

void Store::association_ended() noexcept {
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
