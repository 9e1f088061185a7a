// SPDX-License-Identifier: Apache-2.0
// Store answers C-STORE requests. The dataset goes to a spool file byte for byte, and the answer is
// success only once Intake has made it durable. The dataset is always read to its end, even if the
// instance is invalid, so that the association stays usable for the next one. One Store per session
// thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmnet/assoc.h>
#include <dcmtk/dcmnet/dimse.h>

#include "scp/receive/received_audit.h"
#include "scp/receive/session.h"
#include "scp/wire/true_syntaxes.h"
#include "storage/intake.h"
#include "storage/spooled.h"

namespace bucky::scp {

/// The caller that sends the instances.
struct Caller {
    std::string association, calling_ae, called_ae, address;
    std::string tenant;  ///< whose queue they join
    bool urgent = false;
    struct Allowance {
        std::size_t peer_row = 0;
        std::int64_t images_per_minute = 0;  ///< 0: no limit
    } allowance{};
    std::string owner{};  ///< the tenant that owns the instances; empty: none
    struct Quota {
        std::int64_t images_per_minute = 0, queue_max = 0;  ///< of all its senders; 0: no limit
    } quota{};
};

class Store {
public:
    Store(const SessionContext& context, Caller caller, TrueSyntaxes syntaxes)
        : context_(context), caller_(std::move(caller)), syntaxes_(std::move(syntaxes)) {}

    /// Reads the dataset, keeps it, answers. The condition is bad when the association is lost.
    OFCondition serve(T_ASC_Association& assoc, T_ASC_PresentationContextID context,
                      const T_DIMSE_C_StoreRQ& request);

    /// The association is over: its studies need not wait for it any longer.
    void association_ended() noexcept;

    std::uint64_t kept() const noexcept { return kept_; }
    std::uint64_t refused() const noexcept { return refused_; }
    std::uint64_t bytes() const noexcept { return bytes_; }

private:
    struct Reception;
    OFCondition receive(T_ASC_Association& assoc, Reception& reception);
    storage::Provenance provenance() const;
    void check_queue();
    void check_rate();
    void check_quota();
    storage::Receipt keep(Reception& reception);
    void note_ignored(Reception& reception);
    OFCondition answer(T_ASC_Association& assoc, const Reception& reception);
    storage::Database& database();

    const SessionContext& context_;
    Caller caller_;
    TrueSyntaxes syntaxes_;
    std::optional<DatabasePool::Lease> db_;
    ReceivedAudit audit_;
    std::uint64_t kept_ = 0, refused_ = 0, bytes_ = 0;
};

}  // namespace bucky::scp
