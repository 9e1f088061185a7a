// SPDX-License-Identifier: Apache-2.0
// Check: one line of `bucky doctor`.
#pragma once

#include <string>

namespace bucky {

enum class Outcome {
    good,
    note,  ///< the node works, and the admin should know this
    bad,   ///< somebody must do something
};

struct Check {
    std::string name;  ///< "config", "door", or a destination's name
    Outcome outcome = Outcome::good;
    std::string words;
    std::string remedy = {};  ///< what to do; of a bad one
};

}  // namespace bucky
