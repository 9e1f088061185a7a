// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/fleet/score_drift.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace bucky {
namespace {

using Counts = std::vector<double>;

constexpr double kAtOnceMax = 1e6;  // of one bin; a site may say anything

double sum(const Counts& counts) {
    return std::accumulate(counts.begin(), counts.end(), 0.0);
}

void add_to(Counts& counts, const Counts& more, double sign = 1) {
    for (std::size_t i = 0; i < counts.size(); ++i) counts[i] += sign * more[i];
}

/// Half a score in each bin: an empty one would make the index infinite.
double part(const Counts& counts, std::size_t bin) {
    return (counts[bin] + 0.5) / (sum(counts) + 0.5 * static_cast<double>(counts.size()));
}

}  // namespace

void ScoreDrift::add(const std::vector<std::int64_t>& by_bin) {
    Counts more;
    for (const auto count : by_bin) {
        more.push_back(std::clamp(static_cast<double>(count), 0.0, kAtOnceMax));
    }
    if (first_.size() != more.size()) {
        first_.assign(more.size(), 0);
        last_ = first_;
        parts_.clear();
    }
    if (sum(more) == 0) return;
    if (sum(first_) < kScores) return add_to(first_, more);
    add_to(last_, more);
    parts_.push_back(std::move(more));
    while (sum(last_) - sum(parts_.front()) >= kScores) {
        add_to(last_, parts_.front(), -1);
        parts_.pop_front();
    }
}

std::optional<double> ScoreDrift::now() const {
    if (sum(first_) < kScores || sum(last_) < kScores) return std::nullopt;
    double index = 0;
    for (std::size_t bin = 0; bin < first_.size(); ++bin) {
        const double was = part(first_, bin), is = part(last_, bin);
        index += (is - was) * std::log(is / was);
    }
    return index;
}

}  // namespace bucky
