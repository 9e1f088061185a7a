// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/sandbox/landlock.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scp/wire/unique_fd.h"

namespace bucky {
namespace {

// Debian 12's headers define Landlock ABI 2; the kernel may support more. These system call numbers
// are the same on every architecture.
constexpr long kCreateRuleset = 444, kAddRule = 445, kRestrictSelf = 446;
constexpr std::uint32_t kAskVersion = 1;
constexpr int kBeneathPath = 1;

constexpr std::uint64_t kReadFile = 1U << 2U, kReadFolder = 1U << 3U;

struct Ruleset {
    std::uint64_t files, tcp, scopes;
};

struct [[gnu::packed]] BeneathPath {
    std::uint64_t allowed;
    std::int32_t folder;
};

/// The rights that an ABI version can deny, and the size of its Ruleset.
struct Version {
    Ruleset all;
    std::size_t bytes;
};

/// By ABI version, from 1; each adds rights.
constexpr std::array kVersions{
    Version{{0x1FFF, 0, 0}, 8},   // executing, reading, writing, making, removing
    Version{{0x3FFF, 0, 0}, 8},   // moving to another folder
    Version{{0x7FFF, 0, 0}, 8},   // truncating
    Version{{0x7FFF, 3, 0}, 16},  // TCP: bind, connect
    Version{{0xFFFF, 3, 0}, 16},  // device control
    Version{{0xFFFF, 3, 3}, 24},  // abstract sockets and signals of others
};

}  // namespace

int landlock_version() {
    return std::max(0, static_cast<int>(::syscall(kCreateRuleset, nullptr, 0, kAskVersion)));
}

bool restrict_files(std::span<const std::filesystem::path> readable, int file) {
    const auto version = static_cast<std::size_t>(landlock_version());
    if (version == 0) return false;
    const Version& known = kVersions[std::min(version, kVersions.size()) - 1];
    const scp::UniqueFd rules{
        static_cast<int>(::syscall(kCreateRuleset, &known.all, known.bytes, 0))};
    if (!rules) return false;
    for (const auto& folder : readable) {
        const scp::UniqueFd opened{::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
        if (!opened) continue;
        const BeneathPath beneath{kReadFile | kReadFolder, opened.get()};
        if (::syscall(kAddRule, rules.get(), kBeneathPath, &beneath, 0) != 0) return false;
    }
    const BeneathPath alone{kReadFile, file};
    if (file >= 0 && ::syscall(kAddRule, rules.get(), kBeneathPath, &alone, 0) != 0) return false;
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
    return ::syscall(kRestrictSelf, rules.get(), 0) == 0;
}

}  // namespace bucky
