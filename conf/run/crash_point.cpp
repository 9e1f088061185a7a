// SPDX-License-Identifier: Apache-2.0
#include "conf/run/crash_point.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <iterator>
#include <string>

#include <unistd.h>

#include "conf/base/error.h"

namespace bucky {
namespace {

struct Armed {
    std::string name;
    std::atomic<int> passes_left{1};

    explicit Armed(const char* variable) {
        const char* asked = std::getenv(variable);
        if (asked == nullptr) return;
        name = asked;
        if (const auto colon = name.find(':'); colon != std::string::npos) {
            int passes = 1;
            std::from_chars(name.data() + colon + 1, name.data() + name.size(), passes);
            passes_left = passes;
            name.resize(colon);
        }
    }

    bool is_reached(std::string_view by) { return by == name && passes_left.fetch_sub(1) == 1; }
};

}  // namespace

void crash_point(std::string_view name) {
    static Armed death{"BUCKY_CRASH_AT"};
    static Armed hang{"BUCKY_HANG_AT"};
    if (death.name.empty() && hang.name.empty()) return;
    if (std::find(std::begin(kCrashPoints), std::end(kCrashPoints), name) ==
        std::end(kCrashPoints)) {
        throw Error(Fault::bug, "crash point {} is not listed in crash_point.h", name);
    }
    if (death.is_reached(name)) ::kill(::getpid(), SIGKILL);
    if (hang.is_reached(name)) {
        while (true) ::pause();
    }
}

}  // namespace bucky
