// SPDX-License-Identifier: Apache-2.0
// The certificate of a TLS caller, judged after the handshake instead of within it: a caller that
// is refused can then be told why in its own protocol, and a certificate that was revoked meanwhile
// is found on a connection that is open already.
#pragma once

#include <optional>
#include <string>

#include "scp/wire/tls_context.h"

struct ssl_st;

namespace bucky::scp {

struct CallerCertificate {
    std::string common_name, subject;
    std::string serial;   ///< hexadecimal digits
    std::string sha256;   ///< of the DER form, 64 lower-case hex digits
    std::string refused;  ///< why it does not count, in words for both admins; empty: it does
};

/// Lets the handshake succeed with any certificate whose key the caller has. Its answer to
/// everything then depends on judge_caller().
void accept_any_certificate(ssl_st& tls);

/// The certificate that the caller presented, judged by the authorities and lists of `rules` as
/// they are now; nothing when it presented none.
std::optional<CallerCertificate> judge_caller(const ssl_st& tls, const TlsContext& rules,
                                              std::string_view section);

}  // namespace bucky::scp
