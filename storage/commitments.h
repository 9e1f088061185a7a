// SPDX-License-Identifier: Apache-2.0
// Commitments: which results a destination has promised to keep, where it is asked for storage
// commitment (PS3.4 Annex J).
//
// The transaction that ends the last delivery of a study to a destination creates a job in the
// destination's lane "commit" (lane.h). It stays open until the destination has committed to every
// result that it took. Its worker sends requests, reads answers, and delivers again what was lost.
// A session that receives an answer on another association records it here and makes the job due.
// Each request has its own Transaction UID, stored before the request is sent, so that an answer
// that comes early, late or unexpectedly still finds its request.
// Threads: one Commitments per worker, over that worker's Database.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conf/base/clock.h"
#include "conf/base/ids.h"
#include "conf/dicom/commitment.h"
#include "storage/database.h"
#include "storage/job_queue.h"

namespace bucky::storage {

/// For reports to people: whether a destination has committed to one result.
struct CommitmentLine {
    std::string destination, sop_instance;
    std::int64_t promised_at_ms = 0;  ///< 0: asked, or to be asked again
    std::uint16_t failure = 0;
};

class Commitments {
public:
    Commitments(Database& db, const Clock& clock) : db_(db), clock_(clock) {}

    /// A delivery has ended, with any outcome; called inside the transaction that ends it. When no
    /// other result of the study is on its way to this destination, a request for what it took is
    /// due.
    void delivery_ended(const Job& deliver_job, std::string_view destination);

    /// The objects of the next request: delivered and not committed. Empty: nothing is left to ask.
    std::vector<ObjectReference> unpromised(std::string_view destination, std::string_view study);

    /// Whether a result of the study is still on its way to this destination.
    bool on_the_way(std::string_view destination, std::string_view study);

    /// Records a request before it is sent.
    /// Crash point: commitment.before_ask.
    void asking(std::string_view destination, std::string_view study, const Uid& transaction,
                const std::vector<ObjectReference>& objects);

    bool is_answered(const Uid& transaction);

    /// Records an answer and makes the study's job due. False: this request was not sent to
    /// `destination`.
    /// A promise counts whenever it comes. A failure counts only in answer to the last request that
    /// named the object, because a later request may have found the object kept.
    /// Crash points: commitment.before_promise, commitment.after_promise.
    bool answered(std::string_view destination, const CommitmentAnswer& answer);

    /// Makes the objects that the destination says it does not keep due for delivery, not before
    /// `not_before_ms`. Returns their number. Ends no job: delivery_ended() makes it due.
    /// If a transaction is open, this is part of it.
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
