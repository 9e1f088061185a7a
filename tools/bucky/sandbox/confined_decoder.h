// SPDX-License-Identifier: Apache-2.0
// The process that parses a file from the network. It receives one open file, confines itself
// (seccomp, Landlock) and answers questions about it. Code that runs in it through a hostile file
// has no other file, no network and no other process.
#pragma once

namespace bucky {

/// Answers questions from `link` until that is closed. Returns the exit status.
int serve_one_file(int link);

}  // namespace bucky
