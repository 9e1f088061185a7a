// SPDX-License-Identifier: Apache-2.0
// MinuteStats: what the node did in each minute of the last day, for the plots of the status page.
// It is told the counters of /metrics now and then and keeps their differences; a ring, so it never
// grows. It begins with the node. Not thread-safe: the watch thread has it.
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

/// Some minutes together.
struct Bar {
    std::int64_t from_ms = 0;
    double received = 0, analysed = 0, delivered = 0;
    /// Seconds from the last byte, within which half and 95 of 100 were there; nothing: none was.
    std::optional<double> verdict_half_s, delivered_half_s, delivered_most_s;
};

class MinuteStats {
public:
    /// What has been counted since the last call belongs to the minute of `now_ms`.
    void note(std::int64_t now_ms, const Counters& counters);

    /// The last `count` bars of so many minutes, the last one with the minute of `now_ms`.
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

/// The value that `share` of what a histogram holds stay below, as Prometheus reckons it; nothing
/// when it is empty.
std::optional<double> quantile(const metrics::Total& histogram, double share);

}  // namespace bucky
