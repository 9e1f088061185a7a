// SPDX-License-Identifier: Apache-2.0
// Peers: who may call, by AE title, address and client certificate, and what he may do. Read once
// from the [[peer]] rows, then asked by any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "conf/settings.h"
#include "scp/wire/tls_stream.h"

namespace bucky::scp {

/// As what an address counts where each has its share: itself, or of IPv6 its /64, which is one
/// host's or one site's to fill.
std::string network_of(const std::string& address);

/// Someone who asks for an association.
struct Stranger {
    std::string_view calling_ae, address;
    const PeerCertificate* certificate = nullptr;  ///< null: he showed none
};

class Peers {
public:
    /// Throws bad_input naming a row whose address is neither an IP address nor a network.
    explicit Peers(std::span<const conf::PeerSettings> rows);
    ~Peers();

    /// True when there is no row at all, which takes every caller.
    bool anyone() const;

    /// What a caller may do, on whose account and how much.
    struct Standing {
        std::string tenant;
        bool urgent = false;
        bool echo = true, store = true, commit = true;
        std::size_t row = 0;                 ///< which [[peer]], from 1; 0: there are none
        std::int64_t max_associations = 0;   ///< of the row; 0: see scp.max_associations_per_peer
        std::int64_t images_per_minute = 0;  ///< of the row; 0: as many as come
    };

    /// What the first row says that names this AE title (or any), this address (or any) and this
    /// certificate (or any, or none); nothing when no row does. An IPv4 caller at an IPv6 socket
    /// (::ffff:10.1.2.3) counts as IPv4.
    std::optional<Standing> standing(const Stranger& stranger) const;

private:
    struct Rules;
    std::unique_ptr<const Rules> rules_;
};

}  // namespace bucky::scp
