// SPDX-License-Identifier: Apache-2.0
// Arrivals takes in the instances of one caller, by whichever transport they come: the limits, the
// file in the spool, Intake, log, metrics and audit are the same for all. The transport reads the
// bytes to their end, whatever is wrong, and answers once finish() has returned. One of them per
// session thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "conf/base/error.h"
#include "scp/receive/received_audit.h"
#include "scp/receive/session.h"
#include "scp/wire/receive_dataset.h"
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

/// One instance on its way in, as its sender names it.
struct Arrival {
    std::string sop_class, sop_instance, transfer_syntax;
    std::string study{};  ///< that it must be of; empty: any
    std::optional<storage::Incoming> file{};
    std::uint64_t header_bytes = 0, dataset_bytes = 0;
    std::optional<Error> failure{};  ///< why it will be refused
    bool ignored = false;            ///< its class is one of scp.ignore: it will not be kept
    storage::Receipt receipt{};
    std::string patient_name{}, patient_id{};
    std::chrono::steady_clock::time_point began = std::chrono::steady_clock::now();

    void fail(const Error& error) {
        if (!failure) failure = error;
    }
};

class Arrivals {
public:
    Arrivals(const SessionContext& context, Caller caller)
        : context_(context), caller_(std::move(caller)) {}

    const Caller& caller() const noexcept { return caller_; }

    /// Whether its class and its caller's limits let it in; opens its file. What refuses it is
    /// arrival.failure, here and in finish().
    void begin(Arrival& arrival);

    /// Where its data set goes: into the file, or nowhere.
    IncomingDataset dataset_of(Arrival& arrival) const;

    /// All of it has arrived. Without a failure it is durable afterwards, or ignored.
    void finish(Arrival& arrival, const IncomingDataset& dataset);

    /// Counts and logs.
    void note_kept(const Arrival& arrival);
    void note_refused(const Arrival& arrival, std::uint16_t status);

    /// Whether the queue has room at all. Throws exhausted.
    void check_queue();

    /// The association is over: its studies need not wait for it any longer.
    void association_ended() noexcept;

    std::uint64_t kept() const noexcept { return kept_; }
    std::uint64_t refused() const noexcept { return refused_; }
    std::uint64_t bytes() const noexcept { return bytes_; }

private:
    storage::Provenance provenance() const;
    void admit(Arrival& arrival);
    void check_rate();
    void check_quota();
    void keep(Arrival& arrival);
    void note_ignored(Arrival& arrival, const IncomingDataset& dataset);
    storage::Database& database();

    const SessionContext& context_;
    Caller caller_;
    std::optional<DatabasePool::Lease> db_;
    ReceivedAudit audit_;
    std::uint64_t kept_ = 0, refused_ = 0, bytes_ = 0;
};

}  // namespace bucky::scp
