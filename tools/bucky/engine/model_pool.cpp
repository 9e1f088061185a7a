// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/engine/model_pool.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "conf/base/error.h"
#include "inference/pixels/text_search.h"
#include "inference/run/check.h"
#include "tools/bucky/engine/gate_options.h"
#include "tools/bucky/engine/model_permissions.h"
#include "tools/bucky/engine/model_purposes.h"
#include "tools/bucky/engine/replicas.h"
#include "tools/bucky/engine/taken_packages.h"
#include "tools/bucky/engine/thresholds.h"
#include "tools/bucky/remote/remote_model.h"
#include "tools/bucky/shared/priority.h"

namespace bucky {
namespace {

constexpr std::size_t kGpuBatch = 8;
constexpr std::size_t kPreparersMax = 64;

/// Each step of a remote run has a time limit of its own, so that it never hangs.
constexpr auto kRemoteAnswerAtMost = std::chrono::hours{1};

/// Sites that lost the same service come back over half as long again as they waited.
constexpr double kSpread = 0.5;

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
    way.options.device = one.device.empty() ? all.device : one.device;
    way.batch = static_cast<std::size_t>(batch);
    return way;
}

bool is_remote(const Way& way) {
    return way.options.device == "remote";
}

/// A package without weights runs on the service, whatever device the others have.
void send_out_without_weights(const conf::Settings& settings, const inference::Package& package,
                              Way& way) {
    if (!package.weights.empty()) {
        if (!is_taken(settings, package.folder)) return;
        throw Error(Fault::bad_input,
                    "{}: a package of data_dir never runs here: remove its weights",
                    package.folder.string());
    }
    if (settings.remote.url.empty()) {
        throw Error(Fault::bad_input,
                    "{}: its weights are not here: name the service that has them (remote.url), or "
                    "`bucky model fetch` gets them from there",
                    package.folder.string());
    }
    way.options.device = "remote";
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
void check_writers(const conf::Settings& settings, const std::filesystem::path& folder) {
    if (settings.inference.models_writable_ok || !std::filesystem::exists(folder)) return;
    if (is_taken(settings, folder)) return;  // no program: it has no weights
    check_model_permissions(folder);
}

void check_all_writers(const conf::Settings& settings) {
    for (const auto& folder : settings.inference.models) check_writers(settings, folder);
    if (const auto gate = gate_options(settings.inference); gate.mode != GateMode::off) {
        check_writers(settings, gate.folder);
    }
}

/// Replicas with the weights and options that they were made for.
class ReplicaSet final : public inference::Model {
public:
    ReplicaSet(std::string recipe, const std::vector<MakeModel>& makes, MakeModel spare,
               ReplicaOptions options, bool text_may_pass = true)
        : recipe_(std::move(recipe)),
          text_may_pass_(text_may_pass),
          replicas_(makes, std::move(spare), std::move(options)) {}

    std::vector<inference::ModelOutput> run_batch(
        std::span<const inference::ModelInput* const> inputs) override {
        return replicas_.run_batch(inputs);
    }
    inference::ModelOutput run_and(const inference::ModelInput& input,
                                   const std::function<void()>& meanwhile) override {
        return replicas_.run_and(input, meanwhile);
    }
    std::string device() const override { return replicas_.device(); }
    bool answers() const override { return replicas_.answers(); }
    std::vector<std::string> troubles() const override { return replicas_.troubles(); }
    std::int64_t away_since_ms() const override { return replicas_.away_since_ms(); }
    bool text_may_pass() const override { return text_may_pass_; }
    std::size_t at_once() const { return replicas_.at_once(); }
    const std::string& recipe() const { return recipe_; }

private:
    const std::string recipe_;
    const bool text_may_pass_;
    Replicas replicas_;
};

/// Everything that a connection and its tensors are made of.
std::string remote_recipe(const inference::Package& package, const conf::RemoteSettings& remote) {
    const auto& spec = package.remote;
    return fmt::format(
        "{} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {} {}", remote.url,
        remote.ca.string(), remote.certificate.string(), remote.key.string(), remote.crl.string(),
        remote.proxy, remote.proxy_user, remote.proxy_password_file, remote.address,
        remote.connections, remote.connect_timeout_s, remote.answer_timeout_s,
        word_of(remote.compression), remote.prove_minutes, remote.unnamed_weights_ok,
        remote.text_in_pixels_ok, spec.model, spec.version, spec.input,
        fmt::join(spec.outputs, ","), spec.float16, spec.binary, package.weights.string(),
        package.identity.version);  // it is asked for by its version
}

std::string recipe_of(const inference::Package& package, const Way& way,
                      const conf::Settings& settings) {
    const auto& all = settings.inference;
    return fmt::format("{} {} {} {} {} {} {} {} {} {} {}", package.identity.sha256, way.replicas,
                       way.batch, way.options.device, way.options.threads,
                       static_cast<int>(way.options.precision), all.batch_wait_ms, all.fallback,
                       all.answer_s, package.identity.name,
                       is_remote(way) ? remote_recipe(package, settings.remote) : "");
}

MakeModel on_device(const inference::Package& package, inference::ModelOptions options,
                    const std::string& device) {
    options.device = device;
    if (device == "cpu" && options.precision == Precision::float16) {
        options.precision = Precision::float32;  // float16 needs a GPU
    }
    return [package, options] {
        auto model =
            inference::load_torch_model(inference::weights_for(package, options.device), options);
        inference::warm_up(*model, package);
        return model;
    };
}

/// Where the service does not answer, images wait, or a model here answers them.
std::shared_ptr<inference::Model> start_remote(const inference::Package& package, const Way& way,
                                               const conf::Settings& settings, std::string recipe) {
    const auto& remote = settings.remote;
    if (!remote.text_in_pixels_ok) inference::check_text_search();
    const MakeModel make = [package, remote]() -> std::shared_ptr<inference::Model> {
        return std::make_shared<RemoteModel>(package, remote);
    };
    ReplicaOptions options;
    options.name = package.identity.name;
    options.answer_at_most = kRemoteAnswerAtMost;
    options.spread = kSpread;
    options.prove_every = std::chrono::minutes{remote.prove_minutes};
    options.may_be_away = remote_device(remote);
    options.check_alive = [remote] { check_alive(remote); };
    options.lower_priority = has_senders(settings);
    const bool spare = settings.inference.fallback && !package.weights.empty();
    return std::make_shared<ReplicaSet>(
        std::move(recipe),
        std::vector<MakeModel>(static_cast<std::size_t>(remote.connections), make),
        spare ? on_device(package, way.options, "cpu") : MakeModel{}, options,
        remote.text_in_pixels_ok);
}

std::shared_ptr<inference::Model> start_replicas(const inference::Package& package, const Way& way,
                                                 const conf::Settings& settings,
                                                 std::string recipe) {
    const auto& all = settings.inference;
    const auto on = [&](const std::string& device) {
        return on_device(package, way.options, device);
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
    options.lower_priority = has_senders(settings);
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
        auto way = way_of(settings, package.folder);
        send_out_without_weights(settings, package, way);
        auto recipe = recipe_of(package, way, settings);
        if (before != nullptr) {
            for (const auto& loaded : before->packages()) {
                const auto* staff = staff_of(loaded);
                if (staff == nullptr || staff->recipe() != recipe) continue;
                // The new manifest may not fit. A service is not asked: it may be away.
                if (!is_remote(way)) inference::warm_up(*loaded.model, package);
                return loaded.model;
            }
        }
        if (is_remote(way)) return start_remote(package, way, settings, std::move(recipe));
        return start_replicas(package, way, settings, std::move(recipe));
    };
    const auto& device = settings.inference.device;  // the gate always runs here
    auto shelf = std::make_shared<inference::Shelf>(
        placed, load, gate_options(settings.inference),
        inference::ModelOptions{device == "remote" ? "auto" : device,
                                static_cast<int>(settings.inference.threads)});
    shelf->outline_for(all_thresholds(settings));
    return shelf;
}

std::vector<std::string> package_problems(const conf::Settings& settings) {
    std::vector<std::string> problems;
    const auto attempt = [&](const std::filesystem::path& folder, const auto& check) {
        try {
            check();
        } catch (const Error& error) {  // collected: the user gets all problems at once
            problems.push_back(fmt::format("{}: {}", folder.string(), error.what()));
        }
    };
    for (const auto& folder : settings.inference.models) {
        attempt(folder, [&] {
            check_writers(settings, folder);
            const auto package = inference::read_package(folder);
            check_pin(settings, package);
            auto way = way_of(settings, folder);
            send_out_without_weights(settings, package, way);
        });
    }
    const auto gate = gate_options(settings.inference);
    if (gate.mode != GateMode::off && !settings.inference.models.empty()) {
        attempt(gate.folder, [&] {
            check_writers(settings, gate.folder);
            (void)inference::read_gate_package(gate.folder);
        });
    }
    return problems;
}

std::size_t images_at_once(const inference::Model& model) {
    if (const auto* set = dynamic_cast<const ReplicaSet*>(&model)) return set->at_once();
    const auto* bare = dynamic_cast<const Replicas*>(&model);
    return bare == nullptr ? 1 : bare->at_once();
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
