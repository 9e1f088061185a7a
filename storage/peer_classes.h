// SPDX-License-Identifier: Apache-2.0
// PeerClasses: which SOP classes a destination takes, as it said when an association was negotiated
// last, and as it answered to objects: one that accepts the context and answers 0122 to the object
// does not take the class. That is believed for a week, then tried again. A courier writes it, the
// report worker reads it; it outlives both.
// Threads: one PeerClasses per worker, over that worker's Database.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "conf/base/clock.h"
#include "storage/database.h"

namespace bucky::storage {

class PeerClasses {
public:
    PeerClasses(Database& db, const Clock& clock) : db_(db), clock_(clock) {}

    /// Nothing while no association has told.
    std::optional<bool> takes(std::string_view destination, std::string_view sop_class);

    /// What an association said. The same again writes nothing.
    void remember(std::string_view destination, std::string_view sop_class, bool taken);

    /// An object of this class was answered 0122, though its context had been accepted.
    void remember_refusal(std::string_view destination, std::string_view sop_class);

    /// When the peer last said another thing about this class than before; 0: it never did.
    std::int64_t since_ms(std::string_view destination, std::string_view sop_class);

private:
    Database& db_;
    const Clock& clock_;
};

}  // namespace bucky::storage
