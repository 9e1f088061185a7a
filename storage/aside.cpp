// SPDX-License-Identifier: Apache-2.0
#include "storage/aside.h"

#include <ctime>
#include <iterator>
#include <system_error>
#include <vector>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "conf/base/error.h"

namespace bucky::storage {
namespace {

namespace fs = std::filesystem;

std::string day_of(std::int64_t at_ms) {
    return fmt::format("{:%Y-%m-%d}", fmt::gmtime(static_cast<std::time_t>(at_ms / 1000)));
}

const char* folder_of(Aside::Kind kind) {
    switch (kind) {
        case Aside::Kind::image: return "spool";
        case Aside::Kind::copy: return "copies";
        case Aside::Kind::result: return "results";
    }
    __builtin_unreachable();
}

std::int64_t files_in(const fs::path& folder) {
    std::error_code missing;
    return std::distance(fs::directory_iterator{folder, missing}, {});
}

bool is_day(const std::string& name) {
    return name.size() == 10 && name.find_first_not_of("0123456789-") == std::string::npos;
}

std::vector<fs::path> days_in(const fs::path& root) {
    std::vector<fs::path> days;
    std::error_code missing;
    for (const auto& entry : fs::directory_iterator{root, missing}) {
        if (is_day(entry.path().filename().string())) days.push_back(entry.path());
    }
    return days;
}

}  // namespace

Aside::Aside(const fs::path& data_dir, const Clock& clock)
    : root_(data_dir / "aside"), clock_(clock) {
    count();
}

void Aside::count() {
    held_ = {};
    for (const auto& day : days_in(root_)) {
        held_.images += files_in(day / folder_of(Kind::image));
        held_.copies += files_in(day / folder_of(Kind::copy));
        held_.results += files_in(day / folder_of(Kind::result));
    }
}

void Aside::put(const fs::path& file, Kind kind) {
    const auto folder = root_ / day_of(clock_.now_ms()) / folder_of(kind);
    std::error_code failed;
    fs::create_directories(folder, failed);
    if (!failed) fs::permissions(root_, fs::perms::owner_all, failed);  // patients' images
    if (!failed) fs::rename(file, folder / file.filename(), failed);
    if (failed) {
        throw Error(failed == std::errc::no_space_on_device ? Fault::exhausted : Fault::unavailable,
                    "cannot move {} to {}: {}", file.string(), folder.string(), failed.message());
    }
    const MutexLock lock(mutex_);
    switch (kind) {
        case Kind::image: ++held_.images; return;
        case Kind::copy: ++held_.copies; return;
        case Kind::result: ++held_.results; return;
    }
}

std::int64_t Aside::sweep(std::int64_t keep_ms) {
    if (keep_ms <= 0) return 0;
    const auto last_kept = day_of(clock_.now_ms() - keep_ms);
    std::int64_t deleted = 0;
    for (const auto& day : days_in(root_)) {
        if (day.filename().string() >= last_kept) continue;
        for (const auto kind : {Kind::image, Kind::copy, Kind::result}) {
            deleted += files_in(day / folder_of(kind));
        }
        std::error_code stays;  // a file that stays is deleted by the next sweep
        fs::remove_all(day, stays);
    }
    if (deleted > 0) {
        const MutexLock lock(mutex_);
        count();
    }
    return deleted;
}

Aside::Held Aside::held() const {
    const MutexLock lock(mutex_);
    return held_;
}

}  // namespace bucky::storage
