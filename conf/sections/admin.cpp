// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "conf/endpoint.h"
#include "conf/sections/all.h"
#include "conf/sections/checker.h"

namespace bucky::conf {
namespace {

/// A host name is no address to listen on; localhost is always the same address.
bool is_empty_or_endpoint(std::string_view text) {
    if (text.empty()) return true;
    const auto endpoint = parse_endpoint(text);
    return endpoint && (is_ip_address(endpoint->host) || is_loopback(endpoint->host));
}

constexpr Key<AdminSettings> kKeys[] = {
    {"listen", &AdminSettings::listen,
     Fits{is_empty_or_endpoint, "an IP address with a port, such as 127.0.0.1:8090, or empty"}, "",
     "Address of /healthz, /readyz, /metrics and the status page. An address that other machines "
     "can reach needs token_file. Empty: no admin listener."},
    {"token_file", &AdminSettings::token_file,
     Fits{is_empty_or<is_secret_file>, "empty, a path that begins with /, or credential:NAME"}, "",
     "File with the token for everything but /healthz and /readyz, sent as bearer token or as the "
     "password of any user. credential:NAME: the systemd credential of that name. Empty: no token "
     "is needed."},
};

void check(const Settings& settings, Checker& checker) {
    const auto admin = parse_endpoint(settings.admin.listen);
    if (!admin) return;
    if (admin->port != 0 && admin->port == settings.scp.port) {
        checker.complain({"admin"}, "listen",
                         fmt::format("port {} is scp.port already", admin->port));
    }
    if (!is_loopback(admin->host) && settings.admin.token_file.empty()) {
        checker.complain(
            {"admin"}, "listen",
            fmt::format("{} is an address that other machines can reach: that needs an "
                        "admin.token_file",
                        admin->host));
    }
}

}  // namespace

Section<AdminSettings> admin_section() {
    return {.name = "admin",
            .field = &Settings::admin,
            .keys = kKeys,
            .sentence = "HTTP for monitoring: health, metrics and the status page.",
            .check = check};
}

}  // namespace bucky::conf
