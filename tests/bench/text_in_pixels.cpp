// SPDX-License-Identifier: Apache-2.0
// Searches PGM pictures for text, as a site does before an image leaves. For each it prints one
// line of what was found and what it took; tools/privacy judges them.
//   bench_text_in_pixels [--measures] FILE.pgm ...
#include <chrono>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <leptonica/allheaders.h>

#include "inference/examine/mask_text.h"
#include "inference/pixels/image.h"
#include "inference/pixels/text_lines.h"
#include "inference/pixels/text_search.h"

using namespace bucky::inference;

namespace {

Image read_pgm(const std::string& file) {
    std::ifstream in{file, std::ios::binary};
    std::string kind;
    unsigned most = 0;
    Image image;
    in >> kind >> image.frame.columns >> image.frame.rows >> most;
    in.get();
    if (!in || kind != "P5" || most != 255) throw std::runtime_error(file + " is no P5 picture");
    std::vector<char> bytes(std::size_t{image.frame.rows} * image.frame.columns);
    in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    image.frame.bits_stored = 8;
    for (const char byte : bytes) {
        image.frame.patterns.push_back(static_cast<std::uint8_t>(byte));
    }
    image.grey.window = Window{128, 256, Window::Function::linear};
    return image;
}

/// Every candidate with its measures, for the fit of their weights.
void print_measures(const std::string& file) {
    for (const View& view : views_of(owned(pixRead(file.c_str())))) {
        for (const TextLine& line : lines_in(view)) {
            const PixelBox at = view.in_picture(line);
            std::cout << fmt::format("{} {} {} {} {} {:.5g}\n", file, at.column, at.row, at.columns,
                                     at.rows, fmt::join(line.measures, " "));
        }
    }
}

void print_search(const std::string& file) {
    Image image = read_pgm(file);
    const auto before = std::chrono::steady_clock::now();
    const auto found = search_text(image, Greys::display);
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - before);
    std::vector<std::string> lines;
    for (const FoundText& text : found.lines) {
        lines.push_back(fmt::format("[{}, {}, {}, {}, {}, {}]", text.column, text.row, text.columns,
                                    text.rows, text.is_harmless ? 1 : 0,
                                    text.is_over_lungs ? 1 : 0));
    }
    const auto masked = mask_text(image, found);
    std::cout << fmt::format(
                     R"({{"file": "{}", "ms": {}, "lines": [{}], "masked": {}, "withheld": "{}"}})",
                     file, ms.count(), fmt::join(lines, ", "), masked.lines,
                     masked.withheld ? masked.withheld->key : "")
              << std::endl;
}

}  // namespace

int main(int count, char** arguments) {
    std::vector<std::string> files(arguments + 1, arguments + count);
    const bool with_measures = !files.empty() && files.front() == "--measures";
    if (with_measures) files.erase(files.begin());
    prepare_text_search();
    for (const auto& file : files) {
        if (with_measures) {
            print_measures(file);
        } else {
            print_search(file);
        }
    }
}
