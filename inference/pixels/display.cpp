// SPDX-License-Identifier: Apache-2.0
#include "inference/pixels/display.h"

#include <algorithm>
#include <cmath>
#include <new>
#include <utility>

#include "conf/base/error.h"
#include "inference/pixels/grey.h"

namespace bucky::inference {

GreyPicture render(const Image& image) {
    GreyRules rules = with_window(image.frame, image.grey, image.hidden);
    const GreyTable grey = display_values(image.frame, rules, image.hidden);
    std::vector<std::uint8_t> levels(grey.values.size());
    std::transform(grey.values.begin(), grey.values.end(), levels.begin(),
                   [](float v) { return static_cast<std::uint8_t>(std::lround(v * 255.0F)); });

    GreyPicture picture{.rows = image.frame.rows,
                        .columns = image.frame.columns,
                        .pixels = {},
                        .rules = std::move(rules),
                        .pixel_ratio = image.pixel_ratio};
    picture.pixels.resize(image.frame.patterns.size());
    std::transform(image.frame.patterns.begin(), image.frame.patterns.end(), picture.pixels.begin(),
                   [&](std::uint16_t pattern) { return levels[pattern]; });
    for (std::size_t i = 0; i < image.hidden.size(); ++i) {
        if (image.hidden[i] != 0) picture.pixels[i] = 0;
    }
    return picture;
}

GreyPicture render_for_display(const std::filesystem::path& file, Decoder& decoder) {
    try {
        return render(decoder.image(file));
    } catch (const std::bad_alloc&) {  // thrown by codecs; a retry may help
        throw Error(Fault::exhausted, "no memory to render {}", file.string());
    }
}

}  // namespace bucky::inference
