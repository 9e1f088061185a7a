// SPDX-License-Identifier: Apache-2.0
// The metrics of the node, for Prometheus. Each metric is one row in metrics.cpp (name, kind,
// help, buckets); a name without a row is a bug and throws. Any thread may call.
//
// Values of the labels `tenant`, `equipment` and `site` come from callers and their images, so they
// are bounded: the first limits::kLabelValuesMax of each, and the first kLabelPairsMax of both
// together, have series of their own; later ones are counted under "other"
// (docs/decisions/0702).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace bucky::metrics {

using Labels = std::map<std::string, std::string>;

void count(std::string_view name, const Labels& labels = {}, double by = 1);
void set(std::string_view name, double value, const Labels& labels = {});
void observe(std::string_view name, double value, const Labels& labels = {});

/// These values of the label `tenant` or `equipment` have series of their own in any case. The
/// config names them, so they are few.
void keep_series(const std::string& label, const std::vector<std::string>& values);

/// A metric summed over its labels: the value of a counter, or the number of observations of a
/// histogram, in all and in each bucket (the last has no upper bound), with the bounds.
struct Total {
    double value = 0;
    std::vector<std::uint64_t> buckets;
    std::vector<double> bounds;
};
Total total(std::string_view name);

/// A counter summed by the values of one of its labels.
std::map<std::string, double> sums_by(std::string_view name, const std::string& label);

/// A histogram by its labels: the number of observations in each bucket; the last has no upper
/// bound.
struct Observed {
    Labels labels;
    std::vector<std::uint64_t> buckets;
};
std::vector<Observed> histograms(std::string_view name);

/// All metrics in the text exposition format, version 0.0.4: the answer to GET /metrics.
std::string text();

}  // namespace bucky::metrics
