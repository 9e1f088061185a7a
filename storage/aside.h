// SPDX-License-Identifier: Apache-2.0
// Aside: files without a row that cannot be processed automatically: an image that cannot be read,
// or a result that no report names. They are kept for the admin below data_dir/aside/DATE (UTC), in
// a folder of their kind, for storage.keep_days.
//
// A file is moved by one rename within the file system. After a crash it is in one of the two
// folders, and the next start finds it there. Any thread may call.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "conf/base/clock.h"
#include "conf/base/mutex.h"

namespace bucky::storage {

class Aside {
public:
    enum class Kind { image, copy, result };  ///< copy: a kept image in other bytes

    struct Held {
        std::int64_t images = 0, copies = 0, results = 0;
    };

    Aside(const std::filesystem::path& data_dir, const Clock& clock);

    /// Throws unavailable or exhausted when the file stays in its folder.
    void put(const std::filesystem::path& file, Kind kind);

    /// Deletes files that were moved here more than `keep_ms` ago; 0: none. Returns their number.
    std::int64_t sweep(std::int64_t keep_ms);

    /// Counted by the constructor and updated since.
    Held held() const;

    const std::filesystem::path& root() const noexcept { return root_; }

private:
    void count() REQUIRES(mutex_);

    const std::filesystem::path root_;
    const Clock& clock_;
    mutable Mutex mutex_;
    Held held_ GUARDED_BY(mutex_);
};

}  // namespace bucky::storage
