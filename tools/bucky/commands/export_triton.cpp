// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <iostream>
#include <memory>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "conf/base/error.h"
#include "inference/run/check.h"
#include "tools/bucky/commands/command.h"
#include "tools/bucky/commands/triton_repository.h"

namespace bucky {
namespace {

namespace fs = std::filesystem;

struct Export {
    fs::path package, repository;
    bool as_python = false;
    std::uint32_t batch_max = 8;
};

/// Only a sound package is exported. The sides of its heatmaps are known when it has run.
void export_triton(const Export& told) {
    const auto checked = inference::check_package(told.package, {"cpu", 0});
    const auto& package = checked.package;
    if (!checked.problems.empty()) {
        throw Error(Fault::bad_input, "{}: {}", told.package.string(), checked.problems.front());
    }
    if (package.weights.empty()) {
        throw Error(Fault::bad_input, "{}: its weights are not here: `bucky model fetch`",
                    told.package.string());
    }
    const auto& in = package.input;
    const inference::ModelInput black{
        in.channels, in.height, in.width,
        std::vector<float>(std::size_t{in.channels} * in.height * in.width)};
    const auto answer = inference::load_torch_model(package.weights, {"cpu", 0})->run(black);
    const TritonModel model{
        .package = package,
        .heatmap_rows = answer.heatmap_rows,
        .heatmap_columns = answer.heatmap_columns,
        .backend = told.as_python ? TritonBackend::python : TritonBackend::pytorch,
        .batch_max = told.batch_max};
    std::cout << fmt::format(
        "{}\nStart it: tritonserver --model-repository={}\n"
        "A site that has the package asks it with [remote] url = \"http://...:8000\"; Triton ends "
        "no TLS itself: put HAProxy before it.\n",
        write_triton_model(model, told.repository).string(), told.repository.string());
}

}  // namespace

void add_export_triton(CLI::App& model) {
    auto* command =
        model.add_subcommand("export-triton",
                             "A package as a model repository of NVIDIA Triton: TorchScript and "
                             "config.pbtxt");
    const auto told = std::make_shared<Export>();
    command->add_option("DIR", told->package, "A model package")
        ->required()
        ->check(existing_folder())
        ->type_name("");
    command->add_option("--to", told->repository, "The repository: it gets a folder of the model")
        ->required()
        ->type_name("FOLDER");
    command->add_flag("--python", told->as_python,
                      "For Triton's python backend (model.py), where it has none of LibTorch");
    command->add_option("--batch-max", told->batch_max, "Images that Triton may run at once")
        ->check(CLI::Range(1, 64))
        ->capture_default_str();
    command->callback([told] { export_triton(*told); });
}

}  // namespace bucky
