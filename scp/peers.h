// SPDX-License-Identifier: Apache-2.0
// Peers: who may call, by AE title and address. Read once from the [[peer]] rows, then asked by any
// thread.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "conf/settings.h"

namespace bucky::scp {

class Peers {
public:
    /// Throws bad_input naming a row whose address is neither an IP address nor a network.
    explicit Peers(std::span<const conf::PeerSettings> rows);
    ~Peers();

    /// True when some row names this AE title (or any) and this address (or any). No row at all
    /// takes every caller. An IPv4 caller at an IPv6 socket (::ffff:10.1.2.3) counts as IPv4.
    bool may_call(std::string_view calling_ae, std::string_view address) const;
    bool anyone() const;

    /// What the first such row says of him; nothing said: an ordinary caller on his own account.
    struct Standing {
        std::string tenant;
        bool urgent = false;
    };
    Standing standing(std::string_view calling_ae, std::string_view address) const;

private:
    struct Rules;
    std::unique_ptr<const Rules> rules_;
};

}  // namespace bucky::scp
