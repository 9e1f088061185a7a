// SPDX-License-Identifier: Apache-2.0
// `bucky decode-worker`: the process at the other end of DecoderPool. It never parses a file
// itself. It forks one child per file (confined_decoder.h): damage by a file ends with that child,
// and the next file gets a process that has read no other. It ends with the status of the child.
#pragma once

namespace bucky {

/// Runs until the node closes its end. Returns the exit status.
int serve_decoder();

}  // namespace bucky
