// SPDX-License-Identifier: Apache-2.0
// The worker queue beside the bare forward runs of the same replicas, in turns, so that other load
// on the machine affects both: images a second, latency, memory. With random weights
// (make_models.py), and with 10,000 images through cxr-phantom.
//   bench_inference [FOLDER OF *.ts] [SOAK IMAGES]
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

#include "tests/bench/machine.h"
#include "tests/support/places.h"
#include "tests/support/process.h"
#include "tools/bucky/engine/replicas.h"

namespace {

using namespace bucky;
using inference::Model;
using inference::ModelInput;
using Clock = std::chrono::steady_clock;
using Models = std::vector<std::shared_ptr<Model>>;

constexpr int kReplicas = 2;  // of one thread each: the machine of docs/benchmarks.md has two cores
constexpr int kRounds = 5;

double resident_mb() {
    std::ifstream statm("/proc/self/statm");
    long pages = 0, resident = 0;
    statm >> pages >> resident;
    return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1e6;
}

ModelInput image_of(std::uint32_t side) {
    ModelInput image{1, side, side, std::vector<float>(std::size_t{side} * side)};
    for (std::size_t i = 0; i < image.values.size(); ++i) {
        image.values[i] = static_cast<float>(i % 251) / 251.0F;
    }
    return image;
}

/// Images a second, if each of `models` answers in a thread of its own until `images` are done.
double speed(const Models& models, const ModelInput& image, int images) {
    std::atomic<int> left = images;
    const auto started = Clock::now();
    {
        std::vector<std::jthread> threads;
        for (const auto& model : models) {
            threads.emplace_back([&left, &image, model] {
                while (left.fetch_sub(1) > 0) (void)model->run(image);
            });
        }
    }
    return images / std::chrono::duration<double>(Clock::now() - started).count();
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

std::shared_ptr<Replicas> queue_of(const std::filesystem::path& weights) {
    ReplicaOptions options;
    options.name = weights.stem().string();
    const MakeModel make = [weights] { return inference::load_torch_model(weights, {"cpu", 1}); };
    return std::make_shared<Replicas>(std::vector<MakeModel>(kReplicas, make), MakeModel{},
                                      options);
}

void compare(const std::filesystem::path& weights, std::uint32_t side, int images) {
    const auto image = image_of(side);
    const double before_mb = resident_mb();
    Models bare;
    for (int i = 0; i < kReplicas; ++i) {
        bare.push_back(inference::load_torch_model(weights, {"cpu", 1}));
    }
    (void)speed(bare, image, 2 * kReplicas);
    const double each_mb = (resident_mb() - before_mb) / kReplicas;
    const auto queue = queue_of(weights);
    const Models callers(kReplicas + 1, queue);  // one more than replicas, so that one always waits
    (void)speed(callers, image, 2 * kReplicas);
    std::vector<double> alone, queued, ratio;
    for (int round = 0; round < kRounds; ++round) {
        alone.push_back(speed(bare, image, images));
        queued.push_back(speed(callers, image, images));
        ratio.push_back(queued.back() / alone.back());
    }
    std::printf("| %s | %.2f | %.2f | %.3f | %.0f | %.0f |\n", weights.stem().c_str(),
                median(alone), median(queued), median(ratio), 1000 * kReplicas / median(queued),
                each_mb);
    std::fflush(stdout);
}

void soak(int images) {
    const auto weights = test::phantom_model() / "weights.ts";
    const auto image = image_of(256);
    Models bare;
    for (int i = 0; i < kReplicas; ++i) {
        bare.push_back(inference::load_torch_model(weights, {"cpu", 1}));
    }
    const auto queue = queue_of(weights);
    const Models callers(kReplicas + 1, queue);
    (void)speed(callers, image, 100);
    const double alone = speed(bare, image, 500);
    const double early_mb = resident_mb();
    const double queued = speed(callers, image, images);
    const double late_mb = resident_mb();
    const double alone_after = speed(bare, image, 500);
    std::printf(
        "\ncxr-phantom, %d images: %.1f images/s through the queue; bare forward %.1f before "
        "and %.1f after; resident %.1f MB before, %.1f MB after\n",
        images, queued, alone, alone_after, early_mb, late_mb);
}

}  // namespace

int main(int count, char** arguments) {
    const std::filesystem::path folder =
        count > 1 ? arguments[1] : std::filesystem::temp_directory_path() / "bucky-bench-models";
    if (!std::filesystem::exists(folder / "resnet50-512.onnx")) {
        const auto made = test::run({"/usr/bin/python3", "-B",
                                     (test::source_dir() / "tests/bench/make_models.py").string(),
                                     folder.string()});
        if (made.status != 0) throw std::runtime_error("no models:\n" + made.output);
    }
    std::printf(
        "Worker queue of %d replicas of one thread beside the bare forward of as many.\n%s\n\n"
        "| model | bare images/s | queue images/s | ratio | ms an image | MB a replica |\n"
        "|---|---|---|---|---|---|\n",
        kReplicas, bench::machine_line().c_str());
    compare(folder / "densenet121-224.ts", 224, 40);
    compare(folder / "densenet121-512.ts", 512, 10);
    compare(folder / "resnet50-512.ts", 512, 10);
    soak(count > 2 ? std::atoi(arguments[2]) : 10'000);
    return 0;
}
