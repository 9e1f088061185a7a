// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/engine/taken_packages.h"

#include <algorithm>
#include <optional>
#include <system_error>

#include "conf/base/error.h"
#include "tools/bucky/remote/offers.h"

namespace bucky {
namespace {

namespace fs = std::filesystem;

/// What is wrong with a package that the config names is told when it is loaded.
std::optional<inference::Package> read(const fs::path& folder) {
    try {
        return inference::read_package(folder);
    } catch (const Error&) {  // as good as none here
        return std::nullopt;
    }
}

std::optional<fs::path> newer_than(const inference::Package& named, const fs::path& packages) {
    std::error_code none;
    auto newest = named.identity.version;
    std::optional<fs::path> found;
    for (const auto& one : fs::directory_iterator{packages / named.identity.name, none}) {
        const auto version = one.path().filename().string();
        if (version.starts_with('.') || !is_newer(version, newest)) continue;
        const auto taken = read(one.path());
        if (!taken || !taken->weights.empty()) continue;
        newest = version;
        found = one.path();
    }
    return found;
}

void put_in_place(conf::Settings& settings, const fs::path& was, const fs::path& is) {
    std::ranges::replace(settings.inference.models, was, is);
    for (auto& model : settings.models) {
        if (model.folder == was) model.folder = is;
    }
    for (auto& tenant : settings.tenants) std::ranges::replace(tenant.models, was, is);
}

}  // namespace

fs::path taken_packages(const conf::Settings& settings) {
    return settings.node.data_dir / "packages";
}

bool is_taken(const conf::Settings& settings, const fs::path& folder) {
    return folder.parent_path().parent_path() == taken_packages(settings);
}

bool is_pinned_by_hash(const conf::Settings& settings, const fs::path& folder) {
    return std::ranges::any_of(settings.models, [&](const auto& model) {
        return model.folder == folder && !model.sha256.empty();
    });
}

conf::Settings with_taken_packages(conf::Settings settings) {
    if (settings.remote.versions != PackageVersions::automatic) return settings;
    if (settings.inference.gate_model.empty() && !settings.inference.models.empty()) {
        // It lies beside the first package that the config names.
        settings.inference.gate_model =
            settings.inference.models.front().parent_path() / "cxr-gate";
    }
    const auto packages = taken_packages(settings);
    for (const auto& folder : std::vector{settings.inference.models}) {
        if (is_pinned_by_hash(settings, folder)) continue;
        const auto named = read(folder);
        if (!named || !named->weights.empty()) continue;  // it runs here
        if (const auto taken = newer_than(*named, packages)) {
            put_in_place(settings, folder, *taken);
        }
    }
    return settings;
}

}  // namespace bucky
