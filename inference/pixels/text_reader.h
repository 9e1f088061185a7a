// SPDX-License-Identifier: Apache-2.0
// TextReader reads what may be a line of text (Tesseract): to let pass what stands on any
// radiograph (L, R, PORTABLE, AP SUPINE), and to tell letters from wires, ribs and rings. Only what
// kind of words they are leaves it; the words go nowhere. One thread.
#pragma once

#include <memory>
#include <string_view>

#include "inference/pixels/text_lines.h"

namespace bucky::inference {

class LetterReader;

enum class Reading {
    harmless,  ///< nothing but words that stand on any radiograph
    words,     ///< letters or digits, other than those
    nothing,   ///< not read: no text, or another script than Latin
};

class TextReader {
public:
    /// Loads the language data (0.1 s). Throws unavailable when it is not installed.
    TextReader();
    ~TextReader();
    TextReader(const TextReader&) = delete;
    TextReader& operator=(const TextReader&) = delete;

    /// in   a view, 8 bits a pixel, and a line in it
    Reading read(Pix* view, const TextLine& line);

private:
    std::unique_ptr<LetterReader> letters_;
};

/// Loads the module with Tesseract (15 ms), for this process and its forks, which may be unable to
/// open it. What is missing is said by the first TextReader.
void load_tesseract() noexcept;

/// Whether all words are such as technicians put on radiographs: side, view, position. A single
/// letter or digit beside such a word, and one wrong letter in four, are mistakes of reading.
bool stands_on_any_radiograph(std::string_view words);

}  // namespace bucky::inference
