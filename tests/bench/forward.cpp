// SPDX-License-Identifier: Apache-2.0
// The bare forward run of a model on a device: images a second by size of batch.
//   bench_forward WEIGHTS CHANNELS HEIGHT WIDTH [DEVICE] [THREADS] [float32|bfloat16|float16]
// It needs only torch_model.cpp, so it is also built alone on a machine with a GPU (docs/gpu.md).
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include "inference/run/model.h"

namespace {

using namespace bucky::inference;
using Clock = std::chrono::steady_clock;

/// Milliseconds of one run of `batch` images: the median of the runs in two seconds.
double median_ms(Model& model, const ModelInput& image, std::size_t batch) {
    const std::vector<const ModelInput*> inputs(batch, &image);
    for (int warm_up = 0; warm_up < 3; ++warm_up) (void)model.run_batch(inputs);
    std::vector<double> took;
    const auto until = Clock::now() + std::chrono::seconds(2);
    while (took.size() < 5 || Clock::now() < until) {
        const auto started = Clock::now();
        (void)model.run_batch(inputs);
        took.push_back(std::chrono::duration<double, std::milli>(Clock::now() - started).count());
    }
    const auto middle = took.begin() + static_cast<std::ptrdiff_t>(took.size() / 2);
    std::nth_element(took.begin(), middle, took.end());
    return *middle;
}

}  // namespace

int main(int count, char** arguments) try {
    const std::vector<std::string> words(arguments + 1, arguments + count);
    if (words.size() < 4) {
        std::fprintf(stderr,
                     "usage: bench_forward WEIGHTS CHANNELS HEIGHT WIDTH [DEVICE] [THREADS] "
                     "[PRECISION]\n");
        return 2;
    }
    const auto number = [&](std::size_t at, int otherwise) {
        return words.size() > at ? std::atoi(words[at].c_str()) : otherwise;
    };
    ModelInput image{static_cast<std::uint32_t>(number(1, 1)),
                     static_cast<std::uint32_t>(number(2, 1)),
                     static_cast<std::uint32_t>(number(3, 1)),
                     {}};
    const std::size_t size = std::size_t{image.channels} * image.rows * image.columns;
    for (std::size_t i = 0; i < size; ++i) {
        image.values.push_back(static_cast<float>(i % 251) / 251.0F);
    }
    const ModelOptions options{
        words.size() > 4 ? words[4] : "auto", number(5, 0),
        bucky::choice_of<bucky::Precision>(words.size() > 6 ? words[6] : "float32").value()};
    const auto model = load_torch_model(words[0], options);
    std::printf("%s\n\n| images a run | ms | images/s |\n|---|---|---|\n", model->device().c_str());
    const bool on_cpu = model->device().starts_with("cpu");
    for (std::size_t batch = 1; batch <= (on_cpu ? 4U : 64U); batch *= 2) {
        const double ms = median_ms(*model, image, batch);
        std::printf("| %zu | %.1f | %.1f |\n", batch, ms, 1000 * static_cast<double>(batch) / ms);
    }
    return 0;
} catch (const std::exception& error) {  // main: prints the error
    std::fprintf(stderr, "bench_forward: %s\n", error.what());
    return 1;
}
