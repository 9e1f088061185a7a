// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/common/place.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "dicom_sr/common/wording.h"

namespace bucky::dicom_sr {
namespace {

constexpr double kThirds = 3;
constexpr double kEdge = 0.2;  ///< of its height: what an outline may reach into the next zone

}  // namespace

Heights heights_of(const inference::Region& region, const inference::ImageResult& of) {
    const auto lungs = of.lungs.value_or(inference::LungField{0, double{1} * of.rows});
    const auto [top, bottom] = std::ranges::minmax(region.outline, {}, &inference::Point::row);
    const double edge = kEdge * (bottom.row - top.row);
    const auto third = [&](double row) {
        const double down = (row - lungs.top) / (lungs.bottom - lungs.top);
        return static_cast<std::size_t>(std::clamp(kThirds * down, 0.0, kThirds - 1));
    };
    return {third(top.row + edge), third(bottom.row - edge)};
}

std::string place_of(const inference::Region& region, const inference::ImageResult& of,
                     Language language) {
    const Words& say = words(language);
    const std::string_view side = name_of(region.side, say);
    // What lies on both sides lies in the middle, which has no zones.
    if (of.rows == 0 || region.outline.empty() || region.side == inference::Side::both) {
        return std::string{side};
    }
    const auto [first, last] = heights_of(region, of);
    std::string height = say.heights.at(first);
    if (last > first) height += fmt::format("-{}", say.heights.at(last));
    return side.empty() ? fmt::format(fmt::runtime(say.zone_of_no_side), height)
                        : fmt::format(fmt::runtime(say.zone), side, height);
}

std::string places_of(const inference::Finding& finding, const inference::ImageResult& of,
                      Language language) {
    std::vector<std::string> places;
    for (const auto& region : finding.regions) {
        std::string place = place_of(region, of, language);
        const bool is_new = std::ranges::find(places, place) == places.end();
        if (is_new && !place.empty()) places.push_back(std::move(place));
    }
    return fmt::format("{}", fmt::join(places, ", "));
}

}  // namespace bucky::dicom_sr
