// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <iostream>
#include <mutex>
#include <thread>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "conf/base/clock.h"
#include "conf/base/error.h"
#include "conf/read.h"
#include "inference/examine.h"
#include "inference/shelf.h"
#include "scp/wire/start.h"
#include "tools/bucky/commands/command.h"
#include "tools/bucky/evaluation.h"
#include "tools/bucky/files.h"
#include "tools/bucky/progress.h"
#include "tools/bucky/table.h"

namespace bucky {
namespace {

namespace fs = std::filesystem;

std::string named(const inference::Package& package) {
    return fmt::format("{} {}", package.identity.name, package.identity.version);
}

void list(const conf::Settings& settings) {
    Table table{{{"MODEL"}, {"VENDOR"}, {"FINDINGS"}, {"FOLDER"}}};
    for (const auto& folder : settings.inference.models) {
        const auto package = inference::read_package(folder);
        table.row({named(package), package.identity.vendor, std::to_string(package.findings.size()),
                   folder.string()});
    }
    std::cout << table.text();
}

void check(const fs::path& folder, const std::string& device) {
    const inference::Shelf shelf{{folder}, {device, 0}};
    const auto& [package, model] = shelf.packages().front();
    std::cout << fmt::format("{} of {}, {}\n  {}\n  weights {}\n  input {} x {} x {}, on {}\n\n",
                             named(package), package.identity.vendor, package.licence,
                             package.identity.intended_use, package.identity.sha256,
                             package.input.channels, package.input.height, package.input.width,
                             model->device());
    Table table{{{"FINDING"}, {"CODE"}, {"THRESHOLD", Align::right}, {"LOCATED"}}};
    for (const auto& finding : package.findings) {
        table.row({finding.name, fmt::format("{} {}", finding.code.value, finding.code.scheme),
                   fmt::format("{:.3f}", finding.threshold), finding.located ? "yes" : "no"});
    }
    std::cout << table.text() << "\nThe package is sound: it loads, and answers as it says.\n";
}

/// The median of some runs, so that a busy moment of the machine does not count.
double median_ms(inference::Model& model, const inference::ModelInput& input) {
    constexpr int kWarmUps = 3;
    constexpr std::size_t kRuns = 25;
    for (int i = 0; i < kWarmUps; ++i) (void)model.run(input);
    std::vector<double> took_ms;
    while (took_ms.size() < kRuns) {
        const auto started = std::chrono::steady_clock::now();
        (void)model.run(input);
        const std::chrono::duration<double, std::milli> took =
            std::chrono::steady_clock::now() - started;
        took_ms.push_back(took.count());
    }
    std::nth_element(took_ms.begin(), took_ms.begin() + kRuns / 2, took_ms.end());
    return took_ms[kRuns / 2];
}

void bench(const fs::path& folder, const std::string& device) {
    const auto package = inference::read_package(folder);
    inference::ModelInput input{
        package.input.channels, package.input.height, package.input.width, {}};
    const std::size_t size = std::size_t{input.channels} * input.rows * input.columns;
    for (std::size_t i = 0; i < size; ++i) {  // not zeros: some kernels are faster on those
        input.values.push_back(static_cast<float>(i % 251) / 251.0F);
    }
    Table table{{{"DEVICE"}, {"MS AN IMAGE", Align::right}, {"IMAGES/S", Align::right}}};
    for (const int threads : {1, 0}) {
        const auto model = inference::load_torch_model(package.weights, {device, threads});
        const double ms = median_ms(*model, input);
        table.row({model->device(), fmt::format("{:.1f}", ms), fmt::format("{:.1f}", 1000 / ms)});
        if (model->device().starts_with("cuda")) break;  // threads are nothing to it
    }
    std::cout << fmt::format("{}: the model alone, without decoding and preparing\n{}",
                             named(package), table.text());
}

std::vector<Planted> planted_in(const nlohmann::json& image) {
    std::vector<Planted> truth;
    for (const auto& lesion : image.at("lesions")) {
        Planted planted{lesion.at("finding"), {}};
        for (const auto& point : lesion.at("outline")) {
            planted.outline.push_back({point.at(0), point.at(1)});
        }
        truth.push_back(std::move(planted));
    }
    return truth;
}

/// Each image of truth.json with what the models say: one decodes while another's model runs.
std::vector<EvaluatedImage> examined(const fs::path& folder, const inference::Shelf& shelf) {
    const auto truth = nlohmann::json::parse(read_text(folder / "truth.json"));
    std::vector<EvaluatedImage> images(truth.size());
    Progress progress{"examining", images.size()};
    std::atomic<std::size_t> next = 0;
    std::exception_ptr failure;
    std::mutex failing;
    const auto work = [&] {
        try {
            for (auto i = next++; i < images.size(); i = next++) {
                const fs::path file = folder / truth[i].at("file").get<std::string>();
                images[i] = {planted_in(truth[i]), inference::examine(file, shelf, 0)};
                progress.step();
            }
        } catch (...) {
            const std::lock_guard lock(failing);
            failure = std::current_exception();
            next = images.size();
        }
    };
    {
        const std::jthread other{work};
        work();
    }
    if (failure) std::rethrow_exception(failure);
    return images;
}

void evaluate_on(const fs::path& folder, const std::vector<fs::path>& models,
                 const std::string& device) try {
    scp::start_wire();
    const inference::Shelf shelf{models, {device, 0}};
    for (const auto& [package, model] : shelf.packages()) {
        std::cout << fmt::format("{} on {}\n", named(package), model->device());
    }
    std::cout << to_text(evaluate(examined(folder, shelf)));
} catch (const nlohmann::json::exception& error) {
    throw Error(Fault::bad_input, "{}: not what `bucky phantom` writes: {}",
                (folder / "truth.json").string(), error.what());
}

}  // namespace

void add_model(CLI::App& app, int&) {
    auto* command = app.add_subcommand("model", "The model packages: which, how sound, how fast");
    command->require_subcommand(1);
    const auto config = config_option(*command);
    const auto folder = std::make_shared<fs::path>();
    const auto device = std::make_shared<std::string>("auto");
    const auto take_folder = [&](CLI::App* subcommand, const char* what) {
        subcommand->add_option("DIR", *folder, what)
            ->required()
            ->check(existing_folder())
            ->type_name("");
        subcommand->add_option("--device", *device, "auto, cpu, cuda or cuda:N")
            ->capture_default_str();
    };
    command->add_subcommand("list", "Those of the config, in their order")->callback([config] {
        list(conf::read_settings(*config));
    });

    auto* checked = command->add_subcommand("check", "Load a package and let it answer");
    take_folder(checked, "A model package");
    checked->callback([folder, device] { check(*folder, *device); });

    auto* benched = command->add_subcommand("bench", "Milliseconds an image on this machine");
    take_folder(benched, "A model package");
    benched->callback([folder, device] { bench(*folder, *device); });

    auto* evaluated =
        command->add_subcommand("evaluate", "How good it is on phantoms, finding by finding");
    take_folder(evaluated, "A folder that `bucky phantom` made, with truth.json");
    const auto models = std::make_shared<std::vector<fs::path>>();
    evaluated->add_option("--model", *models, "Model packages, instead of those of the config")
        ->check(existing_folder())
        ->type_name("DIR");
    evaluated->callback([config, folder, device, models] {
        evaluate_on(*folder,
                    models->empty() ? conf::read_settings(*config).inference.models : *models,
                    *device);
    });
}

}  // namespace bucky
