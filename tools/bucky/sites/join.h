// SPDX-License-Identifier: Apache-2.0
// A site joins a service and keeps its certificate young. Its files lie in data_dir/site:
//   site.pem  its certificate and key, in one file so that both change at once
//   ca.pem    the authority of the service
//   url       of the node that invited it, and how its certificate is checked
// The key is made here and goes nowhere else. Not thread-safe: one thread of a node renews.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "conf/base/clock.h"
#include "conf/settings.h"

namespace bucky {

struct Joined {
    std::string site;           ///< the name that the service gave it
    std::string url;            ///< of the models
    std::int64_t until_ms = 0;  ///< of the certificate
    bool trusts_own_ca = true;  ///< false: the certificate of the service is of a public authority
};

/// in   the address and the token of the invitation; data_dir/site; the config's [remote], whose
///      proxy and addresses are the way to the service
/// err  bad_input when the token is none; corrupt when the service shows another authority than the
///      invitation names; unavailable, in the service's words, when it refuses or is not reached
Joined join(const std::string& url, const std::string& token, const std::filesystem::path& folder,
            const conf::RemoteSettings& way);

/// A new key and certificate when two thirds of the present one's time have passed. False: not yet,
/// or this node has joined no service.
///   err  unavailable, in the service's words
bool renew_if_due(const std::filesystem::path& folder, const conf::RemoteSettings& way,
                  const Clock& clock);

/// The lines of [remote] for the config.
std::string remote_lines(const std::filesystem::path& folder, const Joined& joined);

}  // namespace bucky
