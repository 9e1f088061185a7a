// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/engine/model_pool.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "conf/base/error.h"
#include "inference/run/check.h"
#include "tools/bucky/engine/gate_options.h"
#include "tools/bucky/engine/model_permissions.h"
#include "tools/bucky/engine/replicas.h"
#include "tools/bucky/engine/thresholds.h"

namespace bucky {
namespace {

constexpr std::size_t kGpuBatch = 8;
constexpr std::size_t kPreparersMax = 64;

int cores() {
    return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

/// How one package runs: the options of [inference], overridden by its own [[model]].
struct Way {
    std::size_t replicas = 1, batch = 1;
    inference::ModelOptions options;
};

Way way_of(const conf::Settings& settings, const std::filesystem::path& folder) {
    const auto& all = settings.inference;
    const auto own = std::find_if(settings.models.begin(), settings.models.end(),
                                  [&](const auto& model) { return model.folder == folder; });
    const conf::ModelSettings one = own == settings.models.end() ? conf::ModelSettings{} : *own;
    const auto chosen = [](std::int64_t mine, std::int64_t general) {
        return static_cast<int>(mine > 0 ? mine : general);
    };
    Way way;
    const int replicas = chosen(one.replicas, all.replicas);
    const int threads = chosen(one.threads, all.threads);
    const int batch = chosen(one.batch_max, all.batch_max);
    way.replicas = static_cast<std::size_t>(replicas);
    way.options.threads = threads > 0 ? threads : std::max(1, cores() / replicas);
    way.options.precision = one.precision.value_or(all.precision);
    way.options.device = all.device;
    way.batch = static_cast<std::size_t>(batch);
    return way;
}

bool is_shadow(const conf::Settings& settings, const std::filesystem::path& folder) {
    return std::any_of(settings.models.begin(), settings.models.end(),
                       [&](const auto& model) { return model.folder == folder && model.shadow; });
}

/// A package lists the hashes of its own weights. The config, which another person keeps in another
/// place, may name the hashes that were approved. Checked before loading: TorchScript is code.
void check_pin(const conf::Settings& settings, const inference::Package& package) {
    for (const auto& told : settings.models) {
        if (told.folder != package.folder || told.sha256.empty()) continue;
        if (told.sha256 == package.identity.sha256) continue;
        throw Error(Fault::bad_input,
                    "{}: its weights have the hash {}, and model.sha256 of the config allows {} "
                    "alone",
                    package.folder.string(), package.identity.sha256, told.sha256);
    }
}

/// A folder that does not exist is reported when it is read.
void check_all_writers(const conf::Settings& settings) {
    if (settings.inference.models_writable_ok) return;
    auto folders = settings.inference.models;
    if (const auto gate = gate_options(settings.inference); gate.mode != GateMode::off) {
        folders.push_back(gate.folder);
    }
    for (const auto& folder : folders) {
        if (std::filesystem::exists(folder)) check_model_permissions(folder);
    }
}

/// Replicas with the weights and options that they were made for.
class ReplicaSet final : public inference::Model {
public:
    ReplicaSet(std::string recipe, const std::vector<MakeModel>& makes, MakeModel spare,
               ReplicaOptions options)
        : recipe_(std::move(recipe)), replicas_(makes, std::move(spare), std::move(options)) {}

    std::vector<inference::ModelOutput> run_batch(
        std::span<const inference::ModelInput* const> inputs) override {
        return replicas_.run_batch(inputs);
    }
    std::string device() const override { return replicas_.device(); }
    bool answers() const override { return replicas_.answers(); }
    std::vector<std::string> troubles() const override { return replicas_.troubles(); }
    std::size_t at_once() const { return replicas_.at_once(); }
    const std::string& recipe() const { return recipe_; }

private:
    const std::string recipe_;
    Replicas replicas_;
};

std::string recipe_of(const inference::Package& package, const Way& way,
                      const conf::InferenceSettings& all) {
    return fmt::format("{} {} {} {} {} {} {} {} {} {}", package.identity.sha256, way.replicas,
                       way.batch, way.options.device, way.options.threads,
                       static_cast<int>(way.options.precision), all.batch_wait_ms, all.fallback,
                       all.answer_s, package.identity.name);
}

std::shared_ptr<inference::Model> start_replicas(const inference::Package& package, const Way& way,
                                                 const conf::InferenceSettings& all,
                                                 std::string recipe) {
    const auto on = [package, way](const std::string& device) -> MakeModel {
        return [package, options = way.options, device]() mutable {
            options.device = device;
            if (device == "cpu" && options.precision == Precision::float16) {
                options.precision = Precision::float32;  // float16 needs a GPU
            }
            auto model =
                inference::load_torch_model(inference::weights_for(package, device), options);
            inference::warm_up(*model, package);
            return model;
        };
    };
    const auto devices = inference::devices_named(way.options.device);
    const bool on_cpu = devices.front() == "cpu";
    std::vector<MakeModel> makes;
    for (std::size_t i = 0; i < way.replicas; ++i) {
        for (const auto& device : devices) {
            makes.push_back(on_cpu ? on("cpu") : on(device));
        }
    }
    ReplicaOptions options;
    options.name = package.identity.name;
    options.batch_max = way.batch > 0 ? way.batch : on_cpu ? 1 : kGpuBatch;
    options.batch_wait = std::chrono::milliseconds{all.batch_wait_ms};
    options.answer_at_most = std::chrono::seconds{all.answer_s};
    return std::make_shared<ReplicaSet>(std::move(recipe), makes,
                                        on_cpu || !all.fallback ? MakeModel{} : on("cpu"), options);
}

const ReplicaSet* staff_of(const inference::LoadedPackage& loaded) {
    return dynamic_cast<const ReplicaSet*>(loaded.model.get());
}

}  // namespace

std::shared_ptr<const inference::Shelf> load_shelf(const conf::Settings& settings,
                                                   const inference::Shelf* before) {
    check_all_writers(settings);
    std::vector<inference::Placed> placed;
    for (const auto& folder : settings.inference.models) {
        placed.push_back({folder, is_shadow(settings, folder)});
    }
    const auto load = [&](const inference::Package& package) -> std::shared_ptr<inference::Model> {
        check_pin(settings, package);
        const auto way = way_of(settings, package.folder);
        auto recipe = recipe_of(package, way, settings.inference);
        if (before != nullptr) {
            for (const auto& loaded : before->packages()) {
                const auto* staff = staff_of(loaded);
                if (staff == nullptr || staff->recipe() != recipe) continue;
                inference::warm_up(*loaded.model, package);  // the new manifest may not fit
                return loaded.model;
            }
        }
        return start_replicas(package, way, settings.inference, std::move(recipe));
    };
    auto shelf = std::make_shared<inference::Shelf>(
        placed, load, gate_options(settings.inference),
        inference::ModelOptions{settings.inference.device,
                                static_cast<int>(settings.inference.threads)});
    shelf->outline_for(all_thresholds(settings));
    return shelf;
}

std::size_t preparers_for(const conf::Settings& settings, const inference::Shelf& shelf) {
    if (settings.inference.preparers > 0) {
        return static_cast<std::size_t>(settings.inference.preparers);
    }
    std::size_t at_once = 0;
    for (const auto& loaded : shelf.packages()) {
        const auto* staff = staff_of(loaded);
        at_once += staff != nullptr ? staff->at_once() : 1;
    }
    // Workers beyond the images in the models read and prepare the next images.
    const auto reading = static_cast<std::size_t>(std::max(1, cores() / 2));
    return std::min(at_once + reading, kPreparersMax);
}

}  // namespace bucky
