// SPDX-License-Identifier: Apache-2.0
// The check of the keys ca, certificate, key, crl and tls_name of a section in which this node is
// the client of a TLS connection. Pure.
#pragma once

#include <fmt/format.h>

#include "conf/sections/checker.h"

namespace bucky::conf {

/// `switched_on_by` is the setting without which these keys have no effect.
template <typename Group>
void check_tls_keys(const Group& group, bool is_tls, std::string_view switched_on_by,
                    const Place& place, Checker& checker) {
    const auto refuse_unused = [&](std::string_view key, const std::string& value) {
        if (is_tls || value.empty()) return;
        checker.complain(place, key, fmt::format("counts only beside {}", switched_on_by));
    };
    refuse_unused("ca", group.ca.string());
    refuse_unused("certificate", group.certificate.string());
    refuse_unused("key", group.key.string());
    refuse_unused("crl", group.crl.string());
    refuse_unused("tls_name", group.tls_name);
    if (is_tls && !group.key.empty() && group.certificate.empty()) {
        checker.complain(place, "key", "counts only beside a certificate");
    }
}

}  // namespace bucky::conf
