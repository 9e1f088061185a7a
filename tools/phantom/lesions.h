// SPDX-License-Identifier: Apache-2.0
// Places the lesions of a recipe in a patient, and draws them.
//
// plan() keeps every outline inside the clearly visible lung and keeps lesions apart. A lesion that
// does not fit after many tries is left out. A pure function of (anatomy, recipe).
#pragma once

#include <cstdint>
#include <vector>

#include "tools/phantom/anatomy.h"
#include "tools/phantom/canvas.h"
#include "tools/phantom/recipe.h"

namespace bucky::phantom {

struct Planted {
    Finding finding = Finding::nodule;
    Side side = Side::right;
    std::uint64_t seed = 0;
    Place centre;
    std::vector<double> radii;      // by angle, for blob-shaped lesions; else empty
    std::vector<Place> inner_line;  // visceral pleura of a pneumothorax, from medial to lateral
    std::vector<Place> outline;
};

std::vector<Planted> plan(const Anatomy& anatomy, const Recipe& recipe);

/// Draws one lesion: `extra` gets the tissue that it adds or removes, in mm of water; `kept` the
/// share of vessels and grain that stays visible (1: no change).
void draw_lesion(const Planted& lesion, const Anatomy& anatomy, Layer& extra, Layer& kept);

/// Whether `p` is inside the closed polygon.
bool contains(const std::vector<Place>& polygon, Place p);

}  // namespace bucky::phantom
