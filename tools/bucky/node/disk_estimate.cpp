// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/node/disk_estimate.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "tools/bucky/shared/table.h"

namespace bucky {
namespace {

constexpr double kImageBytes = 10e6;  ///< a film of 2,500 x 2,048 pixels
constexpr double kImagesADay = 100;

/// A picture of 1,280 pixels on its longer side: a palette in RLE (docs/decisions/0514).
constexpr double kPictureBytes = 1.3e6;
constexpr double kSideOfIt = 1280;
constexpr double kHeatTimes = 3;  ///< RGB
constexpr double kDocumentBytes = 0.05e6;

bool is_picture(ResultKind kind) {
    return kind == ResultKind::overlay || kind == ResultKind::summary;
}

}  // namespace

double result_bytes_of_image(const conf::Settings& settings) {
    const double side = static_cast<double>(settings.overlay.longer_side_px) / kSideOfIt;
    const double heat = settings.overlay.style == Marking::outline ? 1 : kHeatTimes;
    std::set<std::pair<ResultKind, Language>> made;
    for (const auto& destination : settings.destinations) {
        const auto language = destination.language.value_or(settings.node.language);
        for (const auto* kinds : {&destination.send, &destination.send_if_found}) {
            for (const auto kind : *kinds) made.emplace(kind, language);
        }
    }
    double bytes = 0;
    for (const auto& [kind, language] : made) {
        bytes += is_picture(kind) ? kPictureBytes * side * side * heat : kDocumentBytes;
    }
    return bytes;
}

std::string disk_estimate(const conf::Settings& settings) {
    const double each = kImageBytes + result_bytes_of_image(settings);
    const auto told = [](double bytes) { return size(static_cast<std::uint64_t>(bytes)); };
    auto words = fmt::format("disk: an X-ray of 10 MB takes {} with its results; ", told(each));
    const auto days = settings.storage.keep_days;
    if (days == 0) {
        words += fmt::format("at 100 images a day, {} a month, of which none is deleted by its age",
                             told(each * kImagesADay * 30));
    } else {
        words += fmt::format("at 100 images a day, {} for the {} days of storage.keep_days",
                             told(each * kImagesADay * static_cast<double>(days)), days);
    }
    if (const auto most_mb = settings.storage.keep_mb; most_mb > 0) {
        words +=
            fmt::format("; storage.keep_mb allows {}", told(static_cast<double>(most_mb) * 1e6));
    }
    return words;
}

}  // namespace bucky
