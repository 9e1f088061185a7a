// SPDX-License-Identifier: Apache-2.0
// Plans where the lesions of a recipe lie in one patient, and draws them.
//
// plan() keeps every outline inside the lung that a reader sees clearly and keeps lesions apart;
// a lesion that finds no room after many tries is left out. Pure in (anatomy, recipe).
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
    std::vector<double> radii;      // by angle, for the lesions that are blobs; else empty
    std::vector<Place> inner_line;  // the visceral pleura of a pneumothorax, from medial to lateral
    std::vector<Place> outline;
};

std::vector<Planted> plan(const Anatomy& anatomy, const Recipe& recipe);

/// Draw one lesion: `extra` gets the tissue it adds (or takes) in mm of water, `kept` the share of
/// vessels and grain that stays visible (1 where nothing changes).
void draw_lesion(const Planted& lesion, const Anatomy& anatomy, Layer& extra, Layer& kept);

/// Is `p` inside the closed polygon?
bool contains(const std::vector<Place>& polygon, Place p);

}  // namespace bucky::phantom
