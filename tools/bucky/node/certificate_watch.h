// SPDX-License-Identifier: Apache-2.0
// When the certificates end that this node shows to those that it calls. They are read at each
// connection, so a new file needs no reload, and the metrics follow the file.
#pragma once

#include "conf/settings.h"

namespace bucky {

/// Sets bucky_certificate_expires_timestamp_seconds of each destination with a certificate of ours,
/// and of [remote]. A file that cannot be read keeps its last value: the connection says why.
void tell_own_certificates(const conf::Settings& settings);

}  // namespace bucky
