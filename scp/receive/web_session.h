// SPDX-License-Identifier: Apache-2.0
// serve_web() serves one connection of the port for DICOMweb on a thread of its own: requests to
// store (STOW-RS, PS3.18 10.5), one after another. The connection is what an association is to
// C-STORE: the same rules at the door, the same limits, and a study whose images all came in it is
// complete when it ends. A fault of the caller ends this connection and nothing else.
#pragma once

#include <string_view>

#include "scp/receive/session.h"

namespace bucky::scp {

/// Returns how it ended, in a word for the metric. With TLS, the handshake is over.
std::string_view serve_web(PendingConnection pending, const SessionContext& context);

/// What a caller is told for which there is no room, without a request having been read.
inline constexpr std::string_view kWebBusy =
    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 30\r\nContent-Length: 0\r\n"
    "Connection: close\r\n\r\n";

}  // namespace bucky::scp
