// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/node/sender_watch.h"

#include <fmt/format.h>

#include "conf/base/clock.h"
#include "tools/bucky/shared/working_hours.h"

namespace bucky {

std::vector<Trouble> SenderWatch::look(storage::Database& db, const conf::StatusSettings& status,
                                       std::int64_t now_ms) {
    constexpr std::int64_t kHourMs = 3'600'000;
    if (status.senders.empty()) return {};
    const auto& last = senders_.look(db);
    std::vector<Trouble> all;
    for (const auto& sender : status.senders) {
        const auto found = last.find(sender);
        if (found == last.end()) {
            all.push_back({Concern::sender, sender,
                           fmt::format("{}: no image of it is here: its queue and its "
                                       "configuration say why it does not send",
                                       sender)});
            continue;
        }
        if (working_ms_between(found->second, now_ms, status) <= status.silent_hours * kHourMs) {
            continue;
        }
        all.push_back(
            {Concern::sender, sender,
             fmt::format("{}: nothing has come since {} UTC, longer than {} working "
                         "hours (status.silent_hours): see its queue of failed sends",
                         sender, iso_utc(found->second).substr(0, 16), status.silent_hours)});
    }
    return all;
}

}  // namespace bucky
