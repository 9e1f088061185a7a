// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "conf/sections/all.h"
#include "conf/sections/checker.h"

namespace bucky::conf {
namespace {

constexpr Key<StudySettings> kKeys[] = {
    {"quiet_s", &StudySettings::quiet_s, Range{0, 3600}, "s",
     "A study is complete when no image of it has arrived for this long, or when the association "
     "that carried all of it has ended."},
    {"ceiling_s", &StudySettings::ceiling_s, Range{1, 86400}, "s",
     "Longest time from the first image of a study to its report, even while images are still "
     "arriving."},
    {"reporters", &StudySettings::reporters, Range{0, 64}, "threads",
     "Reports made in parallel. 0: one for every two cores, from 2 to 16. 1: one after another."},
    {"give_up_hours", &StudySettings::give_up_hours, Range{1, 720}, "hours",
     "Time of attempts on a report that this machine cannot make (no memory, no disk). Then the "
     "study waits for the admin. Attempts are at most 5 minutes apart."},
    {"identity_changes", choice<&StudySettings::identity_changes>, OneOf{kWordsOf<IdentityChanges>},
     "",
     "What to do with an image that is received again with the same pixels and another patient, "
     "order or description. follow: the newer one replaces the earlier one; it is analysed and "
     "reported anew, and results that were filed under another patient are withdrawn. keep: the "
     "first one stays valid; only empty values are filled in."},
};

void check(const Settings& settings, Checker& checker) {
    const auto& study = settings.study;
    if (study.quiet_s <= study.ceiling_s) return;
    checker.complain(
        {"study"}, "quiet_s",
        fmt::format("{} s is longer than study.ceiling_s, {} s", study.quiet_s, study.ceiling_s));
}

}  // namespace

Section<StudySettings> study_section() {
    return {.name = "study",
            .field = &Settings::study,
            .keys = kKeys,
            .sentence =
                "When a study is complete and its report is made. Images are analysed as they "
                "arrive; only the report waits.",
            .check = check};
}

}  // namespace bucky::conf
