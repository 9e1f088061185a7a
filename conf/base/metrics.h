// SPDX-License-Identifier: Apache-2.0
// What the node counts, in Prometheus' words. Each metric is one row in metrics.cpp (name, kind,
// help, buckets); a name that has no row is a bug and throws. Any thread may call.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace bucky::metrics {

using Labels = std::map<std::string, std::string>;

void count(std::string_view name, const Labels& labels = {}, double by = 1);
void set(std::string_view name, double value, const Labels& labels = {});
void observe(std::string_view name, double value, const Labels& labels = {});

/// Everything in the text exposition format, version 0.0.4: what GET /metrics answers.
std::string text();

}  // namespace bucky::metrics
