// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/node/start_checks.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/bucky/admin/unowned_lanes.h"
#include "tools/bucky/engine/model_purposes.h"
#include "tools/bucky/engine/precedence.h"
#include "tools/bucky/node/data_lock.h"
#include "tools/bucky/node/ports.h"
#include "tools/bucky/node/unit.h"

namespace bucky {

std::string become_the_service(const std::filesystem::path& config) {
    if (::geteuid() != 0) return {};
    const auto data_dir = conf::examine_settings(config).settings.node.data_dir;
    struct stat owned {};
    if (::stat(data_dir.c_str(), &owned) != 0 || owned.st_uid == 0) return {};
    const auto* user = ::getpwuid(owned.st_uid);
    const auto name = user == nullptr ? std::to_string(owned.st_uid) : user->pw_name;
    auto words = fmt::format("checked as {}, the owner of {}", name, data_dir.string());
    const gid_t group = user == nullptr ? owned.st_gid : user->pw_gid;
    const bool left =
        (user == nullptr ? ::setgroups(0, nullptr) : ::initgroups(user->pw_name, group)) == 0 &&
        ::setgid(group) == 0 && ::setuid(owned.st_uid) == 0;
    return left ? words : std::string{};
}

std::vector<conf::Problem> problems_of_start(const conf::Settings& settings,
                                             const conf::Lines& lines) {
    const auto& data_dir = settings.node.data_dir;
    if (DataLock::holder(data_dir)) return {};
    auto problems = port_problems(settings, lines);
    if (auto words = DataLock::obstacle(data_dir)) {
        const auto line = lines.find("node.data_dir");
        problems.push_back(
            {line == lines.end() ? 1 : line->second, "node.data_dir", std::move(*words)});
    }
    return problems;
}

std::vector<std::string> advice_on(const conf::Settings& settings) {
    auto advice = unit_troubles(settings);
    std::ranges::move(unowned_troubles(settings), std::back_inserter(advice));
    std::ranges::move(purposes_of(settings).notes, std::back_inserter(advice));
    std::ranges::move(overlaps(settings), std::back_inserter(advice));
    return advice;
}

}  // namespace bucky
