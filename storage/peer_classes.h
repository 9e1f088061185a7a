// SPDX-License-Identifier: Apache-2.0
// PeerClasses: which SOP classes a destination accepts, by its last negotiation and by its answers
// to objects. A destination that accepts the context and answers 0122 to the object does not accept
// the class. That answer is used for a week, then the class is tried again. A courier writes it,
// and the report worker reads it.
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

    /// Nothing before the first association.
    std::optional<bool> takes(std::string_view destination, std::string_view sop_class);

    /// The answers of an association. Answers that did not change are not written.
    void remember(std::string_view destination, std::string_view sop_class, bool taken);

    /// An object of this class was answered 0122, although its context had been accepted.
    void remember_refusal(std::string_view destination, std::string_view sop_class);

    /// When the peer's answer about this class last changed; 0: never.
    std::int64_t since_ms(std::string_view destination, std::string_view sop_class);

private:
    Database& db_;
    const Clock& clock_;
};

}  // namespace bucky::storage
