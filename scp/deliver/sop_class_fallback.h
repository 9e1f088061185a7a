// SPDX-License-Identifier: Apache-2.0
// SopClassFallback: which classes a destination accepts, of those in which one result can be said
// (conf/dicom/result_kinds.h). Every connection asks for all of them where the transport can ask;
// each answer is remembered in the database. A result whose class is refused is made again in the
// best class that is accepted or, where nothing is known, in the best that was not refused.
// Threads: one SopClassFallback per courier, over that courier's Database and Sender.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conf/base/clock.h"
#include "scp/deliver/sender.h"
#include "storage/database.h"
#include "storage/outbox.h"
#include "storage/peer_classes.h"

namespace bucky::scp {

class SopClassFallback {
public:
    SopClassFallback(storage::Database& db, const Clock& clock, std::string destination,
                     Sender& sender);

    /// On the open connection: the class in which this result should be made instead. Nothing when
    /// its class is accepted, or when no other class is. The answers for all classes are stored
    /// first, so that a report that is made again has every result in the right class at once.
    std::optional<std::string_view> instead_of(const storage::Result& result);

    /// The same for a result that the destination has just refused for its class.
    std::optional<std::string_view> after_refusal(const storage::Result& result);

    /// Whether the peer's answer about this class has changed since then.
    bool changed_since(std::string_view sop_class, std::int64_t since_ms);

private:
    std::optional<std::string_view> best_for(const storage::Result& result);

    storage::PeerClasses classes_;
    const std::string destination_;
    Sender& sender_;
    std::vector<std::string_view> asked_;  ///< the classes of all kinds that have a choice
};

}  // namespace bucky::scp
