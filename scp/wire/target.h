// SPDX-License-Identifier: Apache-2.0
// Target: the peer to call, and how long to wait for it.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "conf/base/ids.h"
#include "conf/settings.h"

namespace bucky::scp {

struct Target {
    std::string name;  ///< from the config; empty for AE@HOST:PORT
    AeTitle ae;
    std::string host;  ///< name, IPv4 or IPv6 number
    std::uint16_t port = 104;
    std::chrono::seconds connect_timeout{10};
    std::chrono::seconds response_timeout{60};
    int give_up_fd = -1;  ///< when readable, every wait for this peer ends

    /// TLS settings. The files are read for each association, so a new certificate is used from the
    /// next association on.
    struct Tls {
        std::filesystem::path certificate, key, ca, crl;
        std::string name;  ///< that the peer's certificate must bear
    };
    std::optional<Tls> tls{};
};

inline Target target_of(const conf::DestinationSettings& destination) {
    Target target{.name = destination.name,
                  .ae = destination.ae_title,
                  .host = destination.host,
                  .port = static_cast<std::uint16_t>(destination.port),
                  .connect_timeout = std::chrono::seconds{destination.connect_timeout_s},
                  .response_timeout = std::chrono::seconds{destination.response_timeout_s},
                  .give_up_fd = -1};
    if (destination.tls) {
        target.tls = {
            .certificate = destination.certificate,
            .key = destination.key,
            .ca = destination.ca,
            .crl = destination.crl,
            .name = destination.tls_name.empty() ? destination.host : destination.tls_name};
    }
    return target;
}

}  // namespace bucky::scp
