// SPDX-License-Identifier: Apache-2.0
// One alert out of the machine: a mail by SMTP, or a POST to a webhook.
#pragma once

#include <string>

#include "conf/settings.h"
#include "tools/bucky/alert/message.h"

namespace bucky {

/// Returns when the mail server or the webhook has taken it.
///   err  unavailable in the server's words; bad_input when a password or token cannot be read.
///        A stop of the node waits for its time limits, 20 s at most
void send_alert(const conf::AlertSettings& to, const AlertNews& news);

/// The mail alone. `subject` is one line of ASCII, `text` is UTF-8.
void send_mail(const conf::AlertSettings& to, const std::string& subject, const std::string& text);

}  // namespace bucky
