// SPDX-License-Identifier: Apache-2.0
// MinuteStats: what the node did in each minute of the last day, for the plots of the status page.
// note() takes the counters of /metrics and stores their differences in a ring of fixed size. It
// starts empty with the node. Not thread-safe: only the watch thread uses it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "conf/observe/metrics.h"

namespace bucky {

/// The counters that it follows, since the node started.
struct Counters {
    double received = 0, analysed = 0, delivered = 0;
    metrics::Total to_verdict, to_delivered;

    static Counters now();  ///< as /metrics has them
};

/// One bar of a plot: one or more minutes.
struct Bar {
    std::int64_t from_ms = 0;
    double received = 0, analysed = 0, delivered = 0;
    /// Seconds from the last byte of an image within which 50 % or 95 % of the images were done;
    /// nullopt when there were none.
    std::optional<double> verdict_half_s, delivered_half_s, delivered_most_s;
};

class MinuteStats {
public:
    /// Counts since the last call go to the minute of `now_ms`.
    void note(std::int64_t now_ms, const Counters& counters);

    /// The last `count` bars of `minutes_each` minutes; the last bar holds the minute of `now_ms`.
    std::vector<Bar> bars(std::int64_t now_ms, int minutes_each, int count) const;

private:
    struct Minute {
        std::int64_t number = -1;  ///< since 1970
        Counters counted;
    };
    static constexpr std::size_t kKept = 24 * 60;

    std::array<Minute, kKept> ring_{};
    Counters last_;
};

/// The quantile `share` of a histogram, interpolated as Prometheus's histogram_quantile() does;
/// nullopt when the histogram is empty.
std::optional<double> quantile(const metrics::Total& histogram, double share);

}  // namespace bucky
