// SPDX-License-Identifier: Apache-2.0
#include "conf/file/environment.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <boost/algorithm/string/case_conv.hpp>

#include "conf/file/spelling.h"
#include "conf/sections/all.h"

namespace bucky::conf {
namespace {

constexpr std::string_view kPrefix = "BUCKY__";

/// A variable, taken apart.
struct Variable {
    std::string name;        ///< "BUCKY__DESTINATION__2__HOST"
    std::string section;     ///< "destination"
    std::size_t number = 0;  ///< 2; of a section that stands once, 0
    std::string key;         ///< "host"
    std::string value;

    auto order() const { return std::tie(section, number, key); }
};

/// What the rows of conf/sections/ say of a key.
struct Known {
    bool several = false;  ///< [[section]]
    bool is_text = false;
};

Problem problem_of(const Variable& variable, std::string words) {
    return {0, variable.name, std::move(words)};
}

std::optional<Variable> taken_apart(std::string_view text) {
    Variable variable;
    const auto equals = text.find('=');
    variable.name = text.substr(0, equals);
    if (equals != std::string_view::npos) variable.value = text.substr(equals + 1);
    std::vector<std::string> words;
    std::string_view rest = variable.name;
    rest.remove_prefix(kPrefix.size());
    while (true) {
        const auto end = rest.find("__");
        words.push_back(boost::to_lower_copy(std::string{rest.substr(0, end)}));
        if (end == std::string_view::npos) break;
        rest.remove_prefix(end + 2);
    }
    if (words.size() == 3) {
        const auto& digits = words[1];
        const auto* end = digits.data() + digits.size();
        const auto read = std::from_chars(digits.data(), end, variable.number);
        if (read.ec != std::errc{} || read.ptr != end || variable.number == 0) return std::nullopt;
    } else if (words.size() != 2) {
        return std::nullopt;
    }
    variable.section = words.front();
    variable.key = words.back();
    return variable;
}

/// The row of a variable's key, or why there is none.
std::optional<Known> row_of(const Variable& variable, std::string& why) {
    std::optional<Known> found;
    std::vector<std::string_view> sections;
    for_each_section([&]<typename Group>(const Section<Group>& section) {
        sections.push_back(section.name);
        if (section.name != variable.section) return;
        std::vector<std::string_view> keys;
        for (const auto& key : section.keys) {
            keys.push_back(key.name);
            if (key.name != variable.key) continue;
            const auto& member = key.member;
            found = Known{std::holds_alternative<std::vector<Group> Settings::*>(section.field),
                          std::holds_alternative<std::string Group::*>(member) ||
                              std::holds_alternative<AeTitle Group::*>(member) ||
                              std::holds_alternative<std::filesystem::path Group::*>(member) ||
                              std::holds_alternative<ChoiceMember<Group>>(member)};
        }
        if (!found) why = "unknown key" + did_you_mean(variable.key, keys);
    });
    if (!found && why.empty()) why = "unknown section" + did_you_mean(variable.section, sections);
    return found;
}

/// The table that the variable's key belongs into, or why there is none.
toml::table* table_of(toml::table& root, const Variable& variable, bool several, std::string& why) {
    const auto upper = boost::to_upper_copy(variable.section);
    if (several != (variable.number > 0)) {
        why = several ? fmt::format("needs a number: BUCKY__{}__1__{} is the first [[{}]]'s", upper,
                                    boost::to_upper_copy(variable.key), variable.section)
                      : fmt::format("has a number, but [{}] stands only once", variable.section);
        return nullptr;
    }
    if (!several) {
        root.emplace<toml::table>(variable.section);
        return root.get_as<toml::table>(variable.section);  // null: the reader reports the file's
    }
    root.emplace<toml::array>(variable.section);
    auto* groups = root.get_as<toml::array>(variable.section);
    if (groups == nullptr) return nullptr;
    if (variable.number == groups->size() + 1) groups->push_back(toml::table{});
    if (variable.number > groups->size()) {
        why = fmt::format("there are {} [[{}]], so the next number is {}", groups->size(),
                          variable.section, groups->size() + 1);
        return nullptr;
    }
    return groups->get(variable.number - 1)->as_table();
}

/// Sets the key. False: the value is no TOML.
bool set(toml::table& table, const Variable& variable, bool is_text) {
    if (is_text) {
        table.insert_or_assign(variable.key, variable.value);
        return true;
    }
    try {
        toml::table line = toml::parse("value = " + variable.value);
        if (line.size() != 1) return false;
        // A copy has no place in a text: line 0.
        line.begin()->second.visit(
            [&](const auto& node) { table.insert_or_assign(variable.key, node); });
        return true;
    } catch (const toml::parse_error&) {  // told with the variable's name
        return false;
    }
}

}  // namespace

std::vector<std::string> environment_keys() {
    std::vector<std::string> found;
    for (char** variable = ::environ; variable != nullptr && *variable != nullptr; ++variable) {
        if (std::string_view{*variable}.starts_with(kPrefix)) found.emplace_back(*variable);
    }
    return found;
}

std::vector<Problem> add_environment(toml::table& root, std::vector<std::string> variables) {
    std::vector<Problem> problems;
    std::vector<Variable> all;
    for (const auto& text : variables) {
        if (auto variable = taken_apart(text)) {
            all.push_back(std::move(*variable));
        } else {
            problems.push_back({0, text.substr(0, text.find('=')),
                                "is no key: BUCKY__SECTION__KEY, or BUCKY__SECTION__1__KEY of a "
                                "section that there may be several of"});
        }
    }
    std::ranges::sort(all, {}, &Variable::order);
    for (const auto& variable : all) {
        std::string why;
        const auto row = row_of(variable, why);
        auto* table = row ? table_of(root, variable, row->several, why) : nullptr;
        if (!why.empty()) problems.push_back(problem_of(variable, why));
        if (table == nullptr || set(*table, variable, row->is_text)) continue;
        problems.push_back(
            problem_of(variable, R"(is no value of TOML: write 5, true, or a list as ["a", "b"])"));
    }
    return problems;
}

}  // namespace bucky::conf
