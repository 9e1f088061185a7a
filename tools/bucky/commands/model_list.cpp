// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/commands/model_list.h"

#include <algorithm>
#include <system_error>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "conf/base/error.h"
#include "inference/package/package.h"
#include "tools/bucky/engine/model_purposes.h"
#include "tools/bucky/shared/table.h"

namespace bucky {
namespace {

namespace fs = std::filesystem;

std::string named(const inference::PackageHead& package) {
    return fmt::format("{} {}", package.identity.name, package.identity.version);
}

std::string entry(std::string_view heading, const std::string& text) {
    return wrapped(fmt::format("  {:<10}", heading), printable(text));
}

std::string listed(std::vector<std::string> words) {
    std::erase(words, "");
    return fmt::format("{}", fmt::join(words, ", "));
}

/// "CR, DX, OT of CHEST, views PA, AP; of `bucky phantom` only".
std::string reads(const inference::Accepts& accepts) {
    std::string text = fmt::format("{} of {}, views {}", listed(accepts.modalities),
                                   listed(accepts.body_parts), listed(accepts.views));
    if (accepts.equipment.empty()) return text;
    std::vector<std::string> makers;
    for (const auto& one : accepts.equipment) {
        makers.push_back(one.model_name.empty() ? one.manufacturer : one.model_name);
    }
    return text + fmt::format("; only made by \"{}\"", fmt::join(makers, "\", \""));
}

std::string or_unsaid(const std::string& text) {
    return text.empty() ? "its maker does not say" : text;
}

std::string rest_of(const inference::PackageHead& package) {
    return entry("patients", or_unsaid(package.told.patients)) +
           entry("measured", or_unsaid(package.told.measured)) +
           entry("use", package.identity.intended_use) + entry("folder", package.folder.string());
}

std::string told(const inference::Package& package) {
    std::vector<std::string> findings;
    for (const auto& finding : package.findings) findings.push_back(finding.key);
    return fmt::format("{}: {}\n", named(package), name_of(package.identity.purpose)) +
           entry("reads", reads(package.accepts)) + entry("finds", listed(findings)) +
           rest_of(package);
}

std::string told(const inference::GatePackage& package) {
    return fmt::format("{}: gate\n", named(package)) +
           entry("reads", "every picture, before a model does") + rest_of(package);
}

/// A folder without [accepts] may hold a gate. Anything else is told as what is wrong with it.
std::string told(const fs::path& folder) {
    try {
        return told(inference::read_package(folder));
    } catch (const Error& no_model) {  // perhaps a gate
        try {
            return told(inference::read_gate_package(folder));
        } catch (const Error&) {  // then it is a model's, and wrong
            return fmt::format("{}:\n", folder.string()) + entry("wrong", no_model.what());
        }
    }
}

}  // namespace

std::string models_of_config(const conf::Settings& settings) {
    Table table{{{"MODEL"}, {"VENDOR"}, {"FINDINGS"}, {"PURPOSE"}, {"RUNS"}, {"FOLDER"}}};
    for (const auto& folder : settings.inference.models) {
        const auto package = inference::read_package(folder);
        table.row(
            {named(package), package.identity.vendor, std::to_string(package.findings.size()),
             std::string(name_of(package.identity.purpose)),
             fmt::format("{}{}", is_shadow(settings, folder) ? "in the shadow" : "and reports",
                         package.weights.empty() ? ", weights away" : ""),
             folder.string()});
    }
    std::string text = table.text();
    for (const auto& note : purposes_of(settings).notes) {
        text += wrapped("! ", printable(note));
    }
    return text;
}

std::string models_as_json(const conf::Settings& settings) {
    auto models = nlohmann::json::array();
    for (const auto& folder : settings.inference.models) {
        const auto package = inference::read_package(folder);
        auto findings = nlohmann::json::array();
        for (const auto& finding : package.findings) findings.push_back(finding.key);
        models.push_back(nlohmann::json{{"name", package.identity.name},
                                        {"version", package.identity.version},
                                        {"vendor", package.identity.vendor},
                                        {"sha256", package.identity.sha256},
                                        {"purpose", name_of(package.identity.purpose)},
                                        {"findings", std::move(findings)},
                                        {"shadow", is_shadow(settings, folder)},
                                        {"weights_here", !package.weights.empty()},
                                        {"folder", folder.string()}});
    }
    return nlohmann::json{{"models", std::move(models)}, {"notes", purposes_of(settings).notes}}
               .dump(2) +
           "\n";
}

fs::path shipped_models() {
    std::error_code fault;
    const auto program = fs::read_symlink("/proc/self/exe", fault);
    const auto beside = program.parent_path().parent_path() / "share/bucky/models";
    return !fault && fs::is_directory(beside, fault) ? beside : "/usr/share/bucky/models";
}

std::string models_in(const fs::path& folder) {
    std::vector<fs::path> packages;
    std::error_code fault;
    for (const auto& one : fs::directory_iterator{folder, fault}) {
        if (fs::is_regular_file(one.path() / "model.toml", fault)) packages.push_back(one.path());
    }
    if (packages.empty()) {
        throw Error(Fault::bad_input, "{}: no model package lies there", folder.string());
    }
    std::ranges::sort(packages);
    std::string text;
    for (const auto& package : packages) text += (text.empty() ? "" : "\n") + told(package);
    return text;
}

}  // namespace bucky
