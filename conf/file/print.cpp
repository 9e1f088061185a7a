// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "conf/file/described.h"
#include "conf/file/read.h"
#include "conf/file/samples.h"
#include "conf/sections/all.h"

namespace bucky::conf {
namespace {

constexpr std::size_t kColumns = 100;

std::string in_quotes(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + '"';
}

std::string toml(std::int64_t value) {
    return fmt::format("{}", value);
}
std::string toml(double value) {
    return fmt::format("{}", value);
}
std::string toml(bool value) {
    return value ? "true" : "false";
}
std::string toml(const std::string& value) {
    return in_quotes(value);
}
std::string toml(const AeTitle& value) {
    return in_quotes(value.str());
}
std::string toml(const std::filesystem::path& value) {
    return in_quotes(value.string());
}
std::string toml(const std::vector<std::filesystem::path>& value) {
    std::vector<std::string> entries;
    for (const auto& path : value) entries.push_back(in_quotes(path.string()));
    return fmt::format("[{}]", fmt::join(entries, ", "));
}

std::string toml(const std::vector<std::string>& value) {
    std::vector<std::string> entries;
    for (const auto& text : value) entries.push_back(in_quotes(text));
    return fmt::format("[{}]", fmt::join(entries, ", "));
}

std::string toml(const std::vector<ResultKind>& value) {
    std::vector<std::string> entries;
    for (const auto kind : value) entries.push_back(in_quotes(word_of(kind)));
    return fmt::format("[{}]", fmt::join(entries, ", "));
}

std::string toml(const std::vector<ModuleLevel>& value) {
    std::vector<std::string> entries;
    for (const auto& one : value) {
        entries.push_back(in_quotes(fmt::format("{}={}", one.module, word_of(one.level))));
    }
    return fmt::format("[{}]", fmt::join(entries, ", "));
}

template <typename Group>
std::string toml(const Chosen<const Group>& value) {
    return in_quotes(value.word());
}

/// Not inlined: GCC 12 would warn of reading alternatives that a small Group cannot hold.
template <typename Group>
[[gnu::noinline]] std::string value_of(const Key<Group>& key, const Group& group) {
    return std::visit([&](auto member) { return toml(field_of(group, member)); }, key.member);
}

/// `text` as comment lines that end before column 100.
std::string comment(std::string_view text) {
    std::string out, line = "#";
    while (!text.empty()) {
        const auto word = text.substr(0, text.find(' '));
        text.remove_prefix(std::min(text.size(), word.size() + 1));
        if (line.size() + 1 + word.size() > kColumns) {
            out += line + '\n';
            line = "#";
        }
        line += ' ';
        line += word;
    }
    return out + line + '\n';
}

/// Calls visit(section, group, index) for each group of settings, in the order of the rows.
template <typename Visit>
void for_each_group(const Settings& settings, Visit&& visit) {
    for_each_section([&]<typename Group>(const Section<Group>& section) {
        if (const auto* one = std::get_if<Group Settings::*>(&section.field)) {
            return visit(section, settings.**one, std::size_t{0});
        }
        const auto& many = settings.*std::get<std::vector<Group> Settings::*>(section.field);
        for (std::size_t at = 0; at < many.size(); ++at) visit(section, many[at], at);
    });
}

template <typename Group>
std::string header(const Section<Group>& section) {
    const bool many = std::holds_alternative<std::vector<Group> Settings::*>(section.field);
    return many ? fmt::format("[[{}]]\n", section.name) : fmt::format("[{}]\n", section.name);
}

template <typename Group>
std::string explained(const Key<Group>& key) {
    if (std::holds_alternative<Anything>(key.allowed) ||
        std::holds_alternative<Fits>(key.allowed)) {
        return std::string{key.sentence};  // it names the allowed values
    }
    const std::string_view space = key.unit.empty() ? "" : " ";
    return fmt::format("{} ({}{}{})", key.sentence, in_words(key.allowed), space, key.unit);
}

template <typename Group>
DescribedKey described(const Section<Group>& section, const Key<Group>& key) {
    const std::string_view space = key.unit.empty() ? "" : " ";
    const auto words = in_words(key.allowed);
    const bool is_required = key.presence == Presence::required;
    const auto otherwise = is_required ? std::string{key.sample} : value_of(key, Group{});
    const auto sample = sample_of(section.name, key.name);
    std::string example{!sample.empty() ? sample : std::string_view{key.sample}};
    if (example.empty()) example = otherwise;
    return {.name = std::string{key.name},
            .value = otherwise,
            .example = std::move(example),
            .unit = std::string{key.unit},
            .allowed = words.empty() ? "" : fmt::format("{}{}{}", words, space, key.unit),
            .sentence = std::string{key.sentence},
            .is_required = is_required};
}

template <typename Group>
std::string example_section(const Section<Group>& section) {
    std::string out = comment(section.sentence);
    out += (section.in_example ? "" : "#") + header(section);
    for (const auto& key : section.keys) {
        out += comment(explained(key));
        const bool is_live = !key.sample.empty() && section.in_example;
        out += fmt::format("{}{} = {}\n", is_live ? "" : "#", key.name,
                           key.sample.empty() ? value_of(key, Group{}) : std::string{key.sample});
    }
    return out;
}

}  // namespace

std::vector<DescribedSection> described() {
    std::vector<DescribedSection> all;
    for_each_section([&](const auto& section) {
        auto name = header(section);
        name.pop_back();  // without its line end
        DescribedSection one{std::move(name), std::string{section.sentence}, {}};
        for (const auto& key : section.keys) one.keys.push_back(described(section, key));
        all.push_back(std::move(one));
    });
    return all;
}

std::string example_config() {
    std::string out =
        "# Bucky's configuration: every key with its meaning. A key that is commented out shows "
        "the\n"
        "# value it has when it is left out. Printed by `bucky config example`; check a file of "
        "yours\n"
        "# with `bucky config check FILE`.\n";
    for_each_section([&](const auto& section) { out += "\n" + example_section(section); });
    return out;
}

std::string to_toml(const Settings& settings, const Lines* lines, std::string_view file) {
    std::string out;
    for_each_group(settings, [&](const auto& section, const auto& group, std::size_t index) {
        out += (out.empty() ? "" : "\n") + header(section);
        for (const auto& key : section.keys) {
            out += fmt::format("{} = {}", key.name, value_of(key, group));
            if (lines != nullptr) {
                const auto found =
                    lines->find(label(section, group, index) + '.' + std::string{key.name});
                out += found == lines->end() ? "  # default"
                       : found->second == 0  ? "  # environment"
                                             : fmt::format("  # {}:{}", file, found->second);
            }
            out += '\n';
        }
    });
    return out;
}

SpelledOut spelled_out(const Settings& settings) {
    SpelledOut out;
    for_each_group(settings, [&](const auto& section, const auto& group, std::size_t index) {
        for (const auto& key : section.keys) {
            out.emplace_back(label(section, group, index) + '.' + std::string{key.name},
                             value_of(key, group));
        }
    });
    return out;
}

std::vector<std::string> differences(const SpelledOut& was, const SpelledOut& is) {
    const std::map<std::string_view, std::string_view> before(was.begin(), was.end());
    const std::map<std::string_view, std::string_view> after(is.begin(), is.end());
    std::vector<std::string> out;
    for (const auto& [key, value] : was) {
        const auto now = after.find(key);
        if (now == after.end()) {
            out.push_back(fmt::format("- {}: {}", key, value));
        } else if (now->second != value) {
            out.push_back(fmt::format("{}: {} -> {}", key, value, now->second));
        }
    }
    for (const auto& [key, value] : is) {
        if (!before.contains(key)) out.push_back(fmt::format("+ {}: {}", key, value));
    }
    return out;
}

}  // namespace bucky::conf
