// SPDX-License-Identifier: Apache-2.0
#include "conf/file/spelling.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace bucky::conf {
namespace {

/// The number of letters to change, add or remove to turn `a` into `b` (Levenshtein).
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, changed}));
        }
    }
    return row.back();
}

}  // namespace

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& known) {
    constexpr std::size_t kLettersOff = 2;
    for (const auto candidate : known) {
        if (distance(word, candidate) <= kLettersOff) {
            return fmt::format("; did you mean {}?", candidate);
        }
    }
    return fmt::format("; known are {}", fmt::join(known, ", "));
}

}  // namespace bucky::conf
