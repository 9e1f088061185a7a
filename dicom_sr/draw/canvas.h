// SPDX-License-Identifier: Apache-2.0
// Canvas draws shapes with Cairo and text with Pango. A canvas is used by one thread; canvases of
// several threads share nothing (Pango keeps one font map a thread).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "dicom_sr/draw/picture.h"
#include "inference/findings.h"

namespace bucky::dicom_sr {

struct Colour {
    double red = 0, green = 0, blue = 0, alpha = 1;
};

struct Rect {
    double x = 0, y = 0, width = 0, height = 0;
};

struct Stroke {
    Colour colour;
    double width = 1;
    std::span<const double> dashes;  ///< on, off, ... in line widths; none: solid
};

struct TextStyle {
    double size = 12;  ///< pixels
    bool bold = false;
    Colour colour;
    double wrap_width = 0;  ///< 0: one line
};

struct Extent {
    double width = 0, height = 0;
};

class Canvas {
public:
    Canvas(std::uint32_t columns, std::uint32_t rows);  ///< black
    ~Canvas();
    Canvas(const Canvas&) = delete;
    Canvas& operator=(const Canvas&) = delete;

    /// A grey picture with its top left corner at x, y.
    void picture(std::span<const std::uint8_t> grey, std::uint32_t columns, std::uint32_t rows,
                 std::uint32_t x = 0, std::uint32_t y = 0);
    /// A grid of colours over an area, smooth between the centres of its cells.
    void tint(std::span<const Colour> cells, std::uint32_t columns, std::uint32_t rows,
              const Rect& area);
    void fill(const Rect& area, const Colour& colour);
    void polygon(std::span<const inference::Point> points, const Stroke& stroke);  ///< closed
    void line(const inference::Point& from, const inference::Point& to, const Stroke& stroke);
    void text(double x, double y, std::string_view words, const TextStyle& style);
    Extent measure(std::string_view words, const TextStyle& style);

    Drawing finish();

private:
    struct Surface;
    std::unique_ptr<Surface> surface_;
};

}  // namespace bucky::dicom_sr
