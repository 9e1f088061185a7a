// SPDX-License-Identifier: Apache-2.0
// bucky-phantom-set: phantoms as raw arrays for training and evaluating models.
//
//   bucky-phantom-set FIRST_SEED COUNT SIDE IMAGES MASKS
//
// IMAGES gets COUNT x SIDE x SIDE little-endian uint16 (65535 = display value 1); MASKS one byte
// for each of these pixels, where bit k means that finding k covers it. Phantoms vary in size and
// shape; both files are shrunk as an image is for a model. Deterministic by seed.
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "conf/base/mutex.h"
#include "tools/phantom/draw.h"
#include "tools/phantom/fit.h"
#include "tools/phantom/random.h"

namespace {

using namespace bucky;
using namespace bucky::phantom;

struct Example {
    std::vector<std::uint16_t> image;
    std::vector<std::uint8_t> mask;
};

Example example(std::uint64_t seed, int side) {
    Random random{seed, "set size"};
    const double root = random.uniform(400, 700);  // square root of the area
    const double aspect = std::sqrt(random.uniform(0.8, 1.25));
    const int rows = static_cast<int>(root * aspect);
    const int columns = static_cast<int>(root / aspect);
    const Phantom phantom = draw(random_recipe(seed, rows, columns));

    Example made;
    for (const float value : fit(phantom.pixels, rows, columns, side)) {
        made.image.push_back(static_cast<std::uint16_t>(std::lround(value * 65535)));
    }
    made.mask.assign(made.image.size(), 0);
    for (const Lesion& lesion : phantom.lesions) {
        const auto mask = mask_of(lesion, rows, columns);
        const auto small = fit(std::vector<float>(mask.begin(), mask.end()), rows, columns, side);
        const auto bit = static_cast<std::uint8_t>(1U << static_cast<unsigned>(lesion.finding));
        for (std::size_t i = 0; i < small.size(); ++i) {
            if (small[i] >= 0.5F) made.mask[i] = static_cast<std::uint8_t>(made.mask[i] | bit);
        }
    }
    return made;
}

void make_set(std::uint64_t first, int count, int side, std::ofstream& images,
              std::ofstream& masks) {
    std::atomic<int> next{0};
    Mutex writing;  // of both files
    const auto pixels = static_cast<std::streamoff>(side) * side;
    const auto work = [&] {
        for (int i = next++; i < count; i = next++) {
            const Example made = example(first + static_cast<std::uint64_t>(i), side);
            const MutexLock lock{writing};
            images.seekp(i * pixels * 2);
            images.write(reinterpret_cast<const char*>(made.image.data()), pixels * 2);
            masks.seekp(i * pixels);
            masks.write(reinterpret_cast<const char*>(made.mask.data()), pixels);
            if (i % 50 == 0) std::fprintf(stderr, "\rphantoms: %d of %d", i, count);
        }
    };
    std::thread other{work};
    work();
    other.join();
    std::fprintf(stderr, "\rphantoms: %d of %d\n", count, count);
}

}  // namespace

int main(int argc, char** argv) try {
    if (argc != 6) {
        std::fprintf(stderr, "usage: bucky-phantom-set FIRST_SEED COUNT SIDE IMAGES MASKS\n");
        return 2;
    }
    std::ofstream images{argv[4], std::ios::binary};
    std::ofstream masks{argv[5], std::ios::binary};
    make_set(std::stoull(argv[1]), std::stoi(argv[2]), std::stoi(argv[3]), images, masks);
    images.close();
    masks.close();
    return images && masks ? 0 : 1;
} catch (const std::exception& failure) {  // main: prints the error
    std::fprintf(stderr, "bucky-phantom-set: %s\n", failure.what());
    return 1;
}
