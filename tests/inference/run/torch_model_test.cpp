// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <thread>
#include <vector>

#include "inference/run/model.h"
#include "tests/inference/support.h"
#include "tests/support/temp_dir.h"

using namespace bucky;
using namespace bucky::inference;
using namespace bucky::test;

namespace {

std::shared_ptr<Model> model_of(const TempDir& dir, Behaviour behaviour,
                                const ModelOptions& options = {"cpu", 1}) {
    write_model(dir / "weights.ts", behaviour);
    return load_torch_model(dir / "weights.ts", options);
}

/// 64 x 64, black, with a spot in the left half.
ModelInput spot(float brightness) {
    ModelInput input{1, 64, 64, std::vector<float>(64 * 64)};
    for (std::size_t row = 16; row < 24; ++row) {
        for (std::size_t column = 8; column < 16; ++column) {
            input.values[row * 64 + column] = brightness;
        }
    }
    return input;
}

}  // namespace

TEST_CASE("a model gives its scores and heatmaps", "[inference]") {
    const TempDir dir;
    const auto model = model_of(dir, Behaviour::bright_spots);
    const ModelOutput output = model->run(spot(0.75F));
    CHECK(output.scores == std::vector<float>{0.75F, 0});
    CHECK(output.heatmap_rows == 16);
    CHECK(output.heatmap_columns == 16);
    REQUIRE(output.heatmaps.size() == 2 * 16 * 16);
    CHECK(output.heatmaps[4 * 16 + 2] == 0.75F);
    CHECK(output.heatmaps[0] == 0);
    CHECK(model->device() == "cpu (1 thread)");
}

TEST_CASE("a model without heatmaps gives only scores", "[inference]") {
    const TempDir dir;
    const ModelOutput output = model_of(dir, Behaviour::scores_only)->run(spot(0.5F));
    CHECK(output.scores == std::vector<float>{0.5F, 0});
    CHECK(output.heatmap_rows == 0);
    CHECK(output.heatmaps.empty());
}

TEST_CASE("an answer that breaks the contract is corrupt, with a message", "[inference]") {
    const TempDir dir;
    const auto [behaviour, words] = GENERATE(table<Behaviour, const char*>({
        {Behaviour::not_finite, "scores are not finite"},
        {Behaviour::out_of_range, "must be 0 to 1"},
        {Behaviour::no_tensor, "must be scores [N, K] or"},
        {Behaviour::throws_on_white, "too white for me"},
    }));
    const auto model = model_of(dir, behaviour);
    const Error error = error_of([&] { model->run(spot(1.0F)); });
    CHECK(error.fault() == Fault::corrupt);
    CHECK_THAT(error.what(), Catch::Contains(words));
    CHECK(std::string(error.what()).find('\n') == std::string::npos);
}

TEST_CASE("a model that threw answers the next image", "[inference]") {
    const TempDir dir;
    const auto model = model_of(dir, Behaviour::throws_on_white);
    CHECK_THROWS_AS(model->run(spot(1.0F)), Error);
    CHECK(model->run(spot(0.75F)).scores[0] == 0.75F);
}

TEST_CASE("an input whose values contradict its shape is bad input", "[inference]") {
    const TempDir dir;
    const auto model = model_of(dir, Behaviour::bright_spots);
    ModelInput input = spot(1);
    input.rows = 63;
    CHECK(error_of([&] { model->run(input); }).fault() == Fault::bad_input);
    CHECK(error_of([&] { model->run({}); }).fault() == Fault::bad_input);
}

TEST_CASE("a file that is not TorchScript is bad input", "[inference]") {
    const TempDir dir;
    write_bytes(dir / "weights.ts", "PK\x03\x04 these are not weights");
    const Error error = error_of([&] { load_torch_model(dir / "weights.ts", {"cpu", 1}); });
    CHECK(error.fault() == Fault::bad_input);
    CHECK(std::string(error.what()).find('\n') == std::string::npos);
    CHECK(error_of([&] {
              load_torch_model(dir / "absent.ts", {"cpu", 1});
          }).fault() == Fault::bad_input);
}

