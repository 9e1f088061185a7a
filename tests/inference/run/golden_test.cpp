// SPDX-License-Identifier: Apache-2.0
// The input of a model, compared with tensors of a Python pipeline (golden/make.py): the
// conventions of chest models, each from a file to the last float.
#include <algorithm>
#include <cmath>
#include <cstring>

#include <catch2/catch.hpp>

#include "inference/pixels/decode.h"
#include "inference/run/prepare.h"
#include "tests/inference/support.h"

using namespace bucky;
using namespace bucky::inference;

namespace {

std::filesystem::path golden(const std::string& name) {
    return std::filesystem::path(BUCKY_SOURCE_DIR) / "tests" / "inference" / "golden" / name;
}

std::vector<float> floats_of(const std::filesystem::path& file) {
    const std::string bytes = test::bytes_of(file);
    std::vector<float> values(bytes.size() / sizeof(float));
    std::memcpy(values.data(), bytes.data(), values.size() * sizeof(float));
    return values;
}

InputSpec sized(std::uint32_t height, std::uint32_t width) {
    InputSpec spec;
    spec.height = height;
    spec.width = width;
    return spec;
}

/// The largest difference to the golden tensor, in its units.
double largest_difference(const std::string& name, const InputSpec& spec) {
    const auto wanted = floats_of(golden(name + ".f32"));
    const auto made = prepare(decode(golden(name + ".dcm")), spec).input.values;
    REQUIRE(wanted.size() == std::size_t{spec.channels} * spec.height * spec.width);
    REQUIRE(made.size() == wanted.size());
    double largest = 0;
    for (std::size_t i = 0; i < made.size(); ++i) {
        largest = std::max(largest, double{1} * std::abs(made[i] - wanted[i]));
    }
    INFO(name << " differs by " << largest);
    return largest;
}

}  // namespace

TEST_CASE("TorchXRayVision's -1024 to 1024 with its centre crop", "[inference][golden]") {
    InputSpec spec = sized(14, 14);
    spec.range_low = -1024;
    spec.range_high = 1024;
    spec.fit = Fit::crop;
    CHECK(largest_difference("xrayvision", spec) <= 1e-4);
}

TEST_CASE("ImageNet's mean and deviation after torchvision's Resize", "[inference][golden]") {
    InputSpec spec = sized(16, 20);
    spec.channels = 3;
    spec.mean = {0.485, 0.456, 0.406};
    spec.standard_deviation = {0.229, 0.224, 0.225};
    spec.fit = Fit::stretch;
    spec.resample = Resample::triangle;
    CHECK(largest_difference("imagenet", spec) <= 1e-4);
}

TEST_CASE("0 to 1, a negative slope, SIGMOID, plain bilinear in a letterbox",
          "[inference][golden]") {
    InputSpec spec = sized(24, 24);
    spec.resample = Resample::bilinear;
    CHECK(largest_difference("unit", spec) <= 1e-4);
}

TEST_CASE("raw modality values, padding replaced by the darkest tissue", "[inference][golden]") {
    InputSpec spec = sized(15, 20);
    spec.values = Values::modality;
    spec.mean = {700};
    spec.standard_deviation = {250};
    CHECK(largest_difference("modality", spec) <= 1e-4);
}
