// SPDX-License-Identifier: Apache-2.0
#include "inference/run/check.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <fstream>
#include <optional>

#include <fmt/format.h>

#include "conf/base/error.h"
#include "inference/run/interpret.h"
#include "inference/run/prepare.h"

namespace bucky::inference {
namespace {

static_assert(std::endian::native == std::endian::little, "golden files are read as they lie");

std::vector<float> floats_in(const std::filesystem::path& file) {
    std::vector<float> values(std::filesystem::file_size(file) / sizeof(float));
    std::ifstream in(file, std::ios::binary);
    in.read(reinterpret_cast<char*>(values.data()),
            static_cast<std::streamsize>(values.size() * sizeof(float)));
    if (!in) throw Error(Fault::unavailable, "{} cannot be read", file.string());
    return values;
}

ModelInput filled(const InputSpec& spec, float value) {
    const std::size_t size = std::size_t{spec.channels} * spec.height * spec.width;
    return {spec.channels, spec.height, spec.width, std::vector<float>(size, value)};
}

std::vector<float> all_numbers(const ModelOutput& output) {
    std::vector<float> numbers = output.scores;
    numbers.insert(numbers.end(), output.heatmaps.begin(), output.heatmaps.end());
    return numbers;
}

float largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
    float largest = 0;
    for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
    return largest;
}

/// Runs the step. Returns the message of a failure that is the package's fault; throws the others.
template <typename Step>
void attempt(Checked& checked, std::string_view doing, Step step) {
    try {
        step();
    } catch (const Error& wrong) {  // becomes a problem unless a retry may help
        if (wrong.fault() == Fault::unavailable || wrong.fault() == Fault::exhausted) throw;
        checked.problems.push_back(fmt::format("{}: {}", doing, wrong.what()));
    }
}

void check_answers(Checked& checked, Model& model) {
    const InputSpec& spec = checked.package.input;
    const Placement whole = place(spec.height, spec.width, 1, spec);
    const ModelInput black = filled(spec, 0), grey = filled(spec, 0.5F);
    std::optional<ModelOutput> alone;
    for (const auto& [name, image] :
         {std::pair{"a black image", &black}, {"a grey image", &grey}}) {
        attempt(checked, name, [&] {
            alone = model.run(*image);
            interpret(*alone, checked.package, whole, {});
        });
    }
    if (!checked.problems.empty() || !alone) return;
    try {
        const ModelInput* both[] = {&black, &grey};
        const auto together = model.run_batch(both);
        const float off = largest_difference(all_numbers(*alone), all_numbers(together.at(1)));
        checked.notes.push_back(
            fmt::format("two images in one run: the numbers differ by at most {:.6f}", off));
    } catch (const Error& wrong) {  // becomes a problem unless the device is missing
        if (wrong.fault() == Fault::unavailable) throw;
        checked.notes.push_back(
            fmt::format("takes one image a run (batch_max = 1): {}", wrong.what()));
    }
}

void replay(Checked& checked, Model& model, const Golden& golden) {
    const auto name = golden.input.filename().string();
    attempt(checked, name, [&] {
        const float off = golden_difference(
            checked.package, golden, [&](const ModelInput& input) { return model.run(input); });
        checked.notes.push_back(fmt::format("{}: the numbers differ by at most {:.6f}", name, off));
    });
}

}  // namespace

float golden_difference(const Package& package, const Golden& golden,
                        const std::function<ModelOutput(const ModelInput&)>& run) {
    const InputSpec& spec = package.input;
    const ModelOutput output =
        run({spec.channels, spec.height, spec.width, floats_in(golden.input)});
    const auto expected = floats_in(golden.output), numbers = all_numbers(output);
    if (expected.size() != numbers.size()) {
        throw Error(Fault::corrupt, "{} has {} numbers, the model gave {}",
                    golden.output.filename().string(), expected.size(), numbers.size());
    }
    const float off = largest_difference(expected, numbers);
    if (!(off <= golden.tolerance)) {  // also true for NaN
        throw Error(Fault::corrupt, "the numbers differ from {} by up to {:.6f}; allowed is {:.6f}",
                    golden.output.filename().string(), off, golden.tolerance);
    }
    return off;
}

const std::filesystem::path& weights_for(const Package& package, const std::string& device) {
    const bool fits =
        package.compiled && loads_compiled() && device.starts_with(package.compiled->device);
    return fits ? package.compiled->weights : package.weights;
}

Checked check_package(const std::filesystem::path& folder, const ModelOptions& options) {
    Checked checked;
    checked.package = read_package(folder, checked.problems);
    const auto device = devices_named(options.device).front();
    const auto weights = weights_for(checked.package, device);
    const InputSpec& spec = checked.package.input;
    // The model runs even if the manifest has faults: its own faults are then reported with them.
    if (weights.empty() || spec.width == 0 || spec.height == 0) return checked;
    std::shared_ptr<Model> model;
    attempt(checked, "loading", [&] { model = load_torch_model(weights, options); });
    if (model == nullptr) return checked;
    checked.device = model->device();
    check_answers(checked, *model);
    for (const Golden& golden : checked.package.golden) {
        if (golden.input.empty() || golden.output.empty()) continue;  // reported already
        replay(checked, *model, golden);
    }
    return checked;
}

}  // namespace bucky::inference
