// SPDX-License-Identifier: Apache-2.0
// Commitments: which results a destination has promised to keep, where it is asked to (PS3.4
// Annex J).
//
// Lane "commit:<destination>" (subject: study UID). The transaction that ends the last delivery of
// a study makes its job, and the job stays open until the destination has promised every result
// that it took. Who works on it asks, hears, and delivers again what was lost; who hears the answer
// on another association (a session) notes it here and makes the job due. Each request has a
// Transaction UID of its own, in the database before it is sent, so that an answer that comes
// before, after or instead of what we expect finds its request.
// Threads: one Commitments per worker, over that worker's Database.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conf/base/clock.h"
#include "conf/base/ids.h"
#include "storage/database.h"
#include "storage/job_queue.h"

namespace bucky::storage {

/// One object as commitment messages name it.
struct ObjectReference {
    Uid sop_class, sop_instance;
    bool operator==(const ObjectReference&) const = default;
};

/// What a destination says of the objects of one request.
struct CommitmentAnswer {
    struct Failed {
        ObjectReference object;
        std::uint16_t reason = 0;  ///< (0008,1197)
    };
    Uid transaction;
    std::vector<ObjectReference> kept;
    std::vector<Failed> failed;
};

/// For people: how a destination stands to one result.
struct CommitmentLine {
    std::string destination, sop_instance;
    std::int64_t promised_at_ms = 0;  ///< 0: asked, or to be asked again
    std::uint16_t failure = 0;
};

class Commitments {
public:
    Commitments(Database& db, const Clock& clock) : db_(db), clock_(clock) {}

    static std::string lane_of(std::string_view destination);

    /// A delivery has ended, in whatever way: inside the transaction that ends it. When the study
    /// has no other on its way to this destination, what it took is to be asked for now.
    void delivery_ended(const Job& deliver_job, std::string_view destination);

    /// What the next request is about: delivered, and not promised. Empty: nothing is left to ask.
    std::vector<ObjectReference> unpromised(std::string_view destination, std::string_view study);

    /// Whether a result of the study is still on its way to this destination.
    bool on_the_way(std::string_view destination, std::string_view study);

    /// Notes a request before it is sent.
    /// Crash point: commitment.before_ask.
    void asking(std::string_view destination, std::string_view study, const Uid& transaction,
                const std::vector<ObjectReference>& objects);

    bool is_answered(const Uid& transaction);

    /// Notes an answer, and makes the study's job due. False: `destination` was never asked so.
    /// A promise counts whenever it comes; a failure only in answer to the last request that named
    /// the object, for a later one may have found it there.
    /// Crash points: commitment.before_promise, commitment.after_promise.
    bool answered(std::string_view destination, const CommitmentAnswer& answer);

    /// What the destination said it does not keep is to be delivered again, not before
    /// `not_before_ms`. Returns how many objects. Ends no job: delivery_ended() makes it due.
    /// Inside an open transaction it is part of it.
    std::int64_t deliver_again(std::string_view destination, std::string_view study,
                               std::int64_t not_before_ms);

    std::vector<CommitmentLine> of_study(std::string_view study);

private:
    bool note(std::string_view destination, const CommitmentAnswer& answer);

    Database& db_;
    const Clock& clock_;
};

/// "0112 (no such object instance)": PS3.3 C.14.1.1.
std::string words_for_failure(std::uint16_t reason);

}  // namespace bucky::storage
