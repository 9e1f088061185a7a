// SPDX-License-Identifier: Apache-2.0
#include "inference/pixels/end_marker.h"

namespace bucky::inference {
namespace {

bool ends_with_marker(std::span<const std::uint8_t> stream) {
    return stream.size() >= 2 && stream[stream.size() - 2] == 0xFF && stream.back() == 0xD9;
}

}  // namespace

bool has_end_marker(std::span<const std::uint8_t> stream) {
    if (!stream.empty() && ends_with_marker(stream.first(stream.size() - 1))) return true;
    while (!stream.empty() && stream.back() == 0) stream = stream.first(stream.size() - 1);
    return ends_with_marker(stream);
}

std::vector<std::vector<std::uint8_t>> ended(std::span<const std::uint8_t> stream) {
    std::vector<std::vector<std::uint8_t>> meant;
    const auto add = [&](std::size_t left_out) {
        if (left_out > stream.size()) return;
        const auto kept = stream.first(stream.size() - left_out);
        auto& one = meant.emplace_back();
        one.reserve(kept.size() + 2);
        one.assign(kept.begin(), kept.end());
        one.insert(one.end(), {0xFF, 0xD9});
    };
    std::size_t zeros = 0;
    while (zeros < stream.size() && stream[stream.size() - 1 - zeros] == 0) ++zeros;
    const bool half = zeros < stream.size() && stream[stream.size() - 1 - zeros] == 0xFF;
    add(0);
    if (half) add(zeros + 1);
    if (zeros > 0) add(1);
    if (zeros > 1) add(zeros);
    return meant;
}

}  // namespace bucky::inference
