// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/engine/model_purposes.h"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "conf/base/error.h"
#include "inference/package/package.h"
#include "tools/bucky/engine/taken_packages.h"

namespace bucky {
namespace {

namespace fs = std::filesystem;
using inference::Purpose;

using PurposeOf = std::function<std::optional<Purpose>(const fs::path&)>;

constexpr const char* kWhatToDo =
    "images of patients are answered \"not analysed\". Name a model for your patients in "
    "inference.models: `bucky model list --shipped` says which there are";

/// By their folders, which are there even where a package cannot be read; the folder of a taken
/// package is named by its version.
std::string names_of(const conf::Settings& settings, const std::vector<fs::path>& folders) {
    std::vector<std::string> names;
    for (const auto& folder : folders) {
        const auto named = is_taken(settings, folder) ? folder.parent_path() : folder;
        names.push_back(named.filename().string());
    }
    return fmt::format("{}", fmt::join(names, ", "));
}

ModelPurposes purposes(const conf::Settings& settings, const PurposeOf& purpose_of) {
    const auto reads_patients = [&](const fs::path& folder) {
        return !is_shadow(settings, folder) && purpose_of(folder) != Purpose::demonstration;
    };
    const auto& all = settings.inference.models;
    ModelPurposes found;
    found.for_patients = static_cast<std::size_t>(std::ranges::count_if(all, reads_patients));
    if (all.empty()) return found;
    if (found.for_patients == 0) {
        found.notes.push_back(
            fmt::format("no installed model reads patients ({}: demonstration or shadow only): {}",
                        names_of(settings, all), kWhatToDo));
        return found;
    }
    for (const auto& tenant : settings.tenants) {
        if (tenant.models.empty() || std::ranges::any_of(tenant.models, reads_patients)) continue;
        found.notes.push_back(fmt::format(
            "no model of tenant {} reads patients ({}: demonstration or shadow only): {}",
            tenant.ae_title.str(), names_of(settings, tenant.models), kWhatToDo));
    }
    return found;
}

}  // namespace

bool is_shadow(const conf::Settings& settings, const fs::path& folder) {
    return std::ranges::any_of(settings.models, [&](const conf::ModelSettings& model) {
        return model.folder == folder && model.shadow;
    });
}

ModelPurposes purposes_of(const conf::Settings& settings, const inference::Shelf& shelf) {
    return purposes(settings, [&](const fs::path& folder) -> std::optional<Purpose> {
        for (const auto& loaded : shelf.packages()) {
            if (loaded.package.folder == folder) return loaded.package.identity.purpose;
        }
        return std::nullopt;
    });
}

ModelPurposes purposes_of(const conf::Settings& settings) {
    return purposes(settings, [](const fs::path& folder) -> std::optional<Purpose> {
        try {
            return inference::purpose_of(folder);
        } catch (const Error&) {  // no answer here: loading it tells what is wrong
            return std::nullopt;
        }
    });
}

}  // namespace bucky
