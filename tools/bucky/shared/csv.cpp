// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/shared/csv.h"

#include <boost/algorithm/string/trim.hpp>
#include <boost/tokenizer.hpp>

#include "conf/base/error.h"

namespace bucky {
namespace {

std::string cell_of(const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
    std::string quoted = "\"";
    for (const char c : text) quoted += c == '"' ? std::string{"\"\""} : std::string{c};
    return quoted + '"';
}

char separator_of(std::string_view first_line) {
    for (const char one : {'\t', ';'}) {
        if (first_line.find(one) != std::string_view::npos) return one;
    }
    return ',';
}

}  // namespace

std::string csv_line(const std::vector<std::string>& cells) {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        if (i > 0) line += ',';
        line += cell_of(cells[i]);
    }
    return line + "\r\n";
}

std::string no_formula(std::string_view cell) {
    const bool is_formula =
        !cell.empty() && std::string_view{"=+-@\t"}.find(cell.front()) != std::string_view::npos;
    return (is_formula ? "'" : "") + std::string{cell};
}

std::vector<std::vector<std::string>> read_csv(std::string_view text) {
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    const char separator = separator_of(text.substr(0, text.find('\n')));
    std::vector<std::vector<std::string>> lines;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        const std::string line = boost::trim_copy(std::string{text.substr(0, end)});
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.empty()) continue;
        try {
            const boost::tokenizer<boost::escaped_list_separator<char>> cells{
                line, boost::escaped_list_separator<char>('\\', separator, '"')};
            auto& made = lines.emplace_back();
            for (const auto& cell : cells) made.push_back(boost::trim_copy(cell));
        } catch (const boost::escaped_list_error& wrong) {  // a third party's throw
            throw Error(Fault::bad_input, "line {}: {}", lines.size() + 1, wrong.what());
        }
    }
    return lines;
}

}  // namespace bucky
