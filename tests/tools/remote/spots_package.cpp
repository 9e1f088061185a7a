// SPDX-License-Identifier: Apache-2.0
#include "tests/tools/remote/spots_package.h"

#include <algorithm>
#include <fstream>
#include <vector>

#include <fmt/format.h>

namespace bucky::test {
namespace {

constexpr std::uint32_t kSide = 32, kBlock = 4;

void write_floats(const std::filesystem::path& file, const std::vector<float>& numbers) {
    std::ofstream{file, std::ios::binary}.write(
        reinterpret_cast<const char*>(numbers.data()),
        static_cast<std::streamsize>(numbers.size() * sizeof(float)));
}

}  // namespace

inference::ModelInput spots_input(float brightest) {
    inference::ModelInput input{1, kSide, kSide, {}};
    for (std::uint32_t i = 0; i < kSide * kSide; ++i) {
        input.values.push_back(static_cast<float>(i % 97) / 300.0F);
    }
    input.values[10 * kSide + 25] = brightest;
    return input;
}

inference::ModelOutput spots_answer(const inference::ModelInput& input) {
    const std::uint32_t side = kSide / kBlock;
    inference::ModelOutput output{{0, 0}, side, side, std::vector<float>(2 * side * side)};
    for (std::uint32_t row = 0; row < kSide; ++row) {
        for (std::uint32_t column = 0; column < kSide; ++column) {
            const float value = input.values[row * kSide + column];
            const std::size_t half = column < kSide / 2 ? 0 : 1;
            auto& cell =
                output.heatmaps[half * side * side + row / kBlock * side + column / kBlock];
            cell = std::max(cell, value);
            output.scores[half] = std::max(output.scores[half], value);
        }
    }
    return output;
}

void write_spots_package(const std::filesystem::path& folder, const std::string& more) {
    std::filesystem::create_directories(folder);
    std::string text = fmt::format(R"([model]
name = "spots"
version = "1.0.0"
vendor = "Bucky's tests"
licence = "Apache-2.0"
intended_use = "For tests only"
weights_sha256 = "{}"

[input]
width = {}
height = {}

[accepts]
sop_classes = ["1.2.840.10008.5.1.4.1.1.1.1", "1.2.840.10008.5.1.4.1.1.1"]
modalities = ["DX", "CR"]
body_parts = ["CHEST", ""]
views = ["PA", "AP", ""]

[output]
heatmaps = true

[[golden]]
input = "golden-1.input.f32"
output = "golden-1.output.f32"
tolerance = 0.0
)",
                                   kSpotsHash, kSide, kSide);
    for (const char* side : {"left", "right"}) {
        text += fmt::format(R"(
[[finding]]
key = "{0}_spot"
name = "Spot in the {0} half"
code = {{ value = "{0}-1", scheme = "99BUCKY", meaning = "Spot, {0}" }}
threshold = 0.6
thresholds_for = "{1}"
located = true
)",
                            side, kSpotsHash);
    }
    std::ofstream{folder / "model.toml"} << text << more;
    const auto golden = spots_input(0.75F);
    const auto answer = spots_answer(golden);
    auto numbers = answer.scores;
    numbers.insert(numbers.end(), answer.heatmaps.begin(), answer.heatmaps.end());
    write_floats(folder / "golden-1.input.f32", golden.values);
    write_floats(folder / "golden-1.output.f32", numbers);
}

}  // namespace bucky::test
