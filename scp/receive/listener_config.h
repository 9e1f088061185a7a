// SPDX-License-Identifier: Apache-2.0
// ListenerConfig: the TLS and user settings of the listener that accepted a connection. Created
// from the listener's files and constant from then on. A reload creates a new one; pending
// connections keep the old one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "conf/settings.h"
#include "scp/receive/users.h"
#include "scp/receive/web_tokens.h"
#include "scp/wire/tls_context.h"

namespace bucky::scp {

struct ListenerConfig {
    std::shared_ptr<const TlsContext> tls;      ///< null: without TLS
    std::shared_ptr<const Users> users;         ///< null: no user name is required
    std::string name;                           ///< "0.0.0.0 port 2762", for the log
    bool is_web = false;                        ///< it speaks HTTP, not the upper layer protocol
    std::shared_ptr<const WebTokens> tokens{};  ///< null: no bearer token is required
};

/// A port of the config, and its section.
struct ListenerRow {
    conf::ListenerSettings told;
    std::string_view section = "listener";
    bool is_web = false;
    std::filesystem::path tokens{};  ///< of [web]
};

/// [scp], if it is open, then the [[listener]]s, then [web].
std::vector<ListenerRow> listener_rows(const conf::Settings& settings);

/// Reads the files that the row names, and logs the certificate's subject and expiry. Throws
/// unavailable in words that name the file.
std::shared_ptr<const ListenerConfig> make_listener_config(const ListenerRow& row);

}  // namespace bucky::scp
