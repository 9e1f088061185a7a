// SPDX-License-Identifier: Apache-2.0
#include "inference/examine/shelf.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "conf/base/error.h"
#include "conf/observe/log.h"
#include "inference/package/eligibility.h"
#include "inference/reasons.h"
#include "inference/run/check.h"
#include "inference/run/interpret.h"
#include "inference/run/prepare.h"

namespace bucky::inference {
namespace {

/// Whether the device failed; otherwise the package is wrong.
bool is_of_the_device(Fault fault) {
    return fault == Fault::unavailable || fault == Fault::exhausted;
}

bool answers_already(const Shelf::Choice& choice, const LoadedPackage& loaded) {
    const auto same = [&](const LoadedPackage* other) {
        return same_algorithm(loaded.package.identity, other->package.identity);
    };
    return same(choice.taken) || std::any_of(choice.further.begin(), choice.further.end(), same);
}

}  // namespace

void warm_up(Model& model, const Package& package) {
    const InputSpec& spec = package.input;
    ModelInput black{spec.channels, spec.height, spec.width, {}};
    black.values.resize(std::size_t{spec.channels} * spec.height * spec.width);
    const Placement whole = place(spec.height, spec.width, 1, spec);
    for (int run = 0; run < 2; ++run) interpret(model.run(black), package, whole, {});
}

Shelf::Shelf(const std::vector<std::filesystem::path>& packages, const ModelOptions& options,
             const GateOptions& gate)
    : Shelf(
          [&] {
              std::vector<Placed> placed;
              for (const auto& folder : packages) placed.push_back({folder, false});
              return placed;
          }(),
          [&](const Package& package) {
              if (package.weights.empty()) {
                  throw Error(Fault::bad_input,
                              "its weights are not here: `bucky model fetch` "
                              "gets them from the service of [remote]");
              }
              const auto weights = weights_for(package, devices_named(options.device).front());
              auto model = load_torch_model(weights, options);
              warm_up(*model, package);
              return model;
          },
          gate, options) {}

Shelf::Shelf(const std::vector<Placed>& packages, const LoadModel& load_model,
             const GateOptions& gate, const ModelOptions& of_the_gate)
    : gate_mode_(gate.mode) {
    if (gate.mode != GateMode::off) gate_ = std::make_unique<const Gate>(gate.folder, of_the_gate);
    std::vector<std::string> problems;
    Fault fault = Fault::bad_input;
    for (const auto& [folder, shadow] : packages) {
        try {
            Package package = read_package(folder);
            auto model = load_model(package);
            packages_.push_back({std::move(package), std::move(model), shadow});
        } catch (const Error& wrong) {  // collected: all packages are reported at once
            if (is_of_the_device(wrong.fault())) fault = wrong.fault();
            problems.push_back(fmt::format("model package {}:\n{}", folder.string(), wrong.what()));
        }
    }
    if (!problems.empty()) throw Error(fault, "{}", fmt::join(problems, "\n"));
}

std::vector<const LoadedPackage*> Shelf::those(const Among& among) const {
    std::vector<const LoadedPackage*> found;
    const auto add = [&](const LoadedPackage& loaded) {
        if (among.name.empty() || loaded.package.identity.name == among.name) {
            found.push_back(&loaded);
        }
    };
    if (among.folders.empty()) std::for_each(packages_.begin(), packages_.end(), add);
    for (const auto& folder : among.folders) {
        for (const LoadedPackage& loaded : packages_) {
            if (loaded.package.folder == folder) add(loaded);
        }
    }
    return found;
}

std::vector<const LoadedPackage*> Shelf::shadows_of(const Header& header,
                                                    const Among& among) const {
    std::vector<const LoadedPackage*> taking;
    for (const LoadedPackage* loaded : those(among)) {
        if (loaded->shadow && refusals(header, loaded->package.accepts).empty())
            taking.push_back(loaded);
    }
    return taking;
}

bool Shelf::answers() const {
    return packages_.empty() ||
           std::any_of(packages_.begin(), packages_.end(), [](const LoadedPackage& loaded) {
               return !loaded.shadow && loaded.model->answers();
           });
}

void Shelf::outline_for(std::span<const Threshold> thresholds) {
    for (LoadedPackage& loaded : packages_) {
        for (const Threshold& one : thresholds) {
            if (one.sha256 != loaded.package.identity.sha256) continue;
            for (FindingSpec& spec : loaded.package.findings) {
                if (spec.key != one.finding) continue;
                spec.outlined_from = std::min(spec.outlined_from, one.value);
            }
        }
    }
}

namespace {

constexpr std::string_view kConsideredEvent = "image.considered";

void tell_considered(const Header& header, const LoadedPackage& by, std::span<const Reason> no) {
    log::event(log::Level::debug, kConsideredEvent,
               {{"sop", header.sop_instance},
                {"package", by.package.identity.name},
                {"version", by.package.identity.version},
                {"takes", no.empty()},
                {"why", no.empty() ? std::string{} : no.front().key}});
}

}  // namespace

Shelf::Choice Shelf::choose(const Header& header, const Among& among) const {
    Choice choice;
    std::optional<Reason> by_demonstration;
    const bool is_told = log::is_written(log::Level::debug, kConsideredEvent);
    for (const LoadedPackage* loaded : those(among)) {
        if (loaded->shadow) continue;
        const Accepts& accepts = loaded->package.accepts;
        auto no = refusals(header, accepts);
        if (is_told) tell_considered(header, *loaded, no);
        if (no.empty()) {
            if (choice.taken == nullptr) {
                choice.taken = loaded;
            } else if (!answers_already(choice, *loaded)) {
                choice.further.push_back(loaded);
            }
            if (!among.each) break;
            continue;
        }
        auto& refused = accepts.demonstration ? by_demonstration : choice.refused;
        if (!refused) refused = std::move(no.front());
    }
    if (choice.taken != nullptr) {
        choice.refused.reset();
        return choice;
    }
    if (!choice.refused) choice.refused = std::move(by_demonstration);
    if (choice.refused) return choice;
    choice.refused =
        reason("shelf.empty", among.name.empty()
                                  ? "no model package is configured"
                                  : fmt::format("no model {} may look at this image", among.name));
    return choice;
}

}  // namespace bucky::inference
