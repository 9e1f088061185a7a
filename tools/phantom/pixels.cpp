// SPDX-License-Identifier: Apache-2.0
#include "tools/phantom/pixels.h"

#include <cmath>
#include <cstdlib>
#include <fstream>

#include "conf/base/error.h"

namespace bucky::phantom {

std::vector<std::uint16_t> stored_values(const Phantom& phantom, const DicomOptions& options) {
    const auto most = static_cast<float>((1U << static_cast<unsigned>(options.bits_stored)) - 1);
    std::vector<std::uint16_t> stored;
    stored.reserve(phantom.pixels.size());
    for (const float value : phantom.pixels) {
        const float shown = options.monochrome1 ? 1 - value : value;
        stored.push_back(static_cast<std::uint16_t>(std::lround(shown * most)));
    }
    return stored;
}

Window full_window(const DicomOptions& options) {
    // PS3.3 C.11.2.1.2.1: the width counts values, so black is centre - 0.5 - (width - 1) / 2.
    const double steps = (1U << static_cast<unsigned>(options.bits_stored)) - 1;
    const double low = options.rescale_intercept;
    const double high = low + steps * options.rescale_slope;
    const double width = std::abs(high - low) + 1;
    return {(low + high + 1) / 2, width};
}

void write_pgm(const Phantom& phantom, const std::filesystem::path& path, bool outlines) {
    std::vector<unsigned char> grey;
    grey.reserve(phantom.pixels.size());
    for (const float value : phantom.pixels) {
        grey.push_back(static_cast<unsigned char>(std::lround(value * 255)));
    }
    const int columns = phantom.recipe.columns;
    const int rows = phantom.recipe.rows;
    for (const Lesion& lesion : phantom.lesions) {
        if (!outlines) break;
        const auto mask = mask_of(lesion, rows, columns);
        for (std::size_t i = 0; i + static_cast<std::size_t>(columns) < mask.size(); ++i) {
            const std::size_t below = i + static_cast<std::size_t>(columns);
            if (mask[i] != mask[i + 1] || mask[i] != mask[below]) grey[i] = 255;
        }
    }
    std::ofstream file{path, std::ios::binary};
    file << "P5 " << columns << ' ' << rows << " 255\n";
    file.write(reinterpret_cast<const char*>(grey.data()),
               static_cast<std::streamsize>(grey.size()));
    if (!file.flush()) throw Error(Fault::unavailable, "cannot write {}", path.string());
}

}  // namespace bucky::phantom