TEST_CASE("a missing device and an unknown device name are different errors", "[inference]") {
    const TempDir dir;
    CHECK(error_of([&] {
              model_of(dir, Behaviour::scores_only, {"cuda:63", 1});
          }).fault() == Fault::unavailable);
    CHECK(error_of([&] {
              model_of(dir, Behaviour::scores_only, {"gpu", 1});
          }).fault() == Fault::bad_input);
    CHECK(error_of([&] {
              model_of(dir, Behaviour::scores_only, {"meta", 1});
          }).fault() == Fault::bad_input);
    CHECK_FALSE(model_of(dir, Behaviour::scores_only, {"auto", 2})->device().empty());
    CHECK(model_of(dir, Behaviour::scores_only, {"cpu", 2})->device() == "cpu (2 threads)");
}

TEST_CASE("threads can share one model", "[inference]") {
    const TempDir dir;
    const auto model = model_of(dir, Behaviour::bright_spots);
    std::atomic<int> right = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&, i] {
            const float brightness = 0.25F * static_cast<float>(i);
            for (int run = 0; run < 20; ++run) {
                if (model->run(spot(brightness)).scores[0] == brightness) ++right;
            }
        });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(right == 80);
}

TEST_CASE("images that are run together get the same answers as alone, in their order",
          "[inference]") {
    const TempDir dir;
    const auto model = model_of(dir, Behaviour::bright_spots);
    std::vector<ModelInput> images;
    std::vector<const ModelInput*> asked;
    for (int i = 0; i < 5; ++i) images.push_back(spot(0.125F * static_cast<float>(i)));
    for (const auto& image : images) asked.push_back(&image);
    const auto together = model->run_batch(asked);
    REQUIRE(together.size() == 5);
    for (std::size_t i = 0; i < together.size(); ++i) {
        const ModelOutput alone = model->run(images[i]);
        CHECK(together[i].scores == alone.scores);
        CHECK(together[i].heatmaps == alone.heatmaps);
    }
    images[2].rows = 32;
    images[2].values.resize(32 * 64);
    CHECK(error_of([&] { model->run_batch(asked); }).fault() == Fault::bad_input);
}

TEST_CASE("bfloat16 gives the scores of float32 to about the third digit", "[inference]") {
    const TempDir dir;
    const auto model = model_of(dir, Behaviour::bright_spots, {"cpu", 1, Precision::bfloat16});
    CHECK(model->device() == "cpu (1 thread, bfloat16)");
    CHECK(model->run(spot(0.7F)).scores[0] == Approx(0.7F).margin(0.004));
}

TEST_CASE("float16 is refused on a CPU", "[inference]") {
    const TempDir dir;
    CHECK(error_of([&] {
              model_of(dir, Behaviour::bright_spots, {"cpu", 1, Precision::float16});
          }).fault() == Fault::bad_input);
}

TEST_CASE("the names of devices resolve to the devices of the machine", "[inference]") {
    CHECK(devices_named("cpu") == std::vector<std::string>{"cpu"});
    const auto here = devices_named("auto");
    CHECK((here.front() == "cpu" || here.front() == "cuda:0"));
    CHECK(error_of([] { devices_named("cuda:63"); }).fault() == Fault::unavailable);
}

TEST_CASE("compiled weights are refused if LibTorch has no loader for them", "[inference]") {
    const TempDir dir;
    write_bytes(dir / "weights.pt2", "PK\x03\x04 compiled, they say");
    CHECK(error_of([&] {
              load_torch_model(dir / "weights.pt2", {"cpu", 1});
          }).fault() == Fault::bad_input);
}

TEST_CASE("compiled weights give the same answers as their TorchScript", "[inference][compiled]") {
    const char* compiled = std::getenv("BUCKY_COMPILED_SPOTS");
    if (compiled == nullptr) {
        std::cout << "skipped: tools/torch2 compiles the weights for this\n";
        return;
    }
    const TempDir dir;
    const auto script = model_of(dir, Behaviour::bright_spots);
    const auto loaded = load_torch_model(compiled, {"cpu", 1});
    const auto spots = std::vector{spot(0.25F), spot(0.5F), spot(0.75F)};
    const std::vector<const ModelInput*> images{&spots[0], &spots[1], &spots[2]};
    const auto wanted = script->run_batch(images);
    const auto given = loaded->run_batch(images);
    REQUIRE(given.size() == wanted.size());
    for (std::size_t i = 0; i < given.size(); ++i) {
        CHECK(given[i].scores == wanted[i].scores);
        CHECK(given[i].heatmaps == wanted[i].heatmaps);
        CHECK(given[i].heatmap_rows == 16);
    }
}
