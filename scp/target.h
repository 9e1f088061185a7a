// SPDX-License-Identifier: Apache-2.0
// Target: whom we call, and how patient we are.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "conf/base/ids.h"
#include "conf/settings.h"

namespace bucky::scp {

struct Target {
    std::string name;  ///< as the config calls it; empty for AE@HOST:PORT
    AeTitle ae;
    std::string host;  ///< name, IPv4 or IPv6 number
    std::uint16_t port = 104;
    std::chrono::seconds connect_timeout{10};
    std::chrono::seconds response_timeout{60};
    int give_up_fd = -1;  ///< once it is readable, every wait for this peer ends
};

inline Target target_of(const conf::DestinationSettings& destination) {
    return {destination.name,
            destination.ae_title,
            destination.host,
            static_cast<std::uint16_t>(destination.port),
            std::chrono::seconds{destination.connect_timeout_s},
            std::chrono::seconds{destination.response_timeout_s},
            -1};
}

}  // namespace bucky::scp
