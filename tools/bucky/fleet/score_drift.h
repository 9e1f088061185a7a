// SPDX-License-Identifier: Apache-2.0
// ScoreDrift: how far the scores of one finding have moved at one site, from counts by bin alone:
// the population stability index (PSI) of the last scores against the first ones that were heard.
// Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace bucky {

class ScoreDrift {
public:
    /// So many that chance alone moves the index by less than 0.15.
    static constexpr double kScores = 300;

    /// Scores that have come since the last call, by bin. More bins than before begin it anew.
    void add(const std::vector<std::int64_t>& by_bin);

    /// Sum over the bins of (p - q) ln(p / q); nothing before both sides have kScores.
    std::optional<double> now() const;

private:
    using Counts = std::vector<double>;
    Counts first_, last_;
    std::deque<Counts> parts_;  ///< of last_
};

}  // namespace bucky
