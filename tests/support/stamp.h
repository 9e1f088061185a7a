// SPDX-License-Identifier: Apache-2.0
// Text that is burnt into a phantom, in a font of dots that needs no file.
#pragma once

#include <string_view>

#include "tools/phantom/draw.h"

namespace bucky::test {

struct Stamp {
    std::string_view text;    ///< A to Z, 0 to 9, space, ^
    int column = 0, row = 0;  ///< of its top left corner
    int dot = 2;              ///< side of a dot in pixels; a letter has 5 x 7
    float grey = 1;
    bool turned = false;  ///< by 90 degrees, clockwise
};

void stamp(phantom::Phantom& phantom, const Stamp& what);

}  // namespace bucky::test
