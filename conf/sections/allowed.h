// SPDX-License-Identifier: Apache-2.0
// The values that a key allows, and the predicates that several sections use. Pure functions, but
// for those that look for a file.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "conf/base/choices.h"

namespace bucky::conf {

struct Anything {};
struct Range {
    std::int64_t least, most;
};
struct OneOf {  ///< of a list: each entry
    std::span<const std::string_view> words;
};
struct Between {
    double least, most;
};
/// `words` says what is allowed and completes "must be ...".
struct Fits {
    bool (*fits)(std::string_view value);
    std::string_view words;
};
using Allowed = std::variant<Anything, Range, Between, OneOf, Fits>;

/// "1 to 300", "en or ko", "an IP address"; empty when anything is allowed.
std::string in_words(const Allowed& allowed);

/// Of texts; a number has its own limits.
bool allows(const Allowed& allowed, std::string_view text);

bool is_not_empty(std::string_view text);
bool is_ae_title(std::string_view text);
bool is_empty_or_ae_title(std::string_view text);
bool is_destination_name(std::string_view text);
bool is_host(std::string_view text);  ///< a name or an address, by its characters only
bool is_sha256(std::string_view text);
bool is_secret_file(std::string_view text);  ///< a path, or credential:NAME
bool is_web_url(std::string_view text);      ///< https, or http on loopback; no user, no query
bool is_proxy(std::string_view text);        ///< http://HOST:PORT or https://
bool is_device(std::string_view text);
bool is_file(std::string_view file);
bool is_model_folder(std::string_view folder);

/// "or empty", for any of these.
template <bool (*fits)(std::string_view)>
bool is_empty_or(std::string_view text) {
    return text.empty() || fits(text);
}

template <IsChoice Choice>
bool is_word_of(std::string_view text) {
    return choice_of<Choice>(text).has_value();
}

/// The words of an optional choice.
template <IsChoice Choice>
inline constexpr auto kNoneOrWordsOf = [] {
    std::array<std::string_view, 1 + kWordsOf<Choice>.size()> words;
    std::ranges::copy(kWordsOf<Choice>, words.begin() + 1);
    return words;
}();

inline constexpr Fits kFileOrNone{is_empty_or<is_file>, "empty, or a file"};

}  // namespace bucky::conf
