// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <fstream>
#include <iostream>
#include <thread>

#include <unistd.h>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "conf/base/clock.h"
#include "conf/base/error.h"
#include "conf/base/mutex.h"
#include "conf/file/read.h"
#include "inference/examine/examine.h"
#include "inference/examine/shelf.h"
#include "inference/run/check.h"
#include "scp/wire/start.h"
#include "tools/bucky/commands/choice_option.h"
#include "tools/bucky/commands/command.h"
#include "tools/bucky/commands/model_list.h"
#include "tools/bucky/engine/evaluation.h"
#include "tools/bucky/engine/model_permissions.h"
#include "tools/bucky/engine/replicas.h"
#include "tools/bucky/engine/taken_packages.h"
#include "tools/bucky/remote/remote_model.h"
#include "tools/bucky/sandbox/decoder_pool.h"
#include "tools/bucky/shared/files.h"
#include "tools/bucky/shared/progress.h"
#include "tools/bucky/shared/table.h"

namespace bucky {
namespace {

namespace fs = std::filesystem;

std::string named(const inference::Package& package) {
    return fmt::format("{} {}", package.identity.name, package.identity.version);
}

/// How a package is run from the command line.
struct Way {
    std::string device = "auto";
    Precision precision = Precision::float32;

    inference::ModelOptions options(int threads) const { return {device, threads, precision}; }
};

int check(const fs::path& folder, const Way& way) {
    const auto checked = inference::check_package(folder, way.options(0));
    const auto& package = checked.package;
    std::cout << fmt::format(
        "{} of {}, {}\n  for {}: {}\n  weights {}\n"
        "  input {} x {} x {}, on {}\n\n",
        named(package), package.identity.vendor, package.licence, name_of(package.identity.purpose),
        package.identity.intended_use, package.identity.sha256, package.input.channels,
        package.input.height, package.input.width,
        package.weights.empty()  ? "nothing: it has no weights"
        : checked.device.empty() ? "nothing: it does not load"
                                 : checked.device);
    Table table{{{"FINDING"}, {"CODE"}, {"THRESHOLD", Align::right}, {"LOCATED"}}};
    for (const auto& finding : package.findings) {
        table.row({finding.name, fmt::format("{} {}", finding.code.value, finding.code.scheme),
                   fmt::format("{:.3f}", finding.threshold), finding.located ? "yes" : "no"});
    }
    std::cout << table.text() << '\n';
    for (const auto& note : checked.notes) std::cout << note << '\n';
    for (const auto& problem : checked.problems) std::cerr << "bucky: " << problem << '\n';
    if (!checked.problems.empty()) return 1;
    if (package.weights.empty()) {
        std::cout << "The manifest is sound. The weights are not here: the package needs the "
                     "service of [remote], or `bucky model fetch`.\n";
        return 0;
    }
    std::cout << "The package is sound: it loads, and answers as it says.\n";
    // Only a warning here: the maker of a package may write it; a service that loads it may not.
    if (const auto wrong = who_may_write(folder, ::geteuid())) {
        std::cout << fmt::format("bucky serve would not take it from here: {}\n", *wrong);
    }
    return 0;
}

/// Put beside the manifest under another name first: a half file is never taken for weights.
void fetch(const fs::path& folder, const conf::Settings& settings) {
    const auto package = inference::read_package(folder);
    if (!package.weights.empty()) {
        std::cout << fmt::format("{}: the weights are here already\n", named(package));
        return;
    }
    if (settings.remote.url.empty()) {
        throw Error(Fault::bad_input, "the config names no service: remote.url");
    }
    const auto bytes = fetch_weights(package, settings.remote);
    const auto file = folder / package.weights_name;
    auto half = file;
    half += ".part";
    {
        std::ofstream out{half, std::ios::binary | std::ios::trunc};
        out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        if (!out.flush()) throw Error(Fault::unavailable, "{} cannot be written", half.string());
    }
    fs::rename(half, file);
    std::cout << fmt::format("{}: {} bytes, sha256 {}\n", file.string(), bytes.size(),
                             package.identity.sha256);
}

/// Not zeros, because some kernels are faster on zeros.
inference::ModelInput some_input(const inference::InputSpec& spec) {
    inference::ModelInput input{spec.channels, spec.height, spec.width, {}};
    const std::size_t size = std::size_t{input.channels} * input.rows * input.columns;
    for (std::size_t i = 0; i < size; ++i) {
        input.values.push_back(static_cast<float>(i % 251) / 251.0F);
    }
    return input;
}

struct Speed {
    double images_s = 0;
    double median_ms = 0;  ///< of one image, from call to answer
};

/// `callers` threads ask without a pause for a while.
Speed speed_of(inference::Model& model, const inference::ModelInput& input, std::size_t callers) {
    using Now = std::chrono::steady_clock;
    constexpr std::chrono::seconds kWhile{3};
    constexpr std::size_t kLeast = 5;
    std::vector<double> took_ms;
    Mutex noting;  // of took_ms
    const auto started = Now::now();
    const auto ask = [&] {
        for (std::size_t i = 0; i < kLeast || Now::now() - started < kWhile; ++i) {
            const auto asked = Now::now();
            (void)model.run(input);
            const std::chrono::duration<double, std::milli> took = Now::now() - asked;
            const MutexLock lock(noting);
            took_ms.push_back(took.count());
        }
    };
    {
        std::vector<std::jthread> others;
        while (others.size() < callers) others.emplace_back(ask);
    }
    const std::chrono::duration<double> took = Now::now() - started;
    const auto middle = took_ms.begin() + static_cast<std::ptrdiff_t>(took_ms.size() / 2);
    std::nth_element(took_ms.begin(), middle, took_ms.end());
    return {static_cast<double>(took_ms.size()) / took.count(), *middle};
}

/// On a CPU: which share of the cores each replica should have, one each or all for one replica.
void bench(const fs::path& folder, const Way& way) {
    const auto package = inference::read_package(folder);
    if (package.weights.empty()) {
        throw Error(Fault::bad_input, "{}: its weights are not here", named(package));
    }
    const auto input = some_input(package.input);
    const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
    const bool on_gpu = inference::devices_named(way.device).front() != "cpu";
    std::cout << named(package) << ": the model alone, without decoding and preparing\n";
    Table table{{{"REPLICAS"}, {"IMAGES/S", Align::right}, {"MS AN IMAGE", Align::right}}};
    std::vector<Speed> speeds;
    for (const int replicas : on_gpu || cores == 1 ? std::vector{1} : std::vector{1, cores}) {
        const auto options = way.options(std::max(1, cores / replicas));
        const MakeModel make = [&] {
            auto model = inference::load_torch_model(
                inference::weights_for(package, on_gpu ? "cuda" : "cpu"), options);
            inference::warm_up(*model, package);
            return model;
        };
        ReplicaOptions queue;
        queue.name = package.identity.name;
        Replicas model{std::vector<MakeModel>(static_cast<std::size_t>(replicas), make), {}, queue};
        speeds.push_back(speed_of(model, input, static_cast<std::size_t>(replicas)));
        table.row({model.device(), fmt::format("{:.1f}", speeds.back().images_s),
                   fmt::format("{:.1f}", speeds.back().median_ms)});
    }
    std::cout << table.text();
    if (speeds.size() < 2) return;
    const bool many = speeds[1].images_s > speeds[0].images_s;
    std::cout << fmt::format("Most images a second here: replicas = {}, threads = {}\n",
                             many ? cores : 1, many ? 1 : cores);
    if (many) std::cout << "One image alone is soonest with replicas = 1.\n";
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

/// Each image of truth.json with the models' answers. One thread decodes while the other's model
/// runs.
std::vector<EvaluatedImage> examined(const fs::path& folder, const inference::Shelf& shelf) {
    const auto truth = nlohmann::json::parse(read_text(folder / "truth.json"));
    std::vector<EvaluatedImage> images(truth.size());
    Progress progress{"examining", images.size()};
    std::atomic<std::size_t> next = 0;
    DecoderPool decoders{2};
    std::exception_ptr failure;
    Mutex failing;  // of failure
    const auto work = [&] {
        try {
            for (auto i = next++; i < images.size(); i = next++) {
                const fs::path file = folder / truth[i].at("file").get<std::string>();
                images[i] = {planted_in(truth[i]), inference::examine(file, shelf, 0, decoders)};
                progress.step();
            }
        } catch (...) {  // passed to the thread that called, after both have ended
            const MutexLock lock(failing);
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
    for (const auto& [package, model, shadow] : shelf.packages()) {
        std::cout << fmt::format("{} on {}\n", named(package), model->device());
    }
    std::cout << to_text(evaluate(examined(folder, shelf)));
} catch (const nlohmann::json::exception& error) {  // truth.json is a file that the user named
    throw Error(Fault::bad_input, "{}: not what `bucky phantom` writes: {}",
                (folder / "truth.json").string(), error.what());
}

void add_list(CLI::App& command, const std::shared_ptr<fs::path>& config) {
    auto* listed = command.add_subcommand("list", "Those of the config, in their order");
    const auto shipped = std::make_shared<bool>(false);
    const auto from = std::make_shared<fs::path>();
    listed->add_flag("--shipped", *shipped,
                     "Those that came with this program: what each reads, of whom, how good it is");
    listed->add_option("--from", *from, "The same for the packages in this folder")
        ->check(existing_folder())
        ->type_name("DIR");
    const auto as_json = std::make_shared<bool>(false);
    listed->add_flag("--json", *as_json, "Those of the config, for programs")
        ->excludes("--shipped", "--from");
    listed->callback([config, shipped, from, as_json] {
        if (from->empty() && !*shipped) {
            const auto settings = with_taken_packages(conf::read_settings(*config));
            std::cout << (*as_json ? models_as_json(settings) : models_of_config(settings));
        } else {
            std::cout << models_in(from->empty() ? shipped_models() : *from);
        }
    });
}

}  // namespace

void add_model(CLI::App& app, int& exit_status) {
    auto* command = app.add_subcommand("model", "The model packages: which, how sound, how fast");
    command->require_subcommand(1);
    const auto config = config_option(*command);
    const auto folder = std::make_shared<fs::path>();
    const auto way = std::make_shared<Way>();
    const auto take_folder = [&](CLI::App* subcommand, const char* what) {
        subcommand->add_option("DIR", *folder, what)
            ->required()
            ->check(existing_folder())
            ->type_name("");
        subcommand->add_option("--device", way->device, "auto, cpu, cuda or cuda:N")
            ->capture_default_str();
    };
    const auto take_precision = [&](CLI::App* subcommand) {
        add_choice(*subcommand, "--precision", way->precision, "What it computes in");
    };
    add_list(*command, config);

    auto* checked =
        command->add_subcommand("check", "All that is wrong with a package, if anything");
    take_folder(checked, "A model package");
    take_precision(checked);
    checked->callback([folder, way, &exit_status] { exit_status = check(*folder, *way); });

    auto* fetched = command->add_subcommand(
        "fetch", "The weights of a package that came without them, from the service of [remote]");
    fetched->add_option("DIR", *folder, "A model package")
        ->required()
        ->check(existing_folder())
        ->type_name("");
    fetched->callback([config, folder] { fetch(*folder, conf::read_settings(*config)); });

    add_export_triton(*command);

    auto* benched =
        command->add_subcommand("bench", "How fast a package is here, and with how many replicas");
    take_folder(benched, "A model package");
    take_precision(benched);
    benched->callback([folder, way] { bench(*folder, *way); });

    auto* evaluated =
        command->add_subcommand("evaluate", "How good it is on phantoms, finding by finding");
    take_folder(evaluated, "A folder that `bucky phantom` made, with truth.json");
    const auto models = std::make_shared<std::vector<fs::path>>();
    evaluated->add_option("--model", *models, "Model packages, instead of those of the config")
        ->check(existing_folder())
        ->type_name("DIR");
    evaluated->callback([config, folder, way, models] {
        evaluate_on(*folder,
                    models->empty() ? conf::read_settings(*config).inference.models : *models,
                    way->device);
    });
}

}  // namespace bucky
