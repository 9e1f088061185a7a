// SPDX-License-Identifier: Apache-2.0
// `bucky decode-worker`: what runs at the other end of DecoderPool. It never opens a stranger's
// file. A child that it forks does, one child a file (confined_decoder.h): what one file makes of
// the child ends with it, and the next file meets a process that has seen none. How the child
// ended, this process ends.
#pragma once

namespace bucky {

/// Until the node is gone. Returns the exit status.
int serve_decoder();

}  // namespace bucky
