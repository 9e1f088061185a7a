// SPDX-License-Identifier: Apache-2.0
#include "scp/wire/check.h"

#include <algorithm>

#include "conf/base/error.h"
#include "conf/base/limits.h"

namespace bucky::scp {

std::string words_of(const OFCondition& condition) {
    std::string words{condition.text()};
    std::replace(words.begin(), words.end(), '\n', ' ');
    words.resize(std::min(words.size(), limits::kWordsMax));
    return words;
}

void check(const OFCondition& made, std::string_view doing) {
    if (made.bad()) throw Error(Fault::unavailable, "{}: {}", doing, words_of(made));
}

}  // namespace bucky::scp
