// SPDX-License-Identifier: Apache-2.0
#include "conf/file/read.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

#include <fmt/ranges.h>
#include <toml++/toml.h>

#include "conf/base/limits.h"
#include "conf/file/environment.h"
#include "conf/file/spelling.h"
#include "conf/sections/all.h"
#include "conf/sections/checker.h"

namespace bucky::conf {
namespace {

std::string told(std::string_view file, const std::vector<Problem>& problems) {
    std::vector<std::string> lines;
    for (const auto& problem : problems) {
        const std::string key = problem.key.empty() ? "" : problem.key + ": ";
        lines.push_back(problem.line == 0
                            ? fmt::format("environment: {}{}", key, problem.words)
                            : fmt::format("{}:{}: {}{}", file, problem.line, key, problem.words));
    }
    return fmt::format("{}", fmt::join(lines, "\n"));
}

/// Walks the sections over one parsed file and keeps every problem.
class Reader : private Checker {
public:
    Reader(const toml::table& root, std::filesystem::path folder)
        : root_(root), folder_(std::move(folder)) {}

    Settings read() {
        std::vector<std::string_view> known;
        for_each_section([&](const auto& section) {
            known.push_back(section.name);
            read_section(section);
        });
        refuse_unknown(root_, "", known);
        for_each_section([&](const auto& section) {
            if (section.check != nullptr) section.check(settings_, *this);
        });
        std::stable_sort(problems_.begin(), problems_.end(),
                         [](const auto& a, const auto& b) { return a.line < b.line; });
        return std::move(settings_);
    }
    std::vector<Problem> take_problems() { return std::exchange(problems_, {}); }
    Lines take_lines() { return std::exchange(lines_, {}); }

private:
    void complain(const Place& at, std::string_view key, std::string words) override {
        const toml::node* node = root_.get(at.section);
        if (node != nullptr && node->is_array()) node = node->as_array()->get(at.index);
        const toml::table* table = node == nullptr ? nullptr : node->as_table();
        complain(line_of(table, key), fmt::format("{}.{}", at.section, key), std::move(words));
    }
    void complain(const toml::node& at, std::string key, std::string words) {
        problems_.push_back({at.source().begin.line, std::move(key), std::move(words)});
    }
    void complain(std::size_t line, std::string key, std::string words) {
        problems_.push_back({line, std::move(key), std::move(words)});
    }

    /// The line of a key that read_group() has taken, or of its section; 0 of the environment's.
    static std::size_t line_of(const toml::table* table, std::string_view key) {
        if (table == nullptr) return 1;
        const toml::node* node = table->get(key);
        return node ? node->source().begin.line : line_of(*table);
    }

    /// A section that neither the file nor the environment has is missing in the file's line 1.
    static std::size_t line_of(const toml::table& section) {
        return section.empty() ? std::max<std::size_t>(1, section.source().begin.line)
                               : section.source().begin.line;
    }

    void refuse_unknown(const toml::table& table, const std::string& prefix,
                        const std::vector<std::string_view>& known) {
        for (const auto& [key, value] : table) {
            if (std::find(known.begin(), known.end(), key.str()) != known.end()) continue;
            complain(key.source().begin.line, prefix + std::string{key.str()},
                     (prefix.empty() ? "unknown section" : "unknown key") +
                         did_you_mean(key.str(), known));
        }
    }

    template <typename Group>
    void read_section(const Section<Group>& section) {
        if (const auto* one = std::get_if<Group Settings::*>(&section.field)) {
            read_one(section, settings_.**one);
        } else {
            read_many(section, settings_.*std::get<std::vector<Group> Settings::*>(section.field));
        }
    }

    template <typename Group>
    void read_one(const Section<Group>& section, Group& group) {
        const toml::node* node = root_.get(section.name);
        const toml::table none;
        if (node != nullptr && node->as_table() == nullptr) {
            return complain(*node, std::string{section.name},
                            fmt::format("must be a section: [{}]", section.name));
        }
        const toml::table& table = node != nullptr ? *node->as_table() : none;
        read_group(section, table, group);
        note_lines(section, table, label(section, group, 0));
    }

    template <typename Group>
    void note_lines(const Section<Group>& section, const toml::table& table,
                    const std::string& group_label) {
        for (const Key<Group>& key : section.keys) {
            const toml::node* node = table.get(key.name);
            if (node == nullptr) continue;
            lines_[group_label + '.' + std::string{key.name}] = node->source().begin.line;
        }
    }

