// SPDX-License-Identifier: Apache-2.0
// The certificates of this node and when they end. Those that it shows to others are read at each
// connection, so a new file needs no reload, and metrics and troubles follow the file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "conf/observe/trouble.h"
#include "conf/settings.h"
#include "scp/wire/tls_context.h"

namespace bucky {

struct OwnCertificate {
    std::string section;  ///< "listener.1", the name of a destination, "remote"
    scp::TlsFiles files;
};

/// Every certificate that these settings name as this node's.
std::vector<OwnCertificate> own_certificates(const conf::Settings& settings);

/// Those that end within status.certificate_days, or that cannot be read.
std::vector<Trouble> certificate_troubles(const conf::Settings& settings, std::int64_t now_ms);

/// Sets bucky_certificate_expires_timestamp_seconds of each destination with a certificate of ours,
/// and of [remote]. A file that cannot be read keeps its last value: the connection says why.
void tell_own_certificates(const conf::Settings& settings);

}  // namespace bucky
