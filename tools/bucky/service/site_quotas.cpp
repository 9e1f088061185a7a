// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/service/site_quotas.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace bucky::service {
namespace {

constexpr std::int64_t kMinuteS =
    60;  // a site that was told less often than it can take asks again

}  // namespace

void SiteQuotas::set(const conf::ServiceSettings& told) {
    at_once_ = told.site_at_once;
    per_second_ = told.site_per_second;
    per_day_ = told.site_per_day;
}

std::optional<SiteQuotas::TooMuch> SiteQuotas::enter(const std::string& site, Now now,
                                                     std::int64_t day) {
    if (day != day_) forget_idle(day);
    auto [found, is_new] = sites_.try_emplace(site);
    auto& use = found->second;
    const auto full = static_cast<double>(per_second_);
    if (use.day != day) use.of_day = 0;
    use.day = day;
    const auto passed = std::chrono::duration<double>(now - use.filled_at).count();
    use.left_this_second = is_new ? full : std::min(full, use.left_this_second + passed * full);
    use.filled_at = now;
    if (use.at_once >= at_once_) {
        return TooMuch{
            fmt::format("{} requests of this site are under way, as many as may be", use.at_once)};
    }
    if (per_day_ > 0 && use.of_day >= per_day_) {
        return TooMuch{fmt::format("this site has had its {} images of this day (UTC)", per_day_),
                       kMinuteS};
    }
    if (per_second_ > 0 && use.left_this_second <= 0) {
        const auto wait_s = std::ceil(-use.left_this_second / full);
        return TooMuch{fmt::format("this site may send {} images in a second", per_second_),
                       std::max<std::int64_t>(1, static_cast<std::int64_t>(wait_s))};
    }
    ++use.at_once;
    use.left_this_second -= 1;  // leave() says how many there really were
    return std::nullopt;
}

void SiteQuotas::leave(const std::string& site, std::size_t images) {
    auto& use = sites_.at(site);
    --use.at_once;
    use.of_day += static_cast<std::int64_t>(images);
    use.left_this_second -= static_cast<double>(images) - 1;
}

/// What a day has counted is of no more use on the next.
void SiteQuotas::forget_idle(std::int64_t day) {
    day_ = day;
    std::erase_if(sites_, [](const auto& one) { return one.second.at_once == 0; });
}

}  // namespace bucky::service
