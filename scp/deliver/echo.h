// SPDX-License-Identifier: Apache-2.0
// echo() checks that a peer can be reached and speaks DICOM: what `bucky echo` prints. Any thread;
// start_wire() must have run.
#pragma once

#include <cstdint>
#include <string>

#include "conf/base/ids.h"
#include "scp/wire/target.h"

namespace bucky::scp {

struct EchoReply {
    double connect_ms = 0;     ///< TCP connection and association
    double round_trip_ms = 0;  ///< C-ECHO-RQ to C-ECHO-RSP
    std::uint16_t status = 0;
    std::uint32_t max_pdu_bytes = 0;  ///< largest PDU that the peer accepts; 0: no limit
    std::string implementation_class, implementation_version;  ///< the peer's; may be empty
    std::string transfer_syntax;                               ///< of the Verification context
    std::string security;  ///< TLS version, cipher suite, its certificate; empty: no TLS
};

/// Throws unavailable when the peer cannot be reached or does not answer, unsupported when it
/// rejects the association or does not support C-ECHO. The words say which, and what to change.
EchoReply echo(const Target& target, const AeTitle& calling);

}  // namespace bucky::scp
