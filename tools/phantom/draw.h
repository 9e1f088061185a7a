// SPDX-License-Identifier: Apache-2.0
// Draws a frontal (PA) chest radiograph of a simulated patient, and returns where the lesions are.
//
// draw() is a pure function of its Recipe: the same recipe gives the same bytes, on any thread. The
// anatomy is defined in millimetres, so a seed gives the same patient at 512 and at 2048 pixels.
// The patient's right is on the left of the image, as in every frontal radiograph.
#pragma once

#include <vector>

#include "tools/phantom/recipe.h"

namespace bucky::phantom {

/// Coordinates of DICOM (PS3.3 C.18.6): 0,0 is the top left corner of the first pixel.
struct Point {
    double column = 0;
    double row = 0;
};

/// The patient's side, not the image's.
enum class Side { right, left };

struct Lesion {
    Finding finding = Finding::nodule;
    Side side = Side::right;
    std::vector<Point> outline;  // closed: the last point joins the first
    double area_px = 0;
};

struct Phantom {
    Recipe recipe;
    double spacing_mm = 1;
    std::vector<float> pixels;  // rows x columns, row-major, 0 = black .. 1 = white = dense
    std::vector<Lesion> lesions;
};

/// Draws the recipe. A lesion that does not fit beside the others is left out.
///   err  bad_input when rows or columns are not in 64 .. 8192
Phantom draw(const Recipe& recipe);

/// The mask of the lesion: 1 where the centre of a pixel is inside the outline.
std::vector<unsigned char> mask_of(const Lesion& lesion, int rows, int columns);

}  // namespace bucky::phantom
