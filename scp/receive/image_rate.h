// SPDX-License-Identifier: Apache-2.0
// ImageRate: limits how many images the callers of a [[peer]] row, or of a [[tenant]], may store
// per minute. It is a token bucket that holds the tokens of one minute and fills evenly, so that a
// study may come at once and a flood may not. Any thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "conf/base/mutex.h"

namespace bucky::scp {

class ImageRate {
public:
    /// Whether one more image of this row may come now. If so, it is counted.
    bool admit(std::string_view account, std::int64_t per_minute, std::int64_t steady_ms) {
        const MutexLock lock(mutex_);
        const auto full = static_cast<double>(per_minute);
        auto& bucket =
            buckets_.try_emplace(std::string{account}, Bucket{full, steady_ms}).first->second;
        constexpr double kMinuteMs = 60'000;
        const auto passed_ms =
            static_cast<double>(std::max<std::int64_t>(steady_ms - bucket.at_ms, 0));
        bucket.images = std::min(full, bucket.images + full * passed_ms / kMinuteMs);
        bucket.at_ms = steady_ms;
        if (bucket.images < 1) return false;
        bucket.images -= 1;
        return true;
    }

private:
    struct Bucket {
        double images;
        std::int64_t at_ms;
    };
    Mutex mutex_;
    /// One per row of the config, so there are few.
    std::map<std::string, Bucket> buckets_ GUARDED_BY(mutex_);
};

}  // namespace bucky::scp
