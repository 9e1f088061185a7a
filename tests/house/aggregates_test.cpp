// SPDX-License-Identifier: Apache-2.0
// An aggregate of more than four fields is filled by names: four UIDs side by side, or a score and
// its threshold, are exchanged without anybody's noticing.
//
// The rows of a constant table (constexpr Row kRows[] = {...}) are free: they are read by column.
// The test reads text, not types (declarations.h says what it does not see), so it errs on the side
// of silence: a brace whose type it does not know for certain is let pass.
#include <algorithm>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/house/declarations.h"
#include "tests/house/tokens.h"
#include "tests/house/tree.h"

using namespace bucky::house;

namespace {

constexpr std::size_t kPositionalMax = 4;

class Braces {
public:
    Braces(const Declarations& known, const SourceFile& file)
        : known_(known), file_(file), tokens_(known.tokens(file.path)) {
        std::vector<std::string> said;
        for (std::size_t at = 0; at < tokens_.size(); ++at) {
            const auto& token = tokens_[at];
            if (token.is("{")) {
                if (at > 3) look(at);
                returns_.push_back(return_type(said));
            } else if (token.is("}") && !returns_.empty()) {
                returns_.pop_back();
            }
            if (token.is("{") || token.is("}") || token.is(";")) {
                said.clear();
            } else {
                said.push_back(token.text);
            }
        }
    }
    std::vector<std::string> take() { return std::move(complaints_); }

private:
    /// Of the function that the words before a brace declare; empty: they declare none.
    static std::string return_type(const std::vector<std::string>& said) {
        const auto round = std::ranges::find(said, "(");
        if (round == said.end()) return "";
        const auto arrow = std::ranges::find(said, "->");
        auto end = arrow == said.end() ? round : said.end();
        if (arrow == said.end()) {  // TYPE Class::name(
            while (end - said.begin() > 3 && *(end - 2) == "::") end -= 2;
            if (end != said.begin()) --end;
        }
        while (end != said.begin()) {
            if (const auto& word = *--end; Token{word, 0}.is_name()) return word;
            if (*end == "::" || *end == ")" || *end == ">") return "";
        }
        return "";
    }

    void look(std::size_t at) {
        const auto& before = tokens_[at - 1];
        if (before.is("return")) {
            const auto type = std::find_if(returns_.rbegin(), returns_.rend(),
                                           [](const auto& one) { return !one.empty(); });
            if (type != returns_.rend()) check(at, {*type});
        } else if (before.is("(") || before.is(",") || before.is("{")) {
            look_in_list(at);
        } else if (known_.is_aggregate(before.text)) {
            if (!tokens_[at - 2].is("struct")) check(at, {before.text});
        } else if (const auto name = before.is("=") ? at - 2 : at - 1; tokens_[name].is_name()) {
            const auto& type = tokens_[name - 1].text;
            check(at, known_.is_aggregate(type) ? Names{type} : types_of(name));
        }
    }

    /// Of a variable or member that is assigned to.
    Names types_of(std::size_t name) const {
        if (tokens_[name - 1].is("::") || tokens_[name - 1].is("namespace")) return {};
        return known_.types_of(file_.path, tokens_[name].text);
    }

    /// Among the arguments of a call, or the elements of an array.
    void look_in_list(std::size_t at) {
        const auto opens = opening_around(tokens_, at);
        if (opens < 3) return;
        auto before = opens - 1;
        if (tokens_[opens].is("(")) {
            if (!tokens_[before].is_name() || tokens_[at + 1].is("{")) return;
            return check(at, types_of_argument(at, opens));
        }
        if (tokens_[before].is("=")) --before;
        if (tokens_[before].is("]")) {  // TYPE name[] = {{
            while (before > 2 && !tokens_[before].is("[")) --before;
            return check(at, {tokens_[before - 2].text});
        }
        if (tokens_[before].is_name()) --before;
        if (!tokens_[before].is(">")) return;  // vector<TYPE> name{{, array<TYPE, 3>{{
        const bool counted = tokens_[before - 2].is(",");
        check(at, {tokens_[before - (counted ? 3 : 1)].text});
    }

    Names types_of_argument(std::size_t at, std::size_t opens) const {
        const auto& called = tokens_[opens - 1].text;
        if (called == "push_back" || called == "insert") {
            return known_.types_in(file_.path, tokens_[opens - 3].text);
        }
        const auto all = elements(tokens_, opens);
        const auto argument = std::ranges::find_if(
            all, [&](const Range& one) { return one.first <= at && at < one.second; });
        const auto types =
            known_.parameter(file_.path, called, static_cast<std::size_t>(argument - all.begin()));
        return types.empty() ? known_.types_of(file_.path, called) : types;
    }

