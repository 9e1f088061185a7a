// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/draw/canvas.h"

#include <algorithm>
#include <cmath>

#include <pango/pangocairo.h>

#include "conf/base/error.h"

namespace bucky::dicom_sr {
namespace {

// The first font has Latin, the second Hangul; Fontconfig finds one for other characters.
constexpr const char* kFamilies = "DejaVu Sans, NanumGothic, Noto Sans CJK KR, Sans";

template <auto destroy>
struct Destroy {
    template <typename Thing>
    void operator()(Thing* thing) const noexcept {
        destroy(thing);
    }
};
using SurfacePtr = std::unique_ptr<cairo_surface_t, Destroy<cairo_surface_destroy>>;
using ContextPtr = std::unique_ptr<cairo_t, Destroy<cairo_destroy>>;
using LayoutPtr = std::unique_ptr<PangoLayout, Destroy<g_object_unref>>;
using FontPtr = std::unique_ptr<PangoFontDescription, Destroy<pango_font_description_free>>;

void set_source(cairo_t* context, const Colour& colour) {
    cairo_set_source_rgba(context, colour.red, colour.green, colour.blue, colour.alpha);
}

void apply(cairo_t* context, const Stroke& stroke) {
    set_source(context, stroke.colour);
    cairo_set_line_width(context, stroke.width);
    cairo_set_line_join(context, CAIRO_LINE_JOIN_ROUND);
    std::vector<double> dashes(stroke.dashes.begin(), stroke.dashes.end());
    for (double& dash : dashes) dash *= stroke.width;
    cairo_set_dash(context, dashes.data(), static_cast<int>(dashes.size()), 0);
    cairo_stroke(context);
}

LayoutPtr layout_of(cairo_t* context, std::string_view words, const TextStyle& style) {
    LayoutPtr layout(pango_cairo_create_layout(context));
    const FontPtr font(pango_font_description_new());
    pango_font_description_set_family_static(font.get(), kFamilies);
    pango_font_description_set_absolute_size(font.get(), style.size * PANGO_SCALE);
    pango_font_description_set_weight(font.get(),
                                      style.bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
    pango_layout_set_font_description(layout.get(), font.get());
    pango_layout_set_text(layout.get(), words.data(), static_cast<int>(words.size()));
    if (style.wrap_width > 0) {
        pango_layout_set_width(layout.get(), static_cast<int>(style.wrap_width * PANGO_SCALE));
        pango_layout_set_wrap(layout.get(), PANGO_WRAP_WORD_CHAR);  // a long word breaks inside
    }
    return layout;
}

cairo_status_t append(void* closure, const unsigned char* data, unsigned int length) {
    auto& bytes = *static_cast<std::vector<std::uint8_t>*>(closure);
    bytes.insert(bytes.end(), data, data + length);
    return CAIRO_STATUS_SUCCESS;
}

void require(cairo_status_t status, std::string_view doing) {
    if (status == CAIRO_STATUS_SUCCESS) return;
    const Fault fault = status == CAIRO_STATUS_NO_MEMORY ? Fault::exhausted : Fault::bug;
    throw Error(fault, "{}: {}", doing, cairo_status_to_string(status));
}

SurfacePtr new_surface(std::uint32_t columns, std::uint32_t rows) {
    SurfacePtr surface(cairo_image_surface_create(CAIRO_FORMAT_RGB24, static_cast<int>(columns),
                                                  static_cast<int>(rows)));
    require(cairo_surface_status(surface.get()), "a canvas");
    return surface;
}

/// One row of 32-bit pixels, 0x00RRGGBB in the machine's byte order.
std::uint32_t* row_of(cairo_surface_t* surface, std::uint32_t row) {
    unsigned char* data = cairo_image_surface_get_data(surface);
    const auto stride = static_cast<std::size_t>(cairo_image_surface_get_stride(surface));
    return reinterpret_cast<std::uint32_t*>(data + row * stride);  // Cairo aligns its rows
}

}  // namespace

struct Canvas::Surface {
    std::uint32_t columns, rows;
    SurfacePtr surface;
    ContextPtr context;
    bool has_tint = false;
};

Canvas::Canvas(std::uint32_t columns, std::uint32_t rows) {
    SurfacePtr surface = new_surface(columns, rows);
    ContextPtr context(cairo_create(surface.get()));
    require(cairo_status(context.get()), "a canvas");
    surface_ = std::make_unique<Surface>(columns, rows, std::move(surface), std::move(context));
}

Canvas::~Canvas() = default;

void Canvas::picture(std::span<const std::uint8_t> grey, std::uint32_t columns, std::uint32_t rows,
                     std::uint32_t x, std::uint32_t y) {
    if (x >= surface_->columns || y >= surface_->rows) return;
    cairo_surface_t* surface = surface_->surface.get();
    cairo_surface_flush(surface);
    const std::uint32_t width = std::min(columns, surface_->columns - x);
    for (std::uint32_t row = 0; row < std::min(rows, surface_->rows - y); ++row) {
        std::uint32_t* to = row_of(surface, y + row) + x;
        const std::uint8_t* from = grey.data() + static_cast<std::size_t>(row) * columns;
        for (std::uint32_t column = 0; column < width; ++column) {
            to[column] = from[column] * 0x010101U;
        }
    }
    cairo_surface_mark_dirty(surface);
}

void Canvas::tint(std::span<const Colour> cells, std::uint32_t columns, std::uint32_t rows,
                  const Rect& area) {
    if (cells.empty() || cells.size() < std::size_t{columns} * rows) return;
    surface_->has_tint = true;
    const SurfacePtr grid(cairo_image_surface_create(CAIRO_FORMAT_ARGB32, static_cast<int>(columns),
                                                     static_cast<int>(rows)));
    require(cairo_surface_status(grid.get()), "a tint");
    const auto part = [](double share) {
        return static_cast<std::uint32_t>(std::lround(255 * std::clamp(share, 0.0, 1.0)));
    };
    for (std::uint32_t row = 0; row < rows; ++row) {
        std::uint32_t* to = row_of(grid.get(), row);
        for (std::uint32_t column = 0; column < columns; ++column) {
            const Colour& cell = cells[std::size_t{row} * columns + column];
            // premultiplied alpha, as Cairo expects
            to[column] = part(cell.alpha) << 24U | part(cell.red * cell.alpha) << 16U |
                         part(cell.green * cell.alpha) << 8U | part(cell.blue * cell.alpha);
        }
    }
    cairo_surface_mark_dirty(grid.get());
    cairo_t* context = surface_->context.get();
    cairo_save(context);
    cairo_rectangle(context, area.x, area.y, area.width, area.height);
    cairo_clip(context);
    cairo_translate(context, area.x, area.y);
    cairo_scale(context, area.width / columns, area.height / rows);
    cairo_set_source_surface(context, grid.get(), 0, 0);
    cairo_pattern_set_extend(cairo_get_source(context), CAIRO_EXTEND_PAD);
    cairo_pattern_set_filter(cairo_get_source(context), CAIRO_FILTER_BILINEAR);
    cairo_paint(context);
    cairo_restore(context);
}

void Canvas::fill(const Rect& area, const Colour& colour) {
    cairo_t* context = surface_->context.get();
    set_source(context, colour);
    cairo_rectangle(context, area.x, area.y, area.width, area.height);
    cairo_fill(context);
}

void Canvas::polygon(std::span<const inference::Point> points, const Stroke& stroke) {
    if (points.empty()) return;
    cairo_t* context = surface_->context.get();
    cairo_new_path(context);
    for (const inference::Point& point : points) cairo_line_to(context, point.column, point.row);
    cairo_close_path(context);
    apply(context, stroke);
}

void Canvas::line(const inference::Point& from, const inference::Point& to, const Stroke& stroke) {
    cairo_t* context = surface_->context.get();
    cairo_move_to(context, from.column, from.row);
    cairo_line_to(context, to.column, to.row);
    apply(context, stroke);
}

void Canvas::text(double x, double y, std::string_view words, const TextStyle& style) {
    cairo_t* context = surface_->context.get();
    const LayoutPtr layout = layout_of(context, words, style);
    set_source(context, style.colour);
    cairo_move_to(context, x, y);
    pango_cairo_show_layout(context, layout.get());
}

Extent Canvas::measure(std::string_view words, const TextStyle& style) {
    const LayoutPtr layout = layout_of(surface_->context.get(), words, style);
    int width = 0;
    int height = 0;
    pango_layout_get_pixel_size(layout.get(), &width, &height);
    return {static_cast<double>(width), static_cast<double>(height)};
}

Drawing Canvas::finish() {
    require(cairo_status(surface_->context.get()), "drawing");
    cairo_surface_t* surface = surface_->surface.get();
    cairo_surface_flush(surface);
    Drawing drawing;
    drawing.rows = surface_->rows;
    drawing.columns = surface_->columns;
    drawing.has_tint = surface_->has_tint;
    drawing.rgb.resize(static_cast<std::size_t>(drawing.rows) * drawing.columns * 3);
    std::uint8_t* to = drawing.rgb.data();
    for (std::uint32_t row = 0; row < drawing.rows; ++row) {
        const std::uint32_t* from = row_of(surface, row);
        for (std::uint32_t column = 0; column < drawing.columns; ++column) {
            *to++ = static_cast<std::uint8_t>(from[column] >> 16U);
            *to++ = static_cast<std::uint8_t>(from[column] >> 8U);
            *to++ = static_cast<std::uint8_t>(from[column]);
        }
    }
    return drawing;
}

std::vector<std::uint8_t> to_png(const Drawing& drawing) {
    const SurfacePtr surface = new_surface(drawing.columns, drawing.rows);
    const std::uint8_t* from = drawing.rgb.data();
    for (std::uint32_t row = 0; row < drawing.rows; ++row) {
        std::uint32_t* to = row_of(surface.get(), row);
        for (std::uint32_t column = 0; column < drawing.columns; ++column, from += 3) {
            const std::uint32_t red = from[0];
            const std::uint32_t green = from[1];
            to[column] = red << 16U | green << 8U | from[2];
        }
    }
    cairo_surface_mark_dirty(surface.get());
    std::vector<std::uint8_t> bytes;
    require(cairo_surface_write_to_png_stream(surface.get(), append, &bytes), "PNG");
    return bytes;
}

}  // namespace bucky::dicom_sr
