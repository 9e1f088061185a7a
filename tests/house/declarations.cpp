// SPDX-License-Identifier: Apache-2.0
#include "tests/house/declarations.h"

#include <algorithm>
#include <optional>

namespace bucky::house {
namespace {

bool is_one_of(const Token& token, std::initializer_list<std::string_view> words) {
    return std::ranges::any_of(words, [&](std::string_view word) { return token.is(word); });
}

/// The statements of a struct, one after the other.
class Members {
public:
    Members(const Tokens& tokens, std::size_t opens)
        : tokens_(tokens), name_(tokens[opens - 1].text), end_(closing(tokens, opens)) {
        for (at_ = opens + 1; at_ < end_ && is_aggregate_;) read();
    }
    /// Nothing when it is no aggregate.
    std::optional<std::size_t> fields() const {
        return is_aggregate_ ? std::optional{fields_} : std::nullopt;
    }

private:
    void read() {
        const auto first = at_;
        if (is_one_of(tokens_[at_], {"public", "private", "protected"})) {
            is_aggregate_ = tokens_[at_].is("public");
            at_ += 2;
            return;
        }
        std::size_t round = 0, braces = 0, assigned = 0, commas = 0;
        bool is_function = false;
        for (; at_ < end_ && !tokens_[at_].is(";") && !is_function; ++at_) {
            const auto& token = tokens_[at_];
            if (token.is("<") && template_end(tokens_, at_) != 0) {
                at_ = template_end(tokens_, at_);
            } else if (token.opens()) {
                if (token.is("(") && round == 0) round = at_;
                if (token.is("{") && braces == 0) braces = at_;
                is_function = token.is("{") && round != 0 && (assigned == 0 || assigned > round);
                at_ = closing(tokens_, at_);
            } else if (token.is("=") && assigned == 0) {
                assigned = at_;
            } else if (token.is(",")) {
                ++commas;
            }
        }
        if (at_ < end_ && tokens_[at_].is(";")) ++at_;
        if (at_ == first + 1 && round == 0) return;  // an empty statement
        const bool calls = round != 0 && (assigned == 0 || assigned > round);
        count(first, calls ? round : 0, braces, commas);
    }

    void count(std::size_t first, std::size_t round, std::size_t braces, std::size_t commas) {
        if (tokens_[first].is("virtual")) is_aggregate_ = false;
        if (round > first && tokens_[round - 1].is(name_) && !tokens_[round - 2].is("~")) {
            is_aggregate_ = false;  // a constructor
        }
        if (is_one_of(tokens_[first], {"using", "static", "friend", "typedef", "template",
                                       "static_assert", "virtual", "inline"})) {
            return;
        }
        if (round != 0) {  // a function, or a pointer to one
            fields_ += tokens_[round + 1].is("*");
            return;
        }
        if (is_one_of(tokens_[first], {"struct", "class", "union", "enum"})) {
            const bool has_field = braces != 0 && !tokens_[closing(tokens_, braces) + 1].is(";");
            fields_ += has_field ? 1 + commas : 0;
            return;
        }
        fields_ += 1 + commas;
    }