    template <typename Group>
    void read_many(const Section<Group>& section, std::vector<Group>& groups) {
        const toml::node* node = root_.get(section.name);
        const toml::array* array = node == nullptr ? nullptr : node->as_array();
        const bool usable = array != nullptr && (array->empty() || array->is_array_of_tables());
        if (node != nullptr && !usable) {
            return complain(*node, std::string{section.name},
                            fmt::format("must be a list of sections: [[{}]]", section.name));
        }
        if (array == nullptr) return;
        for (const auto& entry : *array) {
            Group& group = groups.emplace_back();
            if constexpr (requires { group.line; }) group.line = entry.source().begin.line;
            read_group(section, *entry.as_table(), group);
            note_lines(section, *entry.as_table(), label(section, group, groups.size() - 1));
        }
    }

    template <typename Group>
    void read_group(const Section<Group>& section, const toml::table& table, Group& group) {
        const std::string prefix = std::string{section.name} + '.';
        std::vector<std::string_view> known;
        for (const Key<Group>& key : section.keys) {
            known.push_back(key.name);
            const std::string full = prefix + std::string{key.name};
            if (const toml::node* node = table.get(key.name)) {
                std::visit([&](auto member) { take(*node, full, key, field_of(group, member)); },
                           key.member);
            } else if (key.presence == Presence::required) {
                complain(line_of(table), full, fmt::format("is needed: {}", key.sentence));
            }
        }
        refuse_unknown(table, prefix, known);
    }

    template <typename Group>
    void take(const toml::node& node, const std::string& full, const Key<Group>& key,
              std::int64_t& into) {
        const auto number = node.value_exact<std::int64_t>();
        if (!number) return complain(node, full, "must be a whole number" + only(key));
        const auto range = std::get<Range>(key.allowed);
        if (*number < range.least || *number > range.most) {
            return complain(node, full, fmt::format("{} is not allowed{}", *number, only(key)));
        }
        into = *number;
    }

    template <typename Group>
    void take(const toml::node& node, const std::string& full, const Key<Group>& key,
              double& into) {
        const auto number = node.value<double>();  // "1" is a number too
        if (!number) return complain(node, full, "must be a number" + only(key));
        const auto range = std::get<Between>(key.allowed);
        if (!(*number >= range.least && *number <= range.most)) {
            return complain(node, full, fmt::format("{} is not allowed{}", *number, only(key)));
        }
        into = *number;
    }

    template <typename Group>
    void take(const toml::node& node, const std::string& full, const Key<Group>&, bool& into) {
        const auto flag = node.value_exact<bool>();
        if (!flag) return complain(node, full, "must be true or false");
        into = *flag;
    }

    template <typename Group>
    void take(const toml::node& node, const std::string& full, const Key<Group>& key,
              std::string& into) {
        if (const auto text = text_of(node, full, key)) into = *text;
    }

    template <typename Group>
    void take(const toml::node& node, const std::string& full, const Key<Group>& key,
              AeTitle& into) {
        const auto text = text_of(node, full, key);
        if (!text) return;
        try {
            into = AeTitle{*text};
        } catch (const Error& error) {  // a problem of the file, reported with the others
            complain(node, full, error.what());
        }
    }

    template <typename Group>
    void take(const toml::node& node, const std::string& full, const Key<Group>& key,
              std::filesystem::path& into) {
        if (const auto path = path_of(node, full, key)) into = *path;
    }

    template <typename Group>
    void take(const toml::node& node, const std::string& full, const Key<Group>& key,
              std::vector<std::filesystem::path>& into) {
        const toml::array* list = node.as_array();
        if (list == nullptr) return complain(node, full, R"(must be a list: ["...", "..."])");
        if (list->empty() && key.presence == Presence::required) {
            return complain(node, full, "must not be empty");
        }
        into.clear();
        for (const auto& entry : *list) {
            if (auto path = path_of(entry, full, key)) into.push_back(std::move(*path));
        }
    }

    template <typename Group>
    void take(const toml::node& node, const std::string& full, const Key<Group>& key,
              std::vector<std::string>& into) {
        const toml::array* list = node.as_array();
        if (list == nullptr) return complain(node, full, R"(must be a list: ["...", "..."])");
        into.clear();
        for (const auto& entry : *list) {
            auto text = text_of(entry, full, key);
            if (!text) continue;
            if (std::find(into.begin(), into.end(), *text) != into.end()) {
                complain(entry, full, fmt::format(R"("{}" stands there twice)", *text));
            } else {
                into.push_back(std::move(*text));
            }
        }
    }

    template <typename Group>
    void take(const toml::node& node, const std::string& full, const Key<Group>& key,
              std::vector<ResultKind>& into) {
        std::vector<std::string> words;
        take(node, full, key, words);
        into.clear();
        for (const auto& word : words) into.push_back(result_kind_of(word).value());
    }

