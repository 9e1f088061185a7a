// SPDX-License-Identifier: Apache-2.0
// AlertReceiver: a mail server and a webhook for alerts (alert_receiver.py).
#pragma once

#include <string>
#include <vector>

#include "tests/support/process.h"

namespace bucky::test {

class AlertReceiver {
public:
    /// `arguments` as alert_receiver.py takes them.
    explicit AlertReceiver(std::vector<std::string> arguments = {});

    std::string smtp() const;  ///< "smtp://localhost:N"
    std::string url() const;   ///< "http://127.0.0.1:N/hook"

    /// The HTTP status that the webhook answers from now on; it keeps what it answers with 200.
    void answer(int status);
    std::string taken() const;  ///< mails and posts, as JSON

private:
    Process process_;
    int smtp_ = 0, http_ = 0, control_ = 0;
};

}  // namespace bucky::test
