// SPDX-License-Identifier: Apache-2.0
// Named moments at which a test kills the node with SIGKILL.
//
// BUCKY_CRASH_AT=intake.after_rename (or NAME:3: at the third time) in the environment
// arms one. With BUCKY_HANG_AT the thread hangs for ever instead.
// A point that is not armed costs two comparisons. The names are listed in kCrashPoints, and the
// crash test walks them all: a point that is not listed is a bug and throws.
#pragma once

#include <string_view>

namespace bucky {

inline constexpr std::string_view kCrashPoints[] = {
    "store.after_receive",        // dataset in the temporary file, nothing synced
    "intake.after_sync",          // bytes durable under the temporary name
    "intake.after_rename",        // under the final name, no row yet
    "intake.before_commit",       // row and job written, transaction open
    "intake.after_commit",        // durable, sender not yet answered
    "store.after_answer",         // sender answered
    "infer.after_claim",          // job running under a lease
    "infer.before_commit",        // findings computed, not stored
    "infer.after_commit",         // findings stored
    "report.after_claim",         // report job running
    "outbox.after_files",         // result files durable, no rows yet
    "outbox.before_commit",       // rows and deliver jobs written, transaction open
    "outbox.after_commit",        // results durable
    "courier.after_claim",        // deliver job running
    "courier.before_send",        // association open, nothing sent
    "courier.after_send",         // peer has answered, job not finished
    "courier.after_commit",       // job done
    "retention.before_commit",    // rows of a settled study deleted, transaction open
    "retention.after_commit",     // rows deleted, files still there
    "retention.after_unlink",     // files deleted, their names still recorded
    "commitment.after_claim",     // commit job running
    "commitment.before_ask",      // request noted, nothing sent
    "commitment.after_ask",       // request accepted, its report not yet received
    "commitment.before_promise",  // report noted, transaction open
    "commitment.after_promise",   // report durable, the destination not yet answered
    "owed.before_commit",         // a caller's request written, transaction open
    "owed.after_commit",          // durable, the caller not yet answered
    "owed.after_report",          // the caller has the report, its row still there
};

void crash_point(std::string_view name);

}  // namespace bucky
