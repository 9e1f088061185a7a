// SPDX-License-Identifier: Apache-2.0
#include "tools/phantom/draw.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "conf/base/error.h"
#include "tools/phantom/anatomy.h"
#include "tools/phantom/canvas.h"
#include "tools/phantom/expose.h"
#include "tools/phantom/lesions.h"
#include "tools/phantom/markings.h"

namespace bucky::phantom {
namespace {

/// Anatomy has no detail finer than 0.3 mm. Larger images are drawn at this size and enlarged; only
/// the noise is drawn at full size.
constexpr int kWorkingSide = 1024;

View view_of(const Recipe& recipe, int width, int height) {
    const double angle = recipe.rotation_deg * std::numbers::pi / 180;
    const double spacing = recipe.field_mm / std::sqrt(static_cast<double>(width) * height);
    return {.width = width,
            .height = height,
            .spacing_mm = spacing,
            .cosine = std::cos(angle),
            .sine = std::sin(angle),
            .centre = {-recipe.shift_x_mm, -recipe.shift_y_mm}};
}

View working_view(const Recipe& recipe) {
    const int longer = std::max(recipe.rows, recipe.columns);
    if (longer <= kWorkingSide) return view_of(recipe, recipe.columns, recipe.rows);
    const double scale = static_cast<double>(kWorkingSide) / longer;
    return view_of(recipe, static_cast<int>(std::lround(recipe.columns * scale)),
                   static_cast<int>(std::lround(recipe.rows * scale)));
}

/// Draws body, organs and lungs into `tissue`, and the air of the lungs into `air`.
void draw_body(const Anatomy& anatomy, Layer& tissue, Layer& air) {
    const View& view = tissue.view();
    for (int row = 0; row < view.height; ++row) {
        for (int column = 0; column < view.width; ++column) {
            const Place p = view.to_patient(column + 0.5, row + 0.5);
            if (!anatomy.inside_body(p)) continue;
            const Side side = p.x < 0 ? Side::right : Side::left;
            const double lung = anatomy.visible_air_mm(side, p);
            air.at(column, row) = static_cast<float>(lung);
            tissue.at(column, row) = static_cast<float>(anatomy.soft_tissue_mm(p, lung));
        }
    }
}

/// Adds vessels and grain, reduced where lesions hide them.
void add_markings(const Anatomy& anatomy, const Layer& air, const Layer& kept, Layer& tissue) {
    const View& view = tissue.view();
    Layer vessels{view};
    draw_vessels(anatomy, vessels);
    for (int row = 0; row < view.height; ++row) {
        for (int column = 0; column < view.width; ++column) {
            const float lung = air.at(column, row);
            if (lung <= 0) continue;
            const auto share = static_cast<float>(smooth_step(0, 60, static_cast<double>(lung)));
            const Place p = view.to_patient(column + 0.5, row + 0.5);
            const auto grain = static_cast<float>(lung_grain(anatomy, p));
            tissue.at(column, row) +=
                kept.at(column, row) * share * (grain + 0.95F * vessels.at(column, row));
        }
    }
}

Lesion truth_of(const Planted& planted, const Recipe& recipe) {
    const View view = view_of(recipe, recipe.columns, recipe.rows);
    Lesion lesion;
    lesion.finding = planted.finding;
    lesion.side = planted.side;
    for (const Place p : planted.outline) {
        const Place g = view.to_grid(p);
        lesion.outline.push_back({std::clamp(g.x, 0.0, static_cast<double>(recipe.columns)),
                                  std::clamp(g.y, 0.0, static_cast<double>(recipe.rows))});
    }
    double twice = 0;
    for (std::size_t i = 0; i < lesion.outline.size(); ++i) {
        const Point a = lesion.outline[i];
        const Point b = lesion.outline[(i + 1) % lesion.outline.size()];
        twice += a.column * b.row - b.column * a.row;
    }
    lesion.area_px = std::abs(twice) / 2;
    return lesion;
}

}  // namespace

Phantom draw(const Recipe& recipe) {
    for (const int side : {recipe.rows, recipe.columns}) {
        if (side < 64 || side > 8192) {
            throw Error(Fault::bad_input, "a phantom has 64 to 8192 rows and columns, not {}",
                        side);
        }
    }
    const Anatomy anatomy{recipe.seed};
    const View view = working_view(recipe);
    Layer tissue{view};
    Layer air{view};
    Layer extra{view};
    Layer kept{view};
    std::fill(kept.values().begin(), kept.values().end(), 1.0F);

    Phantom phantom;
    phantom.recipe = recipe;
    phantom.spacing_mm = view_of(recipe, recipe.columns, recipe.rows).spacing_mm;
    draw_body(anatomy, tissue, air);
    for (const Planted& planted : plan(anatomy, recipe)) {
        draw_lesion(planted, anatomy, extra, kept);
        phantom.lesions.push_back(truth_of(planted, recipe));
    }
    add_markings(anatomy, air, kept, tissue);
    draw_bones(anatomy, tissue);
    for (std::size_t i = 0; i < tissue.values().size(); ++i) {
        tissue.values()[i] = std::max(0.0F, tissue.values()[i] + extra.values()[i]);
    }
    phantom.pixels = expose(tissue, recipe);
    return phantom;
}

std::vector<unsigned char> mask_of(const Lesion& lesion, int rows, int columns) {
    std::vector<unsigned char> mask(static_cast<std::size_t>(rows) *
                                    static_cast<std::size_t>(columns));
    std::vector<double> crossings;
    for (int row = 0; row < rows; ++row) {
        const double y = row + 0.5;
        crossings.clear();
        for (std::size_t i = 0; i < lesion.outline.size(); ++i) {
            const Point a = lesion.outline[i];
            const Point b = lesion.outline[(i + 1) % lesion.outline.size()];
            if ((a.row > y) == (b.row > y)) continue;
            crossings.push_back(a.column + (b.column - a.column) * (y - a.row) / (b.row - a.row));
        }
        std::sort(crossings.begin(), crossings.end());
        for (std::size_t i = 0; i + 1 < crossings.size(); i += 2) {
            const int from = std::max(0, static_cast<int>(std::ceil(crossings[i] - 0.5)));
            const int to = std::min(columns, static_cast<int>(std::ceil(crossings[i + 1] - 0.5)));
            for (int column = from; column < to; ++column) {
                mask[static_cast<std::size_t>(row) * static_cast<std::size_t>(columns) +
                     static_cast<std::size_t>(column)] = 1;
            }
        }
    }
    return mask;
}

}  // namespace bucky::phantom
