// SPDX-License-Identifier: Apache-2.0
// Text for a terminal of 80 columns: aligned tables, readable ages and sizes. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bucky {

enum class Align { left, right };

/// A table whose columns are as wide as their widest cell; the last column may run on.
class Table {
public:
    struct Column {
        std::string title;
        Align align = Align::left;
    };
    explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

    /// As many cells as columns.
    void row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
    bool empty() const noexcept { return rows_.empty(); }

    std::string text() const;  ///< lines, each ended

private:
    std::vector<Column> columns_;
    std::vector<std::vector<std::string>> rows_;
};

/// `head` and the words behind it, in lines of at most 80 columns; further lines are indented as
/// far as `head` is long.
std::string wrapped(const std::string& head, std::string_view words);

std::string age(std::int64_t ms);            ///< "45 s", "12 min", "3 h", "9 d"
std::string size(std::uint64_t bytes);       ///< "512 kB", "10.5 MB", "1.2 TB"
std::string utc_second(std::int64_t at_ms);  ///< "2026-11-23 14:30:05", or "-" for 0
std::string utc_time(std::int64_t at_ms);    ///< "14:30:05.123"

/// Text from peers must not control a terminal: unsafe bytes become '?' (printable.h).
std::string printable(std::string_view text);

/// The end of a UID, which differs from its neighbours': "...20498.1.3".
std::string short_uid(std::string_view uid, std::size_t at_most = 22);

}  // namespace bucky
