// SPDX-License-Identifier: Apache-2.0
// accept_tls() completes a connection to a TLS listener: the handshake within scp.handshake_s, then
// the whole A-ASSOCIATE-RQ within scp.artim_s, then a slot for the association. Runs on the
// session's thread. A failure ends this connection only.
#pragma once

#include "scp/receive/session.h"

namespace bucky::scp {

/// Throws unavailable, in words for the admin, when the handshake or the request does not come;
/// exhausted when there is no free slot (the caller has then been told to try again later).
void accept_tls(PendingConnection& pending, const SessionContext& context);

}  // namespace bucky::scp
