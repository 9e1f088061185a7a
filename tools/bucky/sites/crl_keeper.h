// SPDX-License-Identifier: Apache-2.0
// The revocation list of the node that invites sites, kept as a file beside another model server.
// What is fetched counts only when an authority of service.ca has signed it and it is no older than
// the file: else the file stays. One thread at a time.
#pragma once

#include "conf/settings.h"

namespace bucky {

/// From told.control into told.crl. False: the file has this list already.
///   err  unavailable when the node is not reached or the file cannot be written; corrupt when what
///        it gave is no such list
bool fetch_revocation_list(const conf::ServiceSettings& told);

}  // namespace bucky
