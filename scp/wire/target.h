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

/// `to`: a [[destination]] or an [[archive]].
template <typename Called>
Target target_of(const Called& to) {
    Target target{.name = to.name,
                  .ae = to.ae_title,
                  .host = to.host,
                  .port = static_cast<std::uint16_t>(to.port),
                  .connect_timeout = std::chrono::seconds{to.connect_timeout_s},
                  .response_timeout = std::chrono::seconds{to.response_timeout_s},
                  .give_up_fd = -1};
    if (to.tls) {
        target.tls = {.certificate = to.certificate,
                      .key = to.key,
                      .ca = to.ca,
                      .crl = to.crl,
                      .name = to.tls_name.empty() ? to.host : to.tls_name};
    }
    return target;
}

}  // namespace bucky::scp
