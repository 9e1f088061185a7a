// SPDX-License-Identifier: Apache-2.0
// The rows of conf/dicom/result_kinds.h as the config file speaks of them: the words that are
// allowed, and the sentence that explains each.
#pragma once

#include <algorithm>
#include <array>
#include <initializer_list>
#include <string_view>

#include "conf/dicom/result_kinds.h"

namespace bucky::conf {

inline constexpr auto kResultWords = [] {
    std::array<std::string_view, kResultKinds.size()> words;
    std::ranges::transform(kResultKinds, words.begin(), &ResultKindRow::word);
    return words;
}();

/// A sentence put together at compile time.
struct Sentence {
    std::array<char, 4000> text{};
    std::size_t size = 0;

    constexpr void add(std::string_view more) {
        for (const char c : more) text[size++] = c;
    }
    /// "Per study: sr, the report; chest_cad, ..."
    constexpr void add_kinds(std::string_view of, std::initializer_list<ResultScope> scopes) {
        std::string_view before = of;
        for (const auto& row : kResultKinds) {
            if (std::ranges::find(scopes, row.scope) == scopes.end()) continue;
            for (const auto part : {before, row.word, std::string_view{", "}, row.sentence}) {
                add(part);
            }
            before = "; ";
        }
        add(".");
    }
    constexpr operator std::string_view() const { return {text.data(), size}; }
};

/// Of destination.send.
inline constexpr Sentence kSendSentence = [] {
    Sentence all;
    all.add("Objects that are always sent.");
    all.add_kinds(" Per study: ", {ResultScope::study, ResultScope::study_page});
    all.add_kinds(" Per analysed image: ", {ResultScope::analysed_image});
    all.add_kinds(" Per image that was not analysed: ", {ResultScope::skipped_image});
    return all;
}();

}  // namespace bucky::conf
