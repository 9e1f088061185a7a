// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/node/package_watch.h"

#include <fmt/format.h>

#include "conf/base/clock.h"

namespace bucky {
namespace {

/// Fewer may be the fault of the images.
constexpr double kInRow = 3;

}  // namespace

std::vector<Trouble> PackageWatch::look(const Counts& images, const Counts& failures,
                                        std::int64_t now_ms) {
    std::vector<Trouble> troubles;
    for (const auto& [name, asked] : images) {
        const auto found = failures.find(name);
        const double failed = found == failures.end() ? 0 : found->second;
        const double answered = asked - failed;
        Seen& seen = seen_[name];
        if (answered > seen.answered) seen.in_row = 0;  // in which order is not known
        if (answered <= seen.answered && failed > seen.failed) {
            if (seen.in_row == 0) seen.since_ms = now_ms;
            seen.in_row += failed - seen.failed;
        }
        seen.answered = answered;
        seen.failed = failed;
        if (seen.in_row < kInRow) continue;
        troubles.push_back(
            {Concern::package, name,
             fmt::format("{} has failed on each of its last {:.0f} images, since {}: their reports "
                         "have no finding of it; `bucky study show` says why",
                         name, seen.in_row, iso_utc(seen.since_ms).substr(0, 16))});
    }
    return troubles;
}

}  // namespace bucky
