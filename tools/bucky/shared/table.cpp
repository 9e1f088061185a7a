// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/shared/table.h"

#include <algorithm>
#include <array>
#include <sstream>

#include <fmt/format.h>

#include "conf/base/clock.h"
#include "conf/base/printable.h"

namespace bucky {
namespace {

std::string padded(const std::string& cell, std::size_t width, Align align) {
    const std::string space(width - std::min(width, cell.size()), ' ');
    return align == Align::right ? space + cell : cell + space;
}

}  // namespace

std::string Table::text() const {
    std::vector<std::string> titles;
    for (const auto& column : columns_) titles.push_back(column.title);

    std::string out;
    const auto line = [&](const std::vector<std::string>& cells) {
        std::string joined;
        for (std::size_t i = 0; i < cells.size(); ++i) {
            std::size_t width = titles[i].size();
            for (const auto& other : rows_) width = std::max(width, other[i].size());
            joined += (i == 0 ? "" : "  ") + padded(cells[i], width, columns_[i].align);
        }
        joined.erase(joined.find_last_not_of(' ') + 1);
        out += joined + '\n';
    };
    line(titles);
    for (const auto& cells : rows_) line(cells);
    return out;
}

std::string wrapped(const std::string& head, std::string_view words) {
    constexpr std::size_t kWide = 80;
    std::string out = head;
    std::size_t column = head.size();
    std::istringstream all{std::string{words}};
    for (std::string word; all >> word;) {
        if (column > head.size() && column + 1 + word.size() > kWide) {
            out += '\n' + std::string(head.size(), ' ');
            column = head.size();
        }
        if (column > head.size()) {
            out += ' ';
            ++column;
        }
        out += word;
        column += word.size();
    }
    return out + '\n';
}

std::string age(std::int64_t ms) {
    const auto seconds = std::max<std::int64_t>(ms, 0) / 1000;
    if (seconds < 120) return fmt::format("{} s", seconds);
    if (seconds < 2 * 3600) return fmt::format("{} min", seconds / 60);
    if (seconds < 2 * 86400) return fmt::format("{} h", seconds / 3600);
    return fmt::format("{} d", seconds / 86400);
}

std::string size(std::uint64_t bytes) {
    constexpr std::array kUnits{"B", "kB", "MB", "GB", "TB", "PB"};
    auto value = static_cast<double>(bytes);
    std::size_t unit = 0;
    while (value >= 1000 && unit + 1 < kUnits.size()) {
        value /= 1000;
        ++unit;
    }
    return unit < 2 ? fmt::format("{:.0f} {}", value, kUnits[unit])
                    : fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string utc_second(std::int64_t at_ms) {
    if (at_ms == 0) return "-";
    auto text = iso_utc(at_ms).substr(0, 19);
    text[10] = ' ';
    return text;
}

std::string utc_time(std::int64_t at_ms) {
    return iso_utc(at_ms).substr(11, 12);
}

std::string printable(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const std::size_t bytes = printable_bytes(text);
        if (bytes == 0) {
            out += '?';
        } else {
            out += text.substr(0, bytes);
        }
        text.remove_prefix(std::max<std::size_t>(bytes, 1));
    }
    return out;
}

std::string short_uid(std::string_view uid, std::size_t at_most) {
    if (uid.size() <= at_most) return std::string{uid};
    return "..." + std::string{uid.substr(uid.size() - (at_most - 3))};
}

}  // namespace bucky
