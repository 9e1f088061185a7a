// SPDX-License-Identifier: Apache-2.0
// enter() leads a caller of a TLS listener in: the handshake within scp.handshake_s, the whole
// A-ASSOCIATE-RQ after it within scp.artim_s, then a place among the associations. On the session's
// thread; what a stranger does here ends his connection and nothing else.
#pragma once

#include "scp/receive/session.h"

namespace bucky::scp {

/// Throws unavailable in words for the admin when there is no handshake or no request, exhausted
/// when there is no place (the caller has then been told to try again later).
void accept_tls(PendingConnection& pending, const SessionContext& context);

}  // namespace bucky::scp
