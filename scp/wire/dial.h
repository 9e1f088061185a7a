// SPDX-License-Identifier: Apache-2.0
// dial() opens a TCP connection over IPv4 or IPv6, by name or number, within a given time.
//
// DCMTK's own connect has one timeout for the whole process, no IPv6 numbers and no host names
// longer than 63 characters. So we open the connection ourselves. DCMTK connects to the rendezvous,
// a listening loopback socket of ours that nothing serves, and Layer replaces that connection with
// ours. Any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

#include "scp/wire/unique_fd.h"

namespace bucky::scp {

/// Throws unavailable, in words that name host and port and say what happened; at once when
/// `give_up_fd` (-1: none) becomes readable.
UniqueFd dial(const std::string& host, std::uint16_t port, std::chrono::milliseconds at_most,
              int give_up_fd = -1);

/// "127.0.0.1:PORT" of the rendezvous, which the first call opens.
const std::string& rendezvous_address();

/// Accepts and closes the connections that wait at the rendezvous, so that its queue never fills.
void clear_rendezvous();

/// Two connected TCP sockets on loopback; DCMTK takes one for an accepted connection (start.h).
std::pair<UniqueFd, UniqueFd> connected_pair();

}  // namespace bucky::scp
