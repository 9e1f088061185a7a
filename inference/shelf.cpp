// SPDX-License-Identifier: Apache-2.0
#include "inference/shelf.h"

#include "conf/base/error.h"
#include "inference/eligibility.h"
#include "inference/interpret.h"
#include "inference/reasons.h"

namespace bucky::inference {
namespace {

/// The first runs of a TorchScript model take 1.5 to 3 times as long, and show at the start what
/// would else fail at the first patient: another input shape, another number of answers.
void warm_up(const LoadedPackage& loaded) {
    const InputSpec& spec = loaded.package.input;
    ModelInput black{spec.channels, spec.height, spec.width, {}};
    black.values.resize(std::size_t{spec.channels} * spec.height * spec.width);
    const Placement whole{spec.height, spec.width, 0,           0,
                          spec.height, spec.width, spec.height, spec.width};
    for (int run = 0; run < 2; ++run) {
        interpret(loaded.model->run(black), loaded.package, whole, {});
    }
}

LoadedPackage load(const std::filesystem::path& folder, const ModelOptions& options) {
    try {
        LoadedPackage loaded{read_package(folder), nullptr};
        loaded.model = load_torch_model(loaded.package.weights, options);
        warm_up(loaded);
        return loaded;
    } catch (const Error& wrong) {
        const bool of_the_device =
            wrong.fault() == Fault::unavailable || wrong.fault() == Fault::exhausted;
        throw Error(of_the_device ? wrong.fault() : Fault::bad_input, "model package {}:\n{}",
                    folder.string(), wrong.what());
    }
}

}  // namespace

Shelf::Shelf(const std::vector<std::filesystem::path>& packages, const ModelOptions& options,
             const GateOptions& gate)
    : gate_mode_(gate.mode) {
    if (gate.mode != GateMode::off) gate_ = std::make_unique<const Gate>(gate.folder, options);
    for (const auto& folder : packages) packages_.push_back(load(folder, options));
}

Shelf::Choice Shelf::choose(const Header& header) const {
    Choice choice;
    for (const LoadedPackage& loaded : packages_) {
        auto no = refusals(header, loaded.package.accepts);
        if (no.empty()) return {&loaded, std::nullopt};
        if (!choice.refused) choice.refused = std::move(no.front());
    }
    if (packages_.empty()) choice.refused = reason("shelf.empty", "no model package is configured");
    return choice;
}

}  // namespace bucky::inference
