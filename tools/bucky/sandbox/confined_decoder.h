// SPDX-License-Identifier: Apache-2.0
// The process that opens a stranger's file: it is handed one, shuts itself in with it, and answers
// what is asked of it. Whatever the file makes of it sees no other file, no network and no process.
#pragma once

namespace bucky {

/// Answers what comes through `link` until that is closed. Returns the exit status.
int serve_one_file(int link);

}  // namespace bucky
