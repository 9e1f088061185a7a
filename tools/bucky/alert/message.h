// SPDX-License-Identifier: Apache-2.0
// The words of an alert: which troubles began, which are over. Nothing that a peer said is in them,
// because it may name a patient. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "conf/observe/trouble.h"

namespace bucky {

struct AlertLine {
    Trouble trouble;
    std::int64_t since_ms = 0;  ///< when it began, UTC

    bool operator==(const AlertLine&) const = default;
};

struct AlertNews {
    std::vector<AlertLine> begun, over;
    std::string ae_title{};  ///< of the node that tells; filled in by who sends
};

/// One line of ASCII: "[BUCKY] begun: destination deliver:pacs". Without news it is that of a test.
std::string subject_of(const AlertNews& news);

std::string text_of(const AlertNews& news);
std::string json_of(const AlertNews& news);   ///< alert.form = "json"
std::string slack_of(const AlertNews& news);  ///< alert.form = "slack"

}  // namespace bucky
