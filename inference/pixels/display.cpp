// SPDX-License-Identifier: Apache-2.0
#include "inference/pixels/display.h"

#include <algorithm>
#include <cmath>
#include <new>
#include <utility>

#include "conf/base/error.h"
#include "inference/pixels/grey.h"

namespace bucky::inference {

Rendering::Rendering(const Image& image)
    : image_(image), rules_(with_window(image.frame, image.grey, image.hidden)) {
    const GreyTable grey = display_values(image.frame, rules_, image.hidden);
    levels_.resize(grey.values.size());
    std::transform(grey.values.begin(), grey.values.end(), levels_.begin(),
                   [](float v) { return static_cast<std::uint8_t>(std::lround(v * 255.0F)); });
}

void Rendering::row(std::uint32_t row, std::uint8_t* levels) const {
    const std::size_t columns = image_.frame.columns;
    const std::size_t from = row * columns;
    const std::uint16_t* patterns = image_.frame.patterns.data() + from;
    const std::uint8_t* of = levels_.data();
    for (std::size_t c = 0; c < columns; ++c) levels[c] = of[patterns[c]];
    if (image_.hidden.empty()) return;
    for (std::size_t c = 0; c < columns; ++c) {
        if (image_.hidden[from + c] != 0) levels[c] = 0;
    }
}

GreyPicture render(const Image& image) {
    const Rendering rendering(image);
    GreyPicture picture{.rows = image.frame.rows,
                        .columns = image.frame.columns,
                        .pixels = {},
                        .rules = rendering.rules(),
                        .pixel_ratio = image.pixel_ratio};
    picture.pixels.resize(image.frame.patterns.size());
    for (std::uint32_t row = 0; row < picture.rows; ++row) {
        rendering.row(row, picture.pixels.data() + std::size_t{row} * picture.columns);
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
