// SPDX-License-Identifier: Apache-2.0
// The words before the dot in the names of events, for log.modules. A test compares them with the
// events of the tree.
#pragma once

#include <string_view>

namespace bucky::log {

inline constexpr std::string_view kEventModules[] = {
    "alert",      "archive",   "association", "audit",     "authority", "clock",
    "commitment", "database",  "decoder",     "deliver",   "disk",      "door",
    "gate",       "heartbeat", "image",       "lane",      "limit",     "listener",
    "log",        "model",     "node",        "operation", "recover",   "reingest",
    "reload",     "report",    "retention",   "service",   "site",      "sites",
    "store",      "study",     "thread",      "watch",     "web",       "worker"};

}  // namespace bucky::log