    /// Where several types have the name, all of them must have many fields.
    void check(std::size_t at, const Names& types) {
        const auto all = elements(tokens_, at);
        const bool fits = std::ranges::all_of(types, [&](const auto& type) {
            return known_.fields(file_.path, type, kPositionalMax) >= all.size();
        });
        if (types.empty() || !fits || is_row_of_table(at)) return;
        const auto positional = std::ranges::count_if(
            all, [&](const Range& one) { return !tokens_[one.first].is("."); });
        if (positional <= static_cast<std::ptrdiff_t>(kPositionalMax)) return;
        complaints_.push_back(place(file_, tokens_[at].line) + ": " + *types.begin() +
                              " by position, " + std::to_string(positional) + " fields");
    }

    /// Within the braces of a constant: kRows[] = {, kRows{.
    bool is_row_of_table(std::size_t at) const {
        for (auto opens = opening_around(tokens_, at); opens > 2;
             opens = opening_around(tokens_, opens)) {
            auto name = opens - 1;
            while (name > 1 && !tokens_[name].is_name() && !tokens_[name].is(")")) --name;
            const auto& text = tokens_[name].text;
            if (text.size() > 1 && text[0] == 'k' && text[1] >= 'A' && text[1] <= 'Z') return true;
        }
        return false;
    }

    const Declarations& known_;
    const SourceFile& file_;
    const Tokens& tokens_;
    std::vector<std::string> returns_;  ///< of the functions that are open; empty: of a block
    std::vector<std::string> complaints_;
};

std::vector<std::string> complaints_about(const std::vector<SourceFile>& files) {
    const Declarations known{files};
    std::vector<std::string> all;
    for (const auto& file : files) {
        if (!is_cpp(file.path)) continue;
        const auto found = Braces{known, file}.take();
        all.insert(all.end(), found.begin(), found.end());
    }
    return all;
}

}  // namespace

TEST_CASE("an aggregate of more than four fields is filled by names", "[house]") {
    check_none(complaints_about(tree()));
}

TEST_CASE("the rule of names sees every way to fill an aggregate, and leaves tables alone",
          "[house]") {
    const SourceFile header{
        "a/five.h",
        {"struct Five {", "    Uid one, two;  // of a study", "    int three = 3;",
         "    std::map<int, int> four{};", "    bool (*five)(int a, int b);",
         "    bool is_good() const { return one == two; }", "};",
         "struct Four { int a, b, c, d; };",
         "struct Made { Made(int, int, int, int, int); int a, b, c, d, e; };",
         "void take(int, const Five& five);"}};
    const auto seen = [&](const std::string& line) {
        const SourceFile file{"a/five.cpp", {"#include \"a/five.h\"", "namespace a {", line, "}"}};
        return complaints_about({header, file}).size();
    };
    for (const auto* line : {
             "Five five{1, 2, 3, 4, 5};",
             "const Five five = {1, 2, 3, 4, 5};",
             "use(a::Five{1, 2, f(3, 3), {4, 4}, std::pair<int, int>{5, 5}});",
             "a::Five make(int x) { if (x) return {1, 2, 3, 4, 5}; }",
             "const auto made = [](int) -> Five { return {1, 2, 3, 4, 5}; };",
             "take(7, {1, 2, 3, 4, 5});",
             "void f(std::vector<Five>& all) { all.push_back({1, 2, 3, 4, 5}); }",
             "Five five; void f() { five = {1, 2, 3, 4, 5}; }",
             "Five fives[] = {{.one = 1}, {1, 2, 3, 4, 5}};",
             "std::vector<Five> fives{{1, 2, 3, 4, 5}};",
             "struct Of { Five five; }; Of of{.five = {1, 2, 3, 4, 5}};",
         }) {
        INFO(line);
        CHECK(seen(line) == 1);
    }
    for (const auto* line : {
             "Five five{.one = 1, .two = 2, .three = 3, .four = 4, .five = 5};",
             "Five five{1, 2, 3};",
             "Four four{1, 2, 3, 4};",
             "Made made{1, 2, 3, 4, 5};",
             "constexpr Five kFives[] = {{1, 2, 3, 4, 5}};",
             "// Five five{1, 2, 3, 4, 5};",
             "take(\"Five{1, 2, 3, 4, 5}\", {});",
             "std::vector<int> five() { return {1, 2, 3, 4, 5}; }",
             "std::vector<Five> five() { return {a, b, c, d, e}; }",
             "std::vector<Five> all; void f() { all = {a, b, c, d, e}; }",
             "void f(Five five, std::vector<int> all) { all = {1, 2, 3, 4, 5}; }",
         }) {
        INFO(line);
        CHECK(seen(line) == 0);
    }
}
