// SPDX-License-Identifier: Apache-2.0
// Sends a question and the file that it is about through a Unix socket: one datagram with the
// descriptor attached. Any thread.
#pragma once

#include <optional>

#include "scp/wire/unique_fd.h"
#include "tools/bucky/sandbox/protocol.h"

namespace bucky {

struct Asked {
    Question requested;
    scp::UniqueFd file;  ///< none: Question::forget has none
};

/// Returns false when the other end is closed.
bool send_question(int socket, Question requested, int file = -1);

/// Waits for a question. Nullopt when the other end is closed.
std::optional<Asked> receive_question(int socket);

}  // namespace bucky
