// SPDX-License-Identifier: Apache-2.0
// The inside of a decode worker: `bucky decode-worker`, which the node starts and nobody else.
//
// It opens strangers' files, so it has little to lose: no database, no network, an address space
// that is limited, a processor time that is limited for each image, no core file. It ends when its
// node does. One thread.
#pragma once

#include <filesystem>
#include <vector>

namespace bucky {

/// Answers questions from kWorkerSocket until the other end is closed, about files beneath these
/// folders (none: about any). Returns the exit status.
int serve_decoder(const std::vector<std::filesystem::path>& reads);

}  // namespace bucky
