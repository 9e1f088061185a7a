// SPDX-License-Identifier: Apache-2.0
// A package that fails while others answer fails quietly: the images have verdicts. PackageWatch
// sees it in the counters of each package, since the last image that it answered.
// Threads: the watch thread's alone.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "conf/observe/trouble.h"

namespace bucky {

class PackageWatch {
public:
    /// By the package's name, since the start of the node: the images that it was asked about, and
    /// those that it failed on.
    using Counts = std::map<std::string, double>;

    /// The troubles: packages that failed on their last images, three or more.
    std::vector<Trouble> look(const Counts& images, const Counts& failures, std::int64_t now_ms);

private:
    struct Seen {
        double answered = 0, failed = 0;
        double in_row = 0;  ///< failures since it last answered
        std::int64_t since_ms = 0;
    };
    std::map<std::string, Seen> seen_;
};

}  // namespace bucky
