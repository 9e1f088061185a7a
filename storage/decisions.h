// SPDX-License-Identifier: Apache-2.0
// Decisions: one record for each verdict, which stays when image, study and results have left.
//
// Each owner (tenant) has a chain of its own. A record says what was decided and by what, as text
// without a patient (tools/bucky/shared/decision_record.h), and holds the hash of the record before
// it: whoever changes, removes or inserts one breaks the chain at that number. add() belongs into
// the transaction of the verdict. Whoever can write the database can also write a whole new chain:
// this is found only by a hash that was noted elsewhere (the log line of each verdict names it).
// Threads: as Database.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "conf/base/clock.h"
#include "storage/database.h"

namespace bucky::storage {

struct Decision {
    std::int64_t number = 0;  ///< in the owner's chain, from 1
    std::int64_t at_ms = 0;   ///< of the verdict (UTC)
    std::string record;       ///< JSON
    std::string before;       ///< hash of the record before, hexadecimal; zeros: it is the first
    std::string sha256;       ///< of this one: hash_of()
};

/// A record by its place and its hash.
struct DecisionMark {
    std::int64_t number = 0;
    std::string sha256;
};

/// SHA-256 of before, owner, number, at_ms and record with a line feed between each two, in UTF-8
/// and decimal digits.
std::string hash_of(std::string_view owner, const Decision& decision);

class Decisions {
public:
    Decisions(Database& db, const Clock& clock) : db_(db), clock_(clock) {}

    /// Call it within a transaction.
    DecisionMark add(std::string_view owner, std::string_view record);

    std::vector<std::string> owners();  ///< that have a chain, in the order of the alphabet

    /// Visits the records of one owner from this time on, the oldest first, as they are at one
    /// moment.
    void each(std::string_view owner, std::int64_t since_ms,
              const std::function<void(const Decision&)>& visit);

    struct Checked {
        std::int64_t records = 0, bytes = 0;  ///< of their text
        DecisionMark first, last;             ///< number 0: there is none
        bool holds_wanted = false;            ///< a record has the hash that was asked for
        std::vector<std::string> wrong;       ///< in words, with the record's number; <= kWrongMax
    };
    static constexpr std::size_t kWrongMax = 20;

    /// Reads every record of an owner. `wanted`: a hash that was noted before; empty: none.
    Checked verify(std::string_view owner, std::string_view wanted = "");

    /// Removes the oldest records of each chain that were made before this time, `at_most` of each
    /// (1 or more), and keeps the hash that the first record left builds on. Returns how many.
    std::int64_t forget(std::int64_t before_ms, std::int64_t at_most);

private:
    std::int64_t forget_of(const std::string& owner, std::int64_t before_ms, std::int64_t at_most);

    Database& db_;
    const Clock& clock_;
};

}  // namespace bucky::storage
