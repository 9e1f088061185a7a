// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/admin/minute_stats.h"

#include <algorithm>
#include <utility>

namespace bucky {
namespace {

constexpr std::int64_t kMinuteMs = 60'000;

using metrics::Total;

void add(Total& to, const Total& more) {
    to.value += more.value;
    to.buckets.resize(std::max(to.buckets.size(), more.buckets.size()));
    for (std::size_t at = 0; at < more.buckets.size(); ++at) to.buckets[at] += more.buckets[at];
    if (!more.bounds.empty()) to.bounds = more.bounds;
}

Total difference(Total now, const Total& before) {
    now.value -= before.value;
    for (std::size_t at = 0; at < before.buckets.size(); ++at)
        now.buckets[at] -= before.buckets[at];
    return now;
}

void add(Counters& to, const Counters& more) {
    to.received += more.received;
    to.analysed += more.analysed;
    to.delivered += more.delivered;
    add(to.to_verdict, more.to_verdict);
    add(to.to_delivered, more.to_delivered);
}

}  // namespace

Counters Counters::now() {
    Counters counters;
    counters.received = metrics::total("bucky_instances_received_total").value;
    counters.analysed = metrics::total("bucky_images_total").value;
    counters.delivered = metrics::total("bucky_delivered_total").value;
    counters.to_verdict = metrics::total("bucky_last_byte_to_verdict_seconds");
    counters.to_delivered = metrics::total("bucky_last_byte_to_delivered_seconds");
    return counters;
}

void MinuteStats::note(std::int64_t now_ms, const Counters& counters) {
    const Counters since{.received = counters.received - last_.received,
                         .analysed = counters.analysed - last_.analysed,
                         .delivered = counters.delivered - last_.delivered,
                         .to_verdict = difference(counters.to_verdict, last_.to_verdict),
                         .to_delivered = difference(counters.to_delivered, last_.to_delivered)};
    last_ = counters;
    const auto number = now_ms / kMinuteMs;
    auto& minute = ring_.at(static_cast<std::size_t>(number) % kKept);
    if (minute.number != number) minute = {number, {}};
    add(minute.counted, since);
}

std::vector<Bar> MinuteStats::bars(std::int64_t now_ms, int minutes_each, int count) const {
    const auto end = now_ms / kMinuteMs / minutes_each + 1;
    std::vector<Bar> bars;
    for (auto bar = end - count; bar < end; ++bar) {
        Counters sum;
        for (int at = 0; at < minutes_each; ++at) {
            const auto number = bar * minutes_each + at;
            const auto& minute = ring_.at(static_cast<std::size_t>(number) % kKept);
            if (minute.number == number) add(sum, minute.counted);
        }
        bars.push_back({.from_ms = bar * minutes_each * kMinuteMs,
                        .received = sum.received,
                        .analysed = sum.analysed,
                        .delivered = sum.delivered,
                        .verdict_half_s = quantile(sum.to_verdict, 0.5),
                        .delivered_half_s = quantile(sum.to_delivered, 0.5),
                        .delivered_most_s = quantile(sum.to_delivered, 0.95)});
    }
    return bars;
}

std::optional<double> quantile(const Total& histogram, double share) {
    if (histogram.value <= 0) return std::nullopt;
    const double requested = share * histogram.value;
    double below = 0;
    double lower = 0;
    for (std::size_t at = 0; at + 1 < histogram.buckets.size(); ++at) {
        const auto here = static_cast<double>(histogram.buckets[at]);
        if (below + here >= requested && here > 0) {
            return lower + (histogram.bounds[at] - lower) * (requested - below) / here;
        }
        below += here;
        lower = histogram.bounds[at];
    }
    return lower;  // the quantile lies above the highest bound
}

}  // namespace bucky
