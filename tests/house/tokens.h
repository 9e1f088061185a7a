// SPDX-License-Identifier: Apache-2.0
// C++ text as tokens, for rules that must know brackets from words. No preprocessor, no types: a
// token is a name, a number, a string or a sign.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/house/tree.h"

namespace bucky::house {

struct Token {
    std::string text;  ///< of a string literal: ""
    std::size_t line;  ///< from 0

    bool is(std::string_view what) const { return text == what; }
    bool is_name() const;
    bool opens() const { return is("{") || is("(") || is("["); }
    bool closes() const { return is("}") || is(")") || is("]"); }
};
using Tokens = std::vector<Token>;

/// Without comments and directives.
Tokens tokens_of(const SourceFile& file);

/// The place of the bracket that closes the one at `at`.
std::size_t closing(const Tokens& tokens, std::size_t at);

/// The place of the > that ends the template arguments beginning with the < at `at`; 0: it is a
/// comparison.
std::size_t template_end(const Tokens& tokens, std::size_t at);

/// What the commas part between the bracket at `at` and its end: [first, last) each. None when it
/// holds statements.
using Range = std::pair<std::size_t, std::size_t>;
std::vector<Range> elements(const Tokens& tokens, std::size_t at);

/// The bracket that is open around `at`; 0: none within this statement.
std::size_t opening_around(const Tokens& tokens, std::size_t at);

}  // namespace bucky::house
