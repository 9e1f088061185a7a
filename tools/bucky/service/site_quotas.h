// SPDX-License-Identifier: Apache-2.0
// SiteQuotas: how much of the model server each site may use: requests at once, images in a second
// and in a day. Who reaches a limit slows only itself. Not thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "conf/settings.h"

namespace bucky::service {

class SiteQuotas {
public:
    using Now = std::chrono::steady_clock::time_point;

    struct TooMuch {
        std::string words;
        std::int64_t retry_after_s = 1;
    };

    void set(const conf::ServiceSettings& told);

    /// A request of this site begins, or may not. `day`: days since 1970 (UTC).
    std::optional<TooMuch> enter(const std::string& site, Now now, std::int64_t day);

    /// It has ended with so many images.
    void leave(const std::string& site, std::size_t images);

private:
    struct Use {
        std::int64_t at_once = 0;
        double left_this_second = 0;  ///< images; below 0 when the last request had many
        Now filled_at{};
        std::int64_t day = 0, of_day = 0;
    };
    void forget_idle(std::int64_t day);

    std::int64_t at_once_ = 16, per_second_ = 0, per_day_ = 0;
    std::int64_t day_ = 0;
    std::map<std::string, Use> sites_;
};

}  // namespace bucky::service
