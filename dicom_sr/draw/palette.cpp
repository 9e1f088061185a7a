// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/draw/palette.h"

#include <algorithm>
#include <cmath>

namespace bucky::dicom_sr {
namespace {

using Rgb = std::array<std::uint8_t, 3>;

constexpr std::size_t kShades = 7;
constexpr unsigned kKeyBits = 5;  ///< of a channel, in the table of nearest entries
constexpr unsigned kLostBits = 8 - kKeyBits;

std::size_t greys() {
    return kPaletteSize - kShades * drawn_colours().size();
}

std::uint8_t level(double share) {
    return static_cast<std::uint8_t>(std::lround(255 * share));
}

std::array<Rgb, kPaletteSize> made_palette() {
    std::array<Rgb, kPaletteSize> entries{};
    const std::size_t last = greys() - 1;
    for (std::size_t i = 0; i <= last; ++i) {
        entries[i].fill(level(static_cast<double>(i) / static_cast<double>(last)));
    }
    std::size_t at = greys();
    for (const Colour& colour : drawn_colours()) {
        for (std::size_t shade = 1; shade <= kShades; ++shade) {
            const double share = static_cast<double>(shade) / kShades;
            entries[at++] = {level(share * colour.red), level(share * colour.green),
                             level(share * colour.blue)};
        }
    }
    return entries;
}

std::uint8_t nearest(const Rgb& wanted) {
    const auto distance = [&](const Rgb& entry) {
        int sum = 0;
        for (std::size_t i = 0; i < entry.size(); ++i) {
            sum += (entry[i] - wanted[i]) * (entry[i] - wanted[i]);
        }
        return sum;
    };
    const auto found = std::ranges::min_element(palette(), {}, distance);
    return static_cast<std::uint8_t>(found - palette().begin());
}

/// The entry of each grey, and of each colour in few bits.
struct Nearest {
    std::array<std::uint8_t, 256> of_grey{};
    std::vector<std::uint8_t> of_colour = std::vector<std::uint8_t>(1U << 3 * kKeyBits);

    Nearest() {
        const auto last = static_cast<double>(greys() - 1);
        for (std::size_t grey = 0; grey < of_grey.size(); ++grey) {
            of_grey[grey] =
                static_cast<std::uint8_t>(std::lround(static_cast<double>(grey) / 255 * last));
        }
        constexpr unsigned kMask = (1U << kKeyBits) - 1;
        const auto centre = [](unsigned part) {  // 0 and 255 are met
            return static_cast<std::uint8_t>((part * 255 + kMask / 2) / kMask);
        };
        for (unsigned key = 0; key < of_colour.size(); ++key) {
            of_colour[key] = nearest({centre(key >> 2 * kKeyBits), centre(key >> kKeyBits & kMask),
                                      centre(key & kMask)});
        }
    }
};

}  // namespace

const std::array<Rgb, kPaletteSize>& palette() {
    static const auto kEntries = made_palette();
    return kEntries;
}

std::vector<std::uint8_t> indexed(const Drawing& drawing) {
    static const Nearest kNearest;
    std::vector<std::uint8_t> entries(drawing.rgb.size() / 3);
    const std::uint8_t* pixel = drawing.rgb.data();
    for (std::uint8_t& entry : entries) {
        const unsigned red = pixel[0];
        const unsigned green = pixel[1];
        const unsigned blue = pixel[2];
        pixel += 3;
        const bool is_grey = red == green && green == blue;
        entry = is_grey ? kNearest.of_grey[red]
                        : kNearest.of_colour[red >> kLostBits << 2 * kKeyBits |
                                             green >> kLostBits << kKeyBits | blue >> kLostBits];
    }
    return entries;
}

}  // namespace bucky::dicom_sr
