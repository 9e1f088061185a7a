// SPDX-License-Identifier: Apache-2.0
#include "tools/fake_pacs/behaviour.h"

#include <map>

#include "tools/fake_pacs/wire.h"

namespace fake {

const char* const kBehaviours =
    "silent, deaf, reject, congested, abort-midway, abort, drop, no-answer, endless-answer, "
    "drip-answer, other-object, other-message, no-sr, text-and-cr, not-of=UID, implicit-only, "
    "slow[=MS], status=HEX; first=N: only for the first N C-STOREs; no-commitment, commit-never, "
    "commit-status=HEX, commit-forget=N, commit-ignore=N; find=N, find-status=HEX, find-wrong, "
    "find-huge, find-never, move-status=HEX";

Behaviour read_behaviour(const std::vector<std::string>& words) {
    static const std::map<std::string, bool Behaviour::*> kSwitches{
        {"silent", &Behaviour::silent},
        {"deaf", &Behaviour::deaf},
        {"reject", &Behaviour::reject},
        {"congested", &Behaviour::congested},
        {"abort-midway", &Behaviour::abort_midway},
        {"abort", &Behaviour::abort},
        {"drop", &Behaviour::drop},
        {"no-answer", &Behaviour::no_answer},
        {"endless-answer", &Behaviour::endless_answer},
        {"drip-answer", &Behaviour::drip_answer},
        {"other-object", &Behaviour::other_object},
        {"other-message", &Behaviour::other_message},
        {"no-sr", &Behaviour::no_sr},
        {"text-and-cr", &Behaviour::text_and_cr},
        {"implicit-only", &Behaviour::implicit_only},
        {"no-commitment", &Behaviour::no_commitment},
        {"commit-never", &Behaviour::commit_never},
        {"find-wrong", &Behaviour::find_wrong},
        {"find-huge", &Behaviour::find_huge},
        {"find-never", &Behaviour::find_never}};
    static const std::map<std::string, std::pair<unsigned Behaviour::*, int>> kNumbers{
        {"status", {&Behaviour::status, 16}},
        {"first", {&Behaviour::only_first, 10}},
        {"commit-status", {&Behaviour::commit_status, 16}},
        {"commit-forget", {&Behaviour::commit_forget, 10}},
        {"commit-ignore", {&Behaviour::commit_ignore, 10}},
        {"find", {&Behaviour::find, 10}},
        {"find-status", {&Behaviour::find_status, 16}},
        {"move-status", {&Behaviour::move_status, 16}}};
    Behaviour made;
    for (const auto& word : words) {
        const auto equals = word.find('=');
        const std::string key = word.substr(0, equals);
        const std::string value = equals == std::string::npos ? "" : word.substr(equals + 1);
        if (const auto found = kSwitches.find(key); found != kSwitches.end()) {
            made.*found->second = true;
        } else if (const auto number = kNumbers.find(key); number != kNumbers.end()) {
            const auto [member, base] = number->second;
            made.*member = static_cast<unsigned>(std::stoul(value, nullptr, base));
        } else if (key == "not-of") {
            made.not_of.push_back(value);
        } else if (key == "slow") {
            made.slow = std::chrono::milliseconds{value.empty() ? 1000 : std::stoi(value)};
        } else {
            fail("unknown behaviour " + word);
        }
    }
    return made;
}

}  // namespace fake
