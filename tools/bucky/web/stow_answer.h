// SPDX-License-Identifier: Apache-2.0
// What an answer of STOW-RS means for the one instance that was sent (PS3.18 10.5.3, I.2). The
// reason that the answer gives for it is read as a status of C-STORE (scp/wire/status.h); without
// one the HTTP status decides. Pure.
#pragma once

#include <string_view>

#include "scp/deliver/sender.h"

namespace bucky {

/// `body`: in DICOM JSON (PS3.18 F). One in another form, or too long, counts as empty.
scp::SendOutcome stow_outcome(long http_status, std::string_view body,
                              std::string_view sop_instance);

/// Whether this HTTP status says nothing of the object: no other would be taken now either.
bool is_of_service(long http_status);

/// "HTTP 401: ...", with what an admin can do.
std::string words_for_http_status(long http_status);

}  // namespace bucky
