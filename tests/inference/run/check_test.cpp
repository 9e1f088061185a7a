// SPDX-License-Identifier: Apache-2.0
#include "inference/run/check.h"

#include <catch2/catch.hpp>

#include "tests/inference/support.h"
#include "tests/support/temp_dir.h"

using namespace bucky;
using namespace bucky::inference;
using namespace bucky::test;

namespace {

const ModelOptions kOneThread{"cpu", 1};

std::string raw(const std::vector<float>& numbers) {
    return {reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(float)};
}

/// A package with one golden input: a grey image, and the answer of bright_spots to it.
class GoldenPackage {
public:
    explicit GoldenPackage(Behaviour behaviour = Behaviour::bright_spots) {
        write_package(dir_ / "package", behaviour);
        append("[[golden]]\ninput = \"golden-1.input.f32\"\noutput = \"golden-1.output.f32\"\n");
        write_bytes(folder() / "golden-1.input.f32", raw(std::vector<float>(64 * 64, 0.25F)));
        std::vector<float> output(2 + 2 * 16 * 16, 0.0F);
        output[0] = output[1] = 0.25F;
        for (std::size_t row = 0; row < 16; ++row) {
            for (std::size_t column = 0; column < 16; ++column) {
                output[2 + (column < 8 ? 0 : 256) + row * 16 + column] = 0.25F;
            }
        }
        expect(output);
    }
    void expect(const std::vector<float>& output) {
        write_bytes(folder() / "golden-1.output.f32", raw(output));
    }
    void append(const std::string& manifest) {
        const auto file = folder() / "model.toml";
        write_bytes(file, bytes_of(file) + manifest);
    }
    void replace(const std::string& from, const std::string& to) {
        std::string manifest = bytes_of(folder() / "model.toml");
        REQUIRE(manifest.find(from) != std::string::npos);
        manifest.replace(manifest.find(from), from.size(), to);
        write_bytes(folder() / "model.toml", manifest);
    }
    std::filesystem::path folder() const { return dir_ / "package"; }
    Checked checked() const { return check_package(folder(), kOneThread); }

private:
    TempDir dir_;
};

bool any_contains(const std::vector<std::string>& sentences, const std::string& words) {
    for (const auto& sentence : sentences) {
        if (sentence.find(words) != std::string::npos) return true;
    }
    return false;
}

}  // namespace

TEST_CASE("a sound package has no problems, and its golden input gives its golden output",
          "[inference]") {
    const Checked checked = GoldenPackage{}.checked();
    CHECK(checked.problems.empty());
    CHECK(checked.device == "cpu (1 thread)");
    CHECK(any_contains(checked.notes, "golden-1.input.f32: the numbers differ by at most 0.0000"));
    CHECK(any_contains(checked.notes, "two images in one run"));
}

TEST_CASE("a golden output that is not reproduced is a problem, with the difference",
          "[inference]") {
    GoldenPackage package;
    std::vector<float> other(2 + 2 * 16 * 16, 0.25F);
    package.expect(other);
    CHECK(
        any_contains(package.checked().problems, "differ from golden-1.output.f32 by up to 0.25"));
    package.expect({0.25F, 0.25F});
    CHECK(any_contains(package.checked().problems, "has 2 numbers, the model gave 514"));
    package.replace("[[golden]]", "[[golden]]\ntolerance = 2");
    CHECK(any_contains(package.checked().problems, "tolerance: must be a number from 0 to 1"));
}

TEST_CASE("golden files that are missing or of another size are reported before the model runs",
          "[inference]") {
    GoldenPackage package;
    write_bytes(package.folder() / "golden-1.input.f32", raw({1, 2, 3}));
    CHECK(any_contains(package.checked().problems, "must have 16384 bytes"));
    std::filesystem::remove(package.folder() / "golden-1.input.f32");
    CHECK(any_contains(package.checked().problems, "there is no file"));
    CHECK(error_of([&] { read_package(package.folder()); }).fault() == Fault::bad_input);
}

TEST_CASE("all problems of a package are reported at once", "[inference]") {
    GoldenPackage package(Behaviour::wrong_shape);
    package.replace("scheme = \"99BUCKY\"", "scheme = \"A SCHEME THAT IS TOO LONG\"");
    package.replace("threshold = 0.6", "threshold = 1.6");
    package.replace("thresholds_for = \"", "thresholds_for = \"0");
    const Checked checked = package.checked();
    CHECK(any_contains(checked.problems, "is longer than 16 characters"));
    CHECK(any_contains(checked.problems, "threshold: must be a number from 0 to 1"));
    CHECK(any_contains(checked.problems, "were chosen for other weights"));
    CHECK(any_contains(checked.problems, "a black image: "));  // three scores for two findings
    CHECK(any_contains(checked.problems, "golden-1.input.f32: "));
}

TEST_CASE("a model that gives no numbers fails the check with its message", "[inference]") {
    const auto [behaviour, words] = GENERATE(table<Behaviour, const char*>(
        {{Behaviour::not_finite, "not finite"}, {Behaviour::no_tensor, "must be scores"}}));
    CHECK(any_contains(GoldenPackage(behaviour).checked().problems, words));
}

TEST_CASE("weights that do not load are reported with the other problems", "[inference]") {
    GoldenPackage package;
    write_bytes(package.folder() / "weights.ts", "these are no weights");
    const Checked checked = package.checked();
    CHECK(any_contains(checked.problems, "has the hash"));
    CHECK(any_contains(checked.problems, "loading: "));
    CHECK(checked.device.empty());
}

TEST_CASE("compiled weights are used on their device if this LibTorch can load them",
          "[inference]") {
    GoldenPackage package;
    write_bytes(package.folder() / "weights.pt2", "compiled");
    package.append("[compiled]\nweights = \"weights.pt2\"\ndevice = \"cuda\"\nsha256 = \"" +
                   std::string(64, 'a') + "\"\n");
    std::vector<std::string> problems;
    const Package read = read_package(package.folder(), problems);
    CHECK(any_contains(problems, "weights.pt2 has the hash"));
    CHECK(weights_for(read, "cpu").filename() == "weights.ts");
    CHECK(weights_for(read, "cuda:1").filename() ==
          (loads_compiled() ? "weights.pt2" : "weights.ts"));
}