    template <typename Group>
    void take(const toml::node& node, const std::string& full, const Key<Group>& key,
              std::vector<ModuleLevel>& into) {
        std::vector<std::string> words;
        take(node, full, key, words);
        into.clear();
        for (const auto& word : words) {
            const auto equals = word.find('=');
            into.push_back(
                {word.substr(0, equals),
                 choice_of<LogLevel>(std::string_view{word}.substr(equals + 1)).value()});
        }
    }

    template <typename Group>
    void take(const toml::node& node, const std::string& full, const Key<Group>& key,
              Chosen<Group> into) {
        if (const auto word = text_of(node, full, key)) into.set(*word);
    }

    template <typename Group>
    std::optional<std::string> text_of(const toml::node& node, const std::string& full,
                                       const Key<Group>& key) {
        auto text = node.value_exact<std::string>();
        if (!text) {
            complain(node, full, R"(must be text in quotes: "...")");
        } else if (!allows(key.allowed, *text)) {
            complain(node, full, fmt::format(R"("{}" is not allowed{})", *text, only(key)));
            text.reset();
        }
        return text;
    }

    template <typename Group>
    std::optional<std::filesystem::path> path_of(const toml::node& node, const std::string& full,
                                                 const Key<Group>& key) {
        const auto text = node.value_exact<std::string>();
        const bool may_be_empty =
            std::holds_alternative<Fits>(key.allowed) && allows(key.allowed, std::string{});
        if (text && text->empty() && may_be_empty) return std::filesystem::path{};
        if (!text || text->empty()) {
            complain(node, full, R"(must be a path in quotes: "/...")");
            return std::nullopt;
        }
        auto path = (folder_ / *text).lexically_normal();  // an absolute path is unchanged
        if (!allows(key.allowed, path.string())) {
            complain(node, full, fmt::format(R"("{}" is not allowed{})", path.string(), only(key)));
            return std::nullopt;
        }
        return path;
    }

    template <typename Group>
    static std::string only(const Key<Group>& key) {
        const auto words = in_words(key.allowed);
        const std::string_view space = key.unit.empty() ? "" : " ";
        return words.empty() ? "" : fmt::format("; it must be {}{}{}", words, space, key.unit);
    }

    const toml::table& root_;
    std::filesystem::path folder_;
    Settings settings_;
    std::vector<Problem> problems_;
    Lines lines_;
};

Examined examine_text(std::string_view text, const std::filesystem::path& file,
                      std::vector<std::string> environment, Lines* lines) {
    if (text.size() > limits::kTextFileBytesMax) {
        throw ConfigError(file.string(), {{1, "", "is longer than a config file may be, 1 MiB"}});
    }
    try {
        toml::table root = toml::parse(text, file.string());
        auto problems = add_environment(root, std::move(environment));
        Reader reader{root, std::filesystem::absolute(file).parent_path()};
        Examined examined{reader.read(), {}};
        std::ranges::move(reader.take_problems(), std::back_inserter(problems));
        examined.problems = std::move(problems);
        if (lines != nullptr) *lines = reader.take_lines();
        return examined;
    } catch (const toml::parse_error& error) {  // to the one exception of this project
        throw ConfigError(file.string(), {{error.source().begin.line, "",
                                           "not TOML: " + std::string{error.description()}}});
    }
}

Settings good(Examined examined, const std::filesystem::path& file) {
    if (!examined.problems.empty()) throw ConfigError(file.string(), std::move(examined.problems));
    return std::move(examined.settings);
}

}  // namespace

ConfigError::ConfigError(std::string_view file, std::vector<Problem> problems)
    : Error(Fault::bad_input, "{}", told(file, problems)), problems_(std::move(problems)) {}

Examined examine_settings(const std::filesystem::path& file, Lines* lines) {
    std::ifstream in(file, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>{in}, {}};
    if (!in) throw ConfigError(file.string(), {{1, "", "cannot be read"}});
    return examine_text(text, file, environment_keys(), lines);
}

Settings read_settings(const std::filesystem::path& file, Lines* lines) {
    return good(examine_settings(file, lines), file);
}

Settings read_settings_text(std::string_view text, const std::filesystem::path& file,
                            Lines* lines) {
    return good(examine_text(text, file, {}, lines), file);
}

Settings example_settings() {
    const toml::table root = toml::parse(example_config());
    Reader reader{root, "/etc/bucky"};
    auto settings = reader.read();
    auto problems = reader.take_problems();
    std::erase_if(problems, [](const Problem& one) { return one.key == "inference.models"; });
    if (!problems.empty()) throw ConfigError("the example", std::move(problems));
    return settings;
}

}  // namespace bucky::conf
