// SPDX-License-Identifier: Apache-2.0
// What films make of the grey scale, and how many the rules of inference/pixels/view.h and
// stored_bits.h would take for wrong: each film with the window of its whole range, as the header
// of a device says it. The figures of docs/decisions/0404 are from here. Films come as PGM on
// standard input (films.py). Without films it prints nothing.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <iostream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "inference/pixels/stored_bits.h"
#include "inference/pixels/view.h"
#include "tests/bench/machine.h"

namespace {

using namespace bucky;
using namespace bucky::inference;

/// The next picture; false at the end.
bool read_pgm(std::istream& in, PixelLayout& layout, SampledCells& cells) {
    std::string kind;
    int top = 0;
    if (!(in >> kind >> layout.columns >> layout.rows >> top) || kind != "P5") return false;
    in.get();
    std::vector<char> bytes(layout.pixels());
    in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    layout.allocated = layout.stored = 8;
    layout.high_bit = 7;
    cells.values.resize(bytes.size());
    std::transform(bytes.begin(), bytes.end(), cells.values.begin(),
                   [](char byte) { return static_cast<std::uint8_t>(byte); });
    return static_cast<bool>(in);
}

struct Film {
    ScaleUse use;
    bool view_replaced = false, bits_corrected = false, refused = false;
    bool dim_refused = false;     ///< with the window of a 16-bit device over 12 bits
    bool sign_unnoticed = false;  ///< with the other sign in its header
};

View window(double center, double width) {
    View view;
    view.window = {center, width, Window::Function::linear};
    view.words = "window";
    return view;
}

bool is_refused_when_dim(Image image) {
    choose_view(image, {window(2048, 4096)});
    return unreadable(image.use).has_value();
}

Film film_of(const PixelLayout& layout, SampledCells cells) {
    SampledCells other = cells;
    PixelLayout signed_layout = layout;
    signed_layout.is_signed = true;
    Image image;
    StoredBits bits = read_stored_bits(std::move(cells), layout, {});
    image.frame = std::move(bits.frame);
    choose_view(image, {window(128, 256)});
    return {.use = image.use,
            .view_replaced = !image.grey.replaced.empty(),
            .bits_corrected = !bits.note.empty(),
            .refused = unreadable(image.use).has_value(),
            .dim_refused = is_refused_when_dim(image),
            .sign_unnoticed = read_stored_bits(std::move(other), signed_layout, {}).note.empty()};
}

void print_row(const char* name, const std::vector<Film>& films,
               const std::function<double(const Film&)>& measure) {
    std::vector<double> values(films.size());
    std::transform(films.begin(), films.end(), values.begin(), measure);
    std::sort(values.begin(), values.end());
    std::printf("| %s |", name);
    for (const double part : {0.0, 0.001, 0.002, 0.01, 0.5, 0.99, 0.998, 0.999, 1.0}) {
        const double at = part * static_cast<double>(values.size() - 1);
        std::printf(" %.3f |", values[static_cast<std::size_t>(at)]);
    }
    std::printf("\n");
}

}  // namespace

int main() {
    std::vector<Film> films;
    PixelLayout layout;
    for (SampledCells cells; read_pgm(std::cin, layout, cells); cells = {}) {
        films.push_back(film_of(layout, std::move(cells)));
    }
    if (films.empty()) return 0;
    std::printf("%zu films. %s\n\n", films.size(), bench::machine_line().c_str());
    std::printf(
        "| | least | 0.1 %% | 0.2 %% | 1 %% | median | 99 %% | 99.8 %% | 99.9 %% | most "
        "|\n|---|---|---|---|---|---|---|---|---|---|\n");
    print_row("share of the scale", films, [](const Film& film) { return film.use.share; });
    print_row("reach of the scale", films, [](const Film& film) { return film.use.reach; });
    print_row("black in the middle", films, [](const Film& film) { return film.use.black; });
    print_row("white in the middle", films, [](const Film& film) { return film.use.white; });
    print_row("entropy, bits", films, [](const Film& film) { return film.use.entropy; });
    const auto count = [&](bool Film::*what) {
        return std::count_if(films.begin(), films.end(),
                             [&](const Film& film) { return film.*what; });
    };
    std::printf(
        "\nother view %ld, other bits or sign %ld, refused %ld, refused when dim %ld, wrong sign "
        "not noticed %ld\n",
        static_cast<long>(count(&Film::view_replaced)),
        static_cast<long>(count(&Film::bits_corrected)), static_cast<long>(count(&Film::refused)),
        static_cast<long>(count(&Film::dim_refused)),
        static_cast<long>(count(&Film::sign_unnoticed)));
}
