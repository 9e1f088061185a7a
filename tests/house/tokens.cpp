// SPDX-License-Identifier: Apache-2.0
#include "tests/house/tokens.h"

#include <cctype>

namespace bucky::house {
namespace {

bool is_letter(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

class Lexer {
public:
    explicit Lexer(const SourceFile& file) {
        for (const auto& line : file.lines) {
            const bool directive = line.find_first_not_of(' ') == line.find('#');
            if (!raw_end_.empty() || in_comment_ || !directive || line.empty()) read(line);
            ++line_;
        }
    }
    Tokens take() { return std::move(tokens_); }

private:
    void read(const std::string& line) {
        std::size_t at = 0;
        while (at < line.size()) at = read_one(line, at);
    }

    /// Returns the place behind what it read.
    std::size_t read_one(const std::string& line, std::size_t at) {
        if (in_comment_) return leave(line, at, "*/", in_comment_);
        if (!raw_end_.empty()) {
            bool is_open = true;
            at = leave(line, at, raw_end_, is_open);
            if (!is_open) raw_end_.clear();
            return at;
        }
        const char c = line[at];
        if (c == ' ' || c == '\t') return at + 1;
        if (line.compare(at, 2, "//") == 0) return line.size();
        if (line.compare(at, 2, "/*") == 0) return in_comment_ = true, at + 2;
        if (line.compare(at, 2, "R\"") == 0) return enter_raw(line, at + 2);
        if (c == '"' || c == '\'') return literal(line, at);
        if (is_letter(c)) return word(line, at);
        for (const std::string_view sign : {"...", "::", "->", "&&", "||", "<<", "==", "!="}) {
            if (line.compare(at, sign.size(), sign) == 0) return add(sign, at + sign.size());
        }
        return add({&line[at], 1}, at + 1);
    }

    std::size_t add(std::string_view text, std::size_t behind) {
        tokens_.push_back({std::string{text}, line_});
        return behind;
    }

    static std::size_t leave(const std::string& line, std::size_t at, const std::string& end,
                             bool& is_open) {
        const auto found = line.find(end, at);
        is_open = found == std::string::npos;
        return is_open ? line.size() : found + end.size();
    }

    std::size_t enter_raw(const std::string& line, std::size_t at) {
        const auto opens = line.find('(', at);
        raw_end_ = ')' + line.substr(at, opens - at) + '"';
        return add("\"\"", opens + 1);
    }

    std::size_t literal(const std::string& line, std::size_t at) {
        std::size_t end = at + 1;
        while (end < line.size() && line[end] != line[at]) end += line[end] == '\\' ? 2 : 1;
        return add(line[at] == '"' ? "\"\"" : "0", end + 1);
    }

    std::size_t word(const std::string& line, std::size_t at) {
        const bool number = std::isdigit(static_cast<unsigned char>(line[at])) != 0;
        std::size_t end = at;
        while (end < line.size() &&
               (is_letter(line[end]) || (number && (line[end] == '.' || line[end] == '\'')))) {
            ++end;
        }
        return add(std::string_view{line}.substr(at, end - at), end);
    }

    Tokens tokens_;
    std::string raw_end_;  ///< of the raw string that is open
    bool in_comment_ = false;
    std::size_t line_ = 0;
};

}  // namespace

bool Token::is_name() const {
    return is_letter(text[0]) && std::isdigit(static_cast<unsigned char>(text[0])) == 0;
}

Tokens tokens_of(const SourceFile& file) {
    return Lexer{file}.take();
}

std::size_t closing(const Tokens& tokens, std::size_t at) {
    std::size_t depth = 0;
    for (; at < tokens.size(); ++at) {
        if (tokens[at].opens()) ++depth;
        if (tokens[at].closes() && --depth == 0) return at;
    }
    return tokens.size() - 1;
}

std::size_t template_end(const Tokens& tokens, std::size_t at) {
    std::size_t depth = 0;
    for (; at < tokens.size(); ++at) {
        const auto& token = tokens[at];
        if (token.is("<")) {
            ++depth;
        } else if (token.is(">")) {
            if (--depth == 0) return at;
        } else if (!is_letter(token.text[0]) && !token.is("::") && !token.is(",") &&
                   !token.is("*") && !token.is("&") && !token.is("(") && !token.is(")")) {
            return 0;
        }
    }
    return 0;
}

std::vector<Range> elements(const Tokens& tokens, std::size_t at) {
    const auto end = closing(tokens, at);
    std::vector<Range> found;
    std::size_t from = at + 1, to = from;
    while (to < end) {
        if (tokens[to].is(";")) return {};
        if (tokens[to].opens()) {
            to = closing(tokens, to);
        } else if (tokens[to].is("<") && tokens[to - 1].is_name()) {
            const auto behind = template_end(tokens, to);
            if (behind != 0) to = behind;
        } else if (tokens[to].is(",")) {
            found.emplace_back(from, to);
            from = to + 1;
        }
        ++to;
    }
    if (from < end) found.emplace_back(from, end);
    return found;
}

std::size_t opening_around(const Tokens& tokens, std::size_t at) {
    std::size_t depth = 0;
    while (at-- > 1) {
        const auto& token = tokens[at];
        if (token.closes()) {
            ++depth;
        } else if (token.opens()) {
            if (depth == 0) return at;
            --depth;
        } else if (token.is(";") && depth == 0) {
            return 0;
        }
    }
    return 0;
}

}  // namespace bucky::house
