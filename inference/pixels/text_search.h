// SPDX-License-Identifier: Apache-2.0
// The search for text in the pixels of an image that is to leave this machine: names burnt in by a
// device or a digitizer, which no header tells of. The caller is the decoder (pixels/decoder.h):
// the search runs where hostile images are opened, and tells places, never words.
// docs/decisions/0921-text-in-pixels.md. Any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "inference/pixels/image.h"

namespace bucky::inference {

/// The greys that a model is given, in which text would leave.
enum class Greys : std::uint8_t { display, modality };

/// A line of text, in pixels of the image.
struct FoundText {
    std::uint32_t column = 0, row = 0, columns = 0, rows = 0;
    bool is_harmless = false;    ///< says what stands on any radiograph: L, AP PORTABLE
    bool is_over_lungs = false;  ///< or over the middle of the picture: no place to mask
    bool is_doubtful = false;    ///< over the lungs, and too little like text to keep an image back
};

struct TextSearch {
    std::vector<FoundText> lines;
    bool is_complete = true;  ///< false: it took longer than kTextSearchCpuSeconds
};

/// Processor time of a search; an image of 9 million pixels takes 1 to 2 s.
inline constexpr double kTextSearchCpuSeconds = 12;

/// in   a decoded image; the greys that are to leave
/// out  every line of text, upright or turned by 90, 180 or 270 degrees, white or black
/// err  unavailable when Tesseract's data is not installed; exhausted
TextSearch search_text(const Image& image, Greys greys);

/// Throws unavailable when what search_text() needs is not installed.
void check_text_search();

/// Loads what search_text() needs on this thread and its forks; else the first search does (0.1 s).
/// Throws unavailable as search_text() does.
void prepare_text_search();

}  // namespace bucky::inference
