// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "conf/dicom/exam_words.h"
#include "conf/sections/all.h"
#include "conf/sections/checker.h"

namespace bucky::conf {
namespace {

using enum Presence;

constexpr Key<AliasSettings> kKeys[] = {
    {"attribute", choice<&AliasSettings::attribute>, OneOf{kWordsOf<ExamAttribute>}, "",
     "Attribute that the word stands in: Body Part Examined, View Position or Modality.",
     R"("body_part")", required},
    {"word", &AliasSettings::word, Fits{is_not_empty, "not empty"}, "",
     "The word as the device writes it. Letter case, dots and spaces do not matter.",
     R"("TX DE FACE")", required},
    {"means", &AliasSettings::means, Fits{is_not_empty, "not empty"}, "",
     "What it means, in words of docs/eligibility.md: CHEST, CHEST PA, AP, DX.", R"("CHEST PA")",
     required},
    {"ae_title", &AliasSettings::ae_title,
     Fits{is_empty_or_ae_title, "empty, or at most 16 printable ASCII characters"}, "",
     "Calling AE title of the sender that writes it so. Empty: any."},
};

bool says(const ExamMeaning& meaning, ExamAttribute attribute) {
    switch (attribute) {
        case ExamAttribute::body_part: return !meaning.region.empty();
        case ExamAttribute::view: return !meaning.view.empty();
        case ExamAttribute::modality: return !meaning.modality.empty();
    }
    __builtin_unreachable();
}

/// An alias explains a word that says nothing; it does not make a lateral image a frontal one.
void check(const Settings& settings, Checker& checker) {
    for (std::size_t i = 0; i < settings.aliases.size(); ++i) {
        const auto& alias = settings.aliases[i];
        if (alias.word.empty() || alias.means.empty()) continue;  // complained of
        const auto meaning = exam_meaning(alias.means);
        if (!meaning || !says(*meaning, alias.attribute)) {
            checker.complain({"alias", i}, "means",
                             fmt::format(R"("{}" is no {} that docs/eligibility.md explains)",
                                         alias.means, word_of(alias.attribute)));
        }
        if (names_another_exam(alias.word)) {
            checker.complain({"alias", i}, "word",
                             fmt::format(R"("{}" names another view or region)", alias.word));
        }
    }
}

}  // namespace

Section<AliasSettings> alias_section() {
    return {.name = "alias",
            .field = &Settings::aliases,
            .keys = kKeys,
            .sentence =
                "Words by which a device names an exam, one [[alias]] each, where they are not "
                "among those of docs/eligibility.md. They decide only which images a model is "
                "asked about; results keep the device's word.",
            .in_example = false,
            .check = check};
}

}  // namespace bucky::conf
