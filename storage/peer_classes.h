// SPDX-License-Identifier: Apache-2.0
// PeerClasses: which SOP classes a destination takes, as it said when an association was negotiated
// last. A courier writes it, the report worker reads it; it outlives both.
// Threads: one PeerClasses per worker, over that worker's Database.
#pragma once

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

    /// The same again writes nothing.
    void remember(std::string_view destination, std::string_view sop_class, bool taken);

private:
    Database& db_;
    const Clock& clock_;
};

}  // namespace bucky::storage
