// SPDX-License-Identifier: Apache-2.0
#include "tests/support/stamp.h"

#include <array>
#include <cstdint>
#include <stdexcept>

namespace bucky::test {
namespace {

struct Glyph {
    char letter;
    std::array<std::uint8_t, 7> rows;  ///< five bits, the left dot is 16
};

constexpr std::array kGlyphs{
    Glyph{' ', {0, 0, 0, 0, 0, 0, 0}},        Glyph{'^', {4, 10, 17, 0, 0, 0, 0}},
    Glyph{'A', {14, 17, 17, 31, 17, 17, 17}}, Glyph{'B', {30, 17, 17, 30, 17, 17, 30}},
    Glyph{'D', {30, 17, 17, 17, 17, 17, 30}}, Glyph{'E', {31, 16, 16, 30, 16, 16, 31}},
    Glyph{'G', {14, 17, 16, 23, 17, 17, 15}}, Glyph{'H', {17, 17, 17, 31, 17, 17, 17}},
    Glyph{'I', {14, 4, 4, 4, 4, 4, 14}},      Glyph{'K', {17, 18, 20, 24, 20, 18, 17}},
    Glyph{'L', {16, 16, 16, 16, 16, 16, 31}}, Glyph{'M', {17, 27, 21, 21, 17, 17, 17}},
    Glyph{'N', {17, 25, 21, 19, 17, 17, 17}}, Glyph{'O', {14, 17, 17, 17, 17, 17, 14}},
    Glyph{'P', {30, 17, 17, 30, 16, 16, 16}}, Glyph{'R', {30, 17, 17, 30, 20, 18, 17}},
    Glyph{'S', {15, 16, 16, 14, 1, 1, 30}},   Glyph{'T', {31, 4, 4, 4, 4, 4, 4}},
    Glyph{'U', {17, 17, 17, 17, 17, 17, 14}}, Glyph{'1', {4, 12, 4, 4, 4, 4, 14}},
    Glyph{'2', {14, 17, 1, 2, 4, 8, 31}},     Glyph{'9', {14, 17, 17, 15, 1, 2, 12}},
};

const Glyph& glyph_of(char letter) {
    for (const Glyph& glyph : kGlyphs) {
        if (glyph.letter == letter) return glyph;
    }
    throw std::invalid_argument(std::string("no glyph for ") + letter);
}

}  // namespace

void stamp(phantom::Phantom& phantom, const Stamp& what) {
    const int columns = phantom.recipe.columns;
    const auto dot_at = [&](int along, int down) {
        for (int i = 0; i < what.dot * what.dot; ++i) {
            const int x = along * what.dot + i % what.dot, y = down * what.dot + i / what.dot;
            const int column = what.turned ? what.column + 7 * what.dot - 1 - y : what.column + x;
            const int row = what.turned ? what.row + x : what.row + y;
            phantom.pixels.at(static_cast<std::size_t>(row * columns + column)) = what.grey;
        }
    };
    for (std::size_t at = 0; at < what.text.size(); ++at) {
        const Glyph& glyph = glyph_of(what.text[at]);
        for (int row = 0; row < 7; ++row) {
            for (int bit = 0; bit < 5; ++bit) {
                if ((glyph.rows[static_cast<std::size_t>(row)] >> (4 - bit) & 1) == 0) continue;
                dot_at(static_cast<int>(at) * 6 + bit, row);
            }
        }
    }
}

}  // namespace bucky::test
