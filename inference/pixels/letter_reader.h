// SPDX-License-Identifier: Apache-2.0
// LetterReader: what Tesseract finds in a picture. It is in a module of its own: Tesseract's
// libgomp reads OMP_WAIT_POLICY when it is loaded, which must be after main() has set it, and only
// decode workers read text.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

struct Pix;

namespace bucky::inference {

class LetterReader {
public:
    enum class Layout { line, block };

    struct Symbol {
        std::string text;  ///< UTF-8, one symbol
        float sure = 0;    ///< percent
    };
    struct Found {
        std::string text;  ///< all of it, with spaces and ends of lines
        std::vector<Symbol> symbols;
    };

    virtual ~LetterReader() = default;

    /// in   8 bits a pixel, dark on bright, 200 dpi. nullopt when Tesseract fails.
    virtual std::optional<Found> read(Pix* picture, Layout layout) = 0;
};

/// What the module (tesseract_reader.cpp) exports to the program that loads it.
struct TesseractModule {
    /// Loads English and Korean (0.1 s); null when the data of one is not installed.
    std::unique_ptr<LetterReader> (*make)() = nullptr;
};

inline constexpr const char* kTesseractModuleFile = "bucky_tesseract.so";
inline constexpr const char* kTesseractModuleEntry = "bucky_tesseract_module";

}  // namespace bucky::inference

extern "C" __attribute__((visibility("default")))
const bucky::inference::TesseractModule bucky_tesseract_module;
