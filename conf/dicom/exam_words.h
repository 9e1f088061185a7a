// SPDX-License-Identifier: Apache-2.0
// What the words for an exam mean: "CHEST PA" in Body Part Examined, "P.A." in View Position, "DR"
// in Modality. Devices write them freely; these are the ones that mean one thing to every
// radiographer. A word with a part that the table does not know means nothing here, so that
// "CHEST LAT" is never taken for a chest. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "conf/base/choices.h"

namespace bucky {

/// What the parts of a word say. Empty: nothing.
struct ExamMeaning {
    std::string region;    ///< "CHEST"
    std::string view;      ///< "PA", "AP", or "FRONTAL" for one of the two
    std::string modality;  ///< "DX"
};

/// One part of a word, with what it says and where that stands.
struct ExamWord {
    std::string_view word;
    std::string_view region{}, view{}, modality{};  ///< all empty: it says nothing of these
    std::string_view source{};
};
std::span<const ExamWord> exam_words();

/// Nullopt when a part is not in the table, or two parts contradict each other ("AP/PA").
std::optional<ExamMeaning> exam_meaning(std::string_view word);

/// What a site says that a word of one of its senders means.
struct ExamAlias {
    ExamAttribute attribute{};
    std::string word, means;
};

/// `word` as the first alias for it says, else as it is. Letter case and spaces do not matter.
std::string explained(std::string_view word, ExamAttribute attribute,
                      std::span<const ExamAlias> aliases);

/// Whether the word names another view or region than a frontal chest: no alias may hide that.
bool names_another_exam(std::string_view word);

}  // namespace bucky
