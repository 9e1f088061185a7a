// SPDX-License-Identifier: Apache-2.0
#include "inference/pixels/text_reader.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include <leptonica/allheaders.h>

#include "conf/base/error.h"
#include "conf/base/module.h"
#include "inference/pixels/letter_reader.h"

namespace bucky::inference {
namespace {

/// Words that no one is called by, alone or beside each other.
constexpr std::array<std::string_view, 42> kOnAny{
    "L",          "R",         "LT",          "RT",      "LEFT",       "RIGHT",     "AP",
    "PA",         "LAT",       "LATERAL",     "LAO",     "RAO",        "LPO",       "RPO",
    "PORTABLE",   "PORT",      "MOBILE",      "BEDSIDE", "SUPINE",     "PRONE",     "ERECT",
    "UPRIGHT",    "STANDING",  "SITTING",     "SEMI",    "SEMIERECT",  "RECUMBENT", "DECUB",
    "DECUBITUS",  "INSP",      "INSPIRATION", "EXP",     "EXPIRATION", "CHEST",     "ICU",
    "WHEELCHAIR", "STRETCHER", "CART",        "FILM",    "VIEW",       "ON",        "SEMIUPRIGHT"};

/// What Tesseract reads best: letters about this high, with a margin.
constexpr double kHeight = 34;
constexpr int kMargin = 12;

/// Letters and digits that Tesseract must be this sure of, in percent, to have read words.
constexpr float kSure = 75;
constexpr int kSureLetters = 3;

/// Fewer letters must each be read this surely to be harmless.
constexpr int kFew = 5;
constexpr float kSureOfFew = 85;
constexpr int kMorePieces = 2;  ///< a ring around L or R

/// Of its height, the most that a letter takes of its line.
constexpr double kWide = 2, kWideOfFew = 1;

/// One letter in so many may be read wrongly.
constexpr std::size_t kLettersAMistake = 4;

/// Greys of the line that become black and white.
constexpr double kDarkest = 0.02, kBrightest = 0.98;

/// Black and white are where most of the line's greys end.
void stretch(Pix* pix) {
    std::array<int, 256> counts{};
    const int columns = pixGetWidth(pix), rows = pixGetHeight(pix);
    for (int row = 0; row < rows; ++row) {
        l_uint32* const line = pixGetData(pix) + std::ptrdiff_t{row} * pixGetWpl(pix);
        for (int column = 0; column < columns; ++column) ++counts[GET_DATA_BYTE(line, column)];
    }
    const auto level_of = [&](double part) {
        double below = 0;
        int level = 0;
        while (level < 255 &&
               (below += counts[static_cast<std::size_t>(level)]) < part * columns * rows) {
            ++level;
        }
        return level;
    };
    const int darkest = level_of(kDarkest), brightest = level_of(kBrightest);
    if (darkest < brightest) (void)pixGammaTRC(pix, pix, 1, darkest, brightest);
}

PixPtr for_reading(Pix* dark_on_bright, int rows) {
    const auto scale = static_cast<float>(kHeight / rows);
    const auto large = owned(pixScale(dark_on_bright, scale, scale));
    stretch(large.get());
    return owned(pixAddBorderGeneral(large.get(), kMargin, kMargin, kMargin, kMargin, 255));
}

struct Pictures {
    PixPtr strokes, whole;  ///< dark on bright: what is finer than a stroke; all of the line
    PixPtr inverse;         ///< of all: the strokes may be the outline of letters
};

Pictures pictures_of(Pix* view, const PixelBox& line, bool is_dark) {
    const int room = line.rows / 3 + 2;
    PixelBox at{std::max(0, line.column - room), std::max(0, line.row - room), 0, 0};
    at.columns = std::min(pixGetWidth(view), line.right() + room) - at.column;
    at.rows = std::min(pixGetHeight(view), line.bottom() + room) - at.row;
    const auto part = clipped(view, at);
    const auto strokes =
        owned(pixTophat(part.get(), 13, 13, is_dark ? L_TOPHAT_BLACK : L_TOPHAT_WHITE));
    (void)pixInvert(strokes.get(), strokes.get());
    if (!is_dark) (void)pixInvert(part.get(), part.get());
    auto whole = for_reading(part.get(), line.rows);
    (void)pixInvert(part.get(), part.get());
    return {for_reading(strokes.get(), line.rows), std::move(whole),
            for_reading(part.get(), line.rows)};
}

bool is_letter_or_digit(const std::string& symbol) {
    if (symbol.empty()) return false;
    const auto first = static_cast<unsigned char>(symbol.front());
    return std::isalnum(first) != 0 || first >= 0xC3;
}

bool is_syllable(const std::string& symbol) {  // Hangul
    return static_cast<unsigned char>(symbol.front()) >= 0xEA;
}

/// Whether this is the known word, read with few mistakes.
bool may_be(std::string_view word, std::string_view known) {
    if (word.size() != known.size()) return false;
    std::size_t differ = 0;
    for (std::size_t i = 0; i < word.size(); ++i) differ += word[i] != known[i] ? 1 : 0;
    return differ <= (known.size() - 1) / kLettersAMistake;
}

bool is_on_any(std::string_view word) {
    return std::any_of(kOnAny.begin(), kOnAny.end(),
                       [&](std::string_view known) { return may_be(word, known); });
}

struct Letters {
    int all = 0, sure = 0;
    float least_sure = 100;
};

Letters letters_of(const LetterReader::Found& found) {
    Letters letters;
    for (const auto& symbol : found.symbols) {
        if (!is_letter_or_digit(symbol.text)) continue;
        ++letters.all;
        if (symbol.sure >= kSure) letters.sure += is_syllable(symbol.text) ? 2 : 1;
        letters.least_sure = std::min(letters.least_sure, symbol.sure);
    }
    return letters;
}

Reading judged(const LetterReader::Found& found, const TextLine& of) {
    const Letters letters = letters_of(found);
    // Few letters on a long line, or of many strokes, are what was made of another script.
    const bool is_few = letters.all < kFew;
    const double wide = is_few ? kWideOfFew : kWide;
    const bool is_whole =
        wide * letters.all * of.at.rows >= of.at.columns &&
        (!is_few || (letters.least_sure >= kSureOfFew && of.pieces <= letters.all + kMorePieces));
    if (is_whole && stands_on_any_radiograph(found.text)) return Reading::harmless;
    return letters.sure >= kSureLetters ? Reading::words : Reading::nothing;
}

const TesseractModule& tesseract_module() {
    static const auto* const loaded = static_cast<const TesseractModule*>(
        load_module(kTesseractModuleFile, kTesseractModuleEntry, "Tesseract"));
    return *loaded;
}

std::unique_ptr<LetterReader> make_letter_reader() {
    auto reader = tesseract_module().make();
    if (reader == nullptr) {
        throw Error(Fault::unavailable,
                    "text in pixels cannot be searched for before images leave (remote.url): "
                    "install the packages tesseract-ocr-eng and tesseract-ocr-kor");
    }
    return reader;
}

}  // namespace

void load_tesseract() noexcept {
    try {
        (void)tesseract_module();
    } catch (const std::exception&) {  // said when it is needed
    }
}

TextReader::TextReader() : letters_(make_letter_reader()) {}

TextReader::~TextReader() = default;

Reading TextReader::read(Pix* view, const TextLine& line) {
    const auto pictures = pictures_of(view, line.at, line.is_dark);
    const auto read_as = [&](Pix* picture, LetterReader::Layout layout) {
        const auto found = letters_->read(picture, layout);
        return found ? judged(*found, line) : Reading::nothing;
    };
    Reading best = Reading::nothing;
    for (Pix* const upright :
         {pictures.strokes.get(), pictures.whole.get(), pictures.inverse.get()}) {
        const auto upside_down = owned(pixRotate180(nullptr, upright));
        for (Pix* const turn : {upright, upside_down.get()}) {
            const auto got = read_as(turn, LetterReader::Layout::line);
            if (got == Reading::harmless) return got;
            if (got == Reading::words) best = got;
        }
    }
    const auto got = read_as(pictures.whole.get(), LetterReader::Layout::block);
    return got == Reading::harmless ? got : best;
}

bool stands_on_any_radiograph(std::string_view words) {
    std::size_t known = 0, single = 0;
    std::string word;
    const auto end_word = [&] {
        if (word.empty()) return true;
        const bool is_known = is_on_any(word);
        known += is_known ? 1 : 0;
        single += !is_known && word.size() == 1 ? 1 : 0;
        const bool passes = is_known || word.size() == 1;
        word.clear();
        return passes;
    };
    for (const char c : words) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x80) return false;
        if (std::isalnum(byte) != 0) {
            word += static_cast<char>(std::toupper(byte));
        } else if (!end_word()) {
            return false;
        }
    }
    return end_word() && known > 0 && single <= 1;
}

}  // namespace bucky::inference
