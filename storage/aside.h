// SPDX-License-Identifier: Apache-2.0
// Aside: files that were found without a row and that nothing more can be done with by itself: an
// image that cannot be read, a result that no report names. They are kept for a person below
// data_dir/aside/DATE (UTC), in a folder of their kind, for storage.keep_days.
//
// Moving is one rename within the file system: a crash leaves the file in one place or the other,
// and the next start finds it there. Any thread may call.
#pragma once

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>
#include <string_view>

#include "conf/base/clock.h"

namespace bucky::storage {

class Aside {
public:
    enum class Kind { image, copy, result };  ///< copy: of an image that is kept, in other bytes

    struct Held {
        std::int64_t images = 0, copies = 0, results = 0;
    };

    Aside(const std::filesystem::path& data_dir, const Clock& clock);

    /// Throws unavailable or exhausted when the file stays where it is.
    void put(const std::filesystem::path& file, Kind kind);

    /// Deletes what was put here more than `keep_ms` ago; 0: nothing. Returns how many files.
    std::int64_t sweep(std::int64_t keep_ms);

    /// Counted when it was made, and kept up since.
    Held held() const;

    const std::filesystem::path& root() const noexcept { return root_; }

private:
    void count();  ///< mutex_ is held

    const std::filesystem::path root_;
    const Clock& clock_;
    mutable std::mutex mutex_;
    Held held_;  ///< GUARDED_BY(mutex_)
};

}  // namespace bucky::storage
