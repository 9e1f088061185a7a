// SPDX-License-Identifier: Apache-2.0
// Peers: the permitted callers, by AE title, address and client certificate, and what each may do.
// Read once from the [[peer]] rows, then used by any thread.
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

/// The unit that shares a limit per address: an IPv4 address itself, or the /64 of an IPv6 address,
/// which one host or site can fill alone.
std::string network_of(const std::string& address);

/// A caller that requests an association. Without a calling AE title (over HTTP), only a row that
/// names its address or its certificate matches.
struct Stranger {
    std::string_view calling_ae, address;
    const PeerCertificate* certificate = nullptr;  ///< null: none was presented
};

class Peers {
public:
    /// Throws bad_input naming a row whose address is neither an IP address nor a network.
    explicit Peers(std::span<const conf::PeerSettings> rows);
    ~Peers();

    /// True when there is no row at all: every caller is permitted then.
    bool anyone() const;

    /// The rights and limits of a caller.
    struct Standing {
        std::string ae_title;  ///< of the row; empty: any
        std::string tenant;
        bool urgent = false;
        bool echo = true, store = true, commit = true;
        std::size_t row = 0;  ///< index of the [[peer]] row, from 1; 0: there are no rows
        std::int64_t max_associations = 0;   ///< of the row; 0: see scp.max_associations_per_peer
        std::int64_t images_per_minute = 0;  ///< of the row; 0: no limit
    };

    /// The first row that matches this AE title (or names none), this address (or names none) and
    /// this certificate (or names none); nothing when no row does. An IPv4 caller at an IPv6 socket
    /// (::ffff:10.1.2.3) counts as IPv4.
    std::optional<Standing> standing(const Stranger& stranger) const;

private:
    struct Rules;
    std::unique_ptr<const Rules> rules_;
};

}  // namespace bucky::scp
