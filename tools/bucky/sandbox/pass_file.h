// SPDX-License-Identifier: Apache-2.0
// How a question and the file that it is about go through a socket of two processes: one datagram,
// the descriptor with it. Any thread.
#pragma once

#include <optional>

#include "scp/wire/unique_fd.h"
#include "tools/bucky/sandbox/protocol.h"

namespace bucky {

struct Asked {
    Question requested;
    scp::UniqueFd file;  ///< none: Question::forget has none
};

/// False when nobody is there to take it.
bool send_question(int socket, Question requested, int file = -1);

/// Waits for it. Nothing when the other end is gone.
std::optional<Asked> receive_question(int socket);

}  // namespace bucky
