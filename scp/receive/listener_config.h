// SPDX-License-Identifier: Apache-2.0
// ListenerConfig: by which listener someone came in, and what that asks of him. Made of the
// listener's files, constant from then on; a reload makes a new one, and who is on his way in keeps
// the old.
#pragma once

#include <memory>
#include <string>

#include "conf/settings.h"
#include "scp/receive/users.h"
#include "scp/wire/tls_context.h"

namespace bucky::scp {

struct ListenerConfig {
    std::shared_ptr<const TlsContext> tls;  ///< null: without TLS
    std::shared_ptr<const Users> users;     ///< null: nobody is asked who he is
    std::string name;                       ///< "0.0.0.0 port 2762", for the log
};

/// Reads what the row names, and logs whose certificate it is and until when. Throws unavailable in
/// words that name the file.
std::shared_ptr<const ListenerConfig> make_listener_config(const conf::ListenerSettings& listener);

}  // namespace bucky::scp
