// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/shared/progress.h"

#include <cstdio>
#include <utility>

#include <unistd.h>

#include <fmt/format.h>

namespace bucky {
namespace {

constexpr int kBarColumns = 40;
constexpr int kLinePercent = 5;

}  // namespace

Progress::Progress(std::string what, std::size_t whole, Piped piped)
    : what_(std::move(what)),
      whole_(whole),
      is_shown_(whole > 1 && ::isatty(STDERR_FILENO) == 1),
      prints_lines_(piped == Piped::lines && ::isatty(STDERR_FILENO) != 1) {}

Progress::~Progress() {
    wipe();
}

void Progress::step() {
    const MutexLock lock(mutex_);
    ++done_;
    const int percent = static_cast<int>(100 * done_ / whole_);
    if (prints_lines_ && percent / kLinePercent != last_line_) {
        last_line_ = percent / kLinePercent;
        fmt::print(stderr, "{}: {} of {}\n", what_, done_, whole_);
        std::fflush(stderr);
    }
    if (!is_shown_ || percent == percent_) return;
    percent_ = percent;
    const int filled = percent * kBarColumns / 100;
    fmt::print(stderr, "\r{} [{:=<{}}{:{}}] {}/{}", what_, "", filled, "", kBarColumns - filled,
               done_, whole_);
    std::fflush(stderr);
}

void Progress::wipe() {
    const MutexLock lock(mutex_);
    if (percent_ < 0) return;
    fmt::print(stderr, "\r\x1b[K");
    percent_ = -1;
}

}  // namespace bucky
