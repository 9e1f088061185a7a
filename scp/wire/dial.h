// SPDX-License-Identifier: Apache-2.0
// dial() opens a TCP connection: IPv4 or IPv6, by name or number, within a time of the caller's.
//
// DCMTK's own connecting knows one timeout for the whole process, no IPv6 number and no host name
// beyond 63 characters. So we connect, DCMTK connects to the rendezvous (a listening socket of ours
// on loopback that nobody serves), and Layer puts our connection in the place of its. Any thread.
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

/// "127.0.0.1:PORT" of the rendezvous, opened by the first call.
const std::string& rendezvous_address();

/// Forget the connections that wait at the rendezvous, so that its queue never fills.
void clear_rendezvous();

/// Two connected TCP sockets on loopback: DCMTK's stand-in for an accepted connection (start.h).
std::pair<UniqueFd, UniqueFd> connected_pair();

}  // namespace bucky::scp