    const Tokens& tokens_;
    const std::string name_;
    const std::size_t end_;
    std::size_t at_ = 0, fields_ = 0;
    bool is_aggregate_ = true;
};

std::string last_of(std::vector<std::string> words) {
    std::erase_if(words, [](const auto& word) {
        return word == "const" || word == "&" || word == "&&" || word == "::";
    });
    return words.empty() ? "" : words.front();
}

/// The type of a parameter's declaration: const scp::Target& target = {}.
std::string type_of_parameter(const Tokens& tokens, const Range& range) {
    std::vector<std::string> words;
    for (auto at = range.first; at < range.second && !tokens[at].is("="); ++at) {
        if (tokens[at].is("<")) return "";
        if (tokens[at].is("::")) words.clear();
        words.push_back(tokens[at].text);
    }
    return last_of(std::move(words));
}

void note_function(const Tokens& tokens, std::size_t round, FileDeclarations& into) {
    const auto& before = tokens[round - 2];
    const bool declares = (before.is_name() || before.is(">") || before.is("&")) &&
                          !is_one_of(before, {"return", "else", "new", "throw"});
    if (!declares || !tokens[round - 1].is_name()) return;
    std::vector<std::string> types;
    for (const auto& range : elements(tokens, round)) {
        types.push_back(type_of_parameter(tokens, range));
    }
    into.functions[tokens[round - 1].text].push_back(std::move(types));
}

/// At the name of an aggregate: TYPE name, TYPE& name, vector<TYPE> name, array<TYPE, 3> name.
void note_variable(const Tokens& tokens, std::size_t type, FileDeclarations& into) {
    auto at = type + 1;
    if (at + 2 < tokens.size() && tokens[at].is(",") && tokens[at + 2].is(">")) at += 2;
    const auto skip = [&](std::initializer_list<std::string_view> words) {
        while (at + 1 < tokens.size() && is_one_of(tokens[at], words)) ++at;
    };
    const bool is_held = tokens[at].is(">");
    skip({">"});
    skip({"&", "&&", "const"});
    if (at + 1 >= tokens.size() || !tokens[at].is_name()) return;
    if (is_one_of(tokens[at + 1], {";", "=", "{", "[", ",", ")"})) {
        auto& names = is_held ? into.containers : into.variables;
        names[tokens[at].text].insert(tokens[type].text);
    }
}

}  // namespace

Declarations::Declarations(const std::vector<SourceFile>& files) {
    for (const auto& file : files) {
        if (!is_cpp(file.path)) continue;
        const auto& tokens = tokens_[file.path] = tokens_of(file);
        auto& declared = files_[file.path];
        for (std::size_t at = 2; at + 2 < tokens.size(); ++at) {
            if (tokens[at].is("(")) note_function(tokens, at, declared);
            const bool begins = tokens[at].is("{") && tokens[at - 2].is("struct");
            if (!begins || (at > 2 && tokens[at - 3].is("enum"))) continue;
            const auto fields = Members{tokens, at}.fields();
            declared.aggregates[tokens[at - 1].text].push_back(fields.value_or(0));
            names_.insert(tokens[at - 1].text);
        }
        for (const auto& include : includes_of(file)) included_[file.path].insert(include.name);
    }
    for (auto& [path, declared] : files_) {
        const auto& tokens = tokens_[path];
        for (std::size_t at = 1; at + 2 < tokens.size(); ++at) {
            if (is_aggregate(tokens[at].text) && !tokens[at - 1].is("struct")) {
                note_variable(tokens, at, declared);
            }
        }
    }
}

const Names& Declarations::seen_by(const std::string& path) const {
    auto& seen = closures_[path];
    if (!seen.empty()) return seen;
    std::vector<std::string> open{path};
    while (!open.empty()) {
        const auto one = open.back();
        open.pop_back();
        if (!files_.contains(one) || !seen.insert(one).second) continue;
        const auto more = included_.find(one);
        if (more != included_.end())
            open.insert(open.end(), more->second.begin(), more->second.end());
    }
    return seen;
}

std::size_t Declarations::fields(const std::string& path, const std::string& name,
                                 std::size_t few) const {
    std::vector<std::size_t> found;
    const auto look = [&](const std::string& file) {
        const auto here = files_.at(file).aggregates.find(name);
        if (here == files_.at(file).aggregates.end()) return;
        found.insert(found.end(), here->second.begin(), here->second.end());
    };
    look(path);
    if (found.empty()) {
        for (const auto& file : seen_by(path)) look(file);
    }
    const bool all_big = std::ranges::all_of(found, [&](std::size_t one) { return one > few; });
    return found.empty() || !all_big ? 0 : std::ranges::max(found);
}

Names Declarations::look_up(const std::string& path, Variables variables,
                            const std::string& name) const {
    Names types;
    const auto look = [&](const std::string& file) {
        const auto& declared = files_.at(file).*variables;
        const auto here = declared.find(name);
        if (here != declared.end()) types.insert(here->second.begin(), here->second.end());
    };
    look(path);
    if (types.empty()) {
        for (const auto& file : seen_by(path)) look(file);
    }
    return types;
}

Names Declarations::types_of(const std::string& path, const std::string& variable) const {
    const bool may_be_container = !look_up(path, &FileDeclarations::containers, variable).empty();
    return may_be_container ? Names{} : look_up(path, &FileDeclarations::variables, variable);
}

Names Declarations::types_in(const std::string& path, const std::string& container) const {
    return look_up(path, &FileDeclarations::containers, container);
}

Names Declarations::parameter(const std::string& path, const std::string& function,
                              std::size_t nth) const {
    Names types;
    for (const auto& file : seen_by(path)) {
        const auto here = files_.at(file).functions.find(function);
        if (here == files_.at(file).functions.end()) continue;
        for (const auto& declared : here->second) {
            if (declared.size() > nth) types.insert(declared[nth]);
        }
    }
    return types;
}

}  // namespace bucky::house
