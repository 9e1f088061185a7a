// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/common/words.h"

namespace bucky::dicom_sr {

const WordTable& word_table(Language language) {
    switch (language) {
        case Language::english: return kEnglishWords;
        case Language::korean: return kKoreanWords;
        case Language::japanese: return kJapaneseWords;
    }
    __builtin_unreachable();
}

const Words& words(Language language) {
    return word_table(language).words;
}

}  // namespace bucky::dicom_sr
