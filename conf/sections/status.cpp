// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "conf/sections/all.h"
#include "conf/sections/checker.h"

namespace bucky::conf {
namespace {

constexpr std::array<std::string_view, 7> kDays{"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

constexpr Key<StatusSettings> kKeys[] = {
    {"worry_after_s", &StatusSettings::worry_after_s, Range{0, 604800}, "s",
     "Age of the oldest result of a destination that fails, from which on a person is needed. A "
     "destination that is down for less is at its restart."},
    {"certificate_days", &StatusSettings::certificate_days, Range{0, 365}, "days",
     "How long before its end a certificate of this node is a trouble."},
    {"senders", &StatusSettings::senders, Fits{is_ae_title, "AE titles of 1 to 16 characters"}, "",
     "Calling AE titles that are missed when no image comes from them for silent_hours of working "
     "time, or none is kept."},
    {"silent_hours", &StatusSettings::silent_hours, Range{1, 1000}, "h",
     "Working hours without an image after which one of senders is a trouble."},
    {"day_begins_hour", &StatusSettings::day_begins_hour, Range{0, 23}, "h",
     "Hour at which work begins, in the machine's time zone."},
    {"day_ends_hour", &StatusSettings::day_ends_hour, Range{1, 24}, "h", "Hour at which it ends."},
    {"working_days", &StatusSettings::working_days, OneOf{kDays}, "",
     "Days on which images are expected. Holidays are not known: a sender that rests then is a "
     "trouble until it sends."},
};

void check(const Settings& settings, Checker& checker) {
    const auto& status = settings.status;
    if (status.day_begins_hour >= status.day_ends_hour) {
        checker.complain({"status"}, "day_ends_hour", "is not after day_begins_hour");
    }
    if (status.working_days.empty() && !status.senders.empty()) {
        checker.complain({"status"}, "working_days", "is empty: no sender would ever be missed");
    }
}

}  // namespace

Section<StatusSettings> status_section() {
    return {.name = "status",
            .field = &Settings::status,
            .keys = kKeys,
            .sentence =
                "When a person is needed: what `bucky status`, the page, the metrics and "
                "alerts call a trouble.",
            .check = check};
}

}  // namespace bucky::conf
