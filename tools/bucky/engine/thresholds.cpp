// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/engine/thresholds.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "conf/base/error.h"
#include "conf/file/read.h"
#include "inference/package/package.h"
#include "inference/pixels/text_search.h"
#include "tools/bucky/engine/model_pool.h"
#include "tools/bucky/engine/precedence.h"
#include "tools/bucky/shared/referenced_files.h"

namespace bucky {
namespace {

using conf::Problem;
using conf::ThresholdSettings;
using inference::Package;

std::string known_findings(const Package& package) {
    std::vector<std::string> keys;
    for (const auto& finding : package.findings) keys.push_back(finding.key);
    return fmt::format("{}", fmt::join(keys, ", "));
}

/// What is wrong with a threshold, as key and words; nullopt when it fits a package.
std::optional<Problem> problem_of(const ThresholdSettings& threshold,
                                  const std::vector<Package>& packages) {
    const auto found = std::ranges::find_if(
        packages, [&](const Package& package) { return package.identity.name == threshold.model; });
    if (found == packages.end()) {
        return Problem{
            threshold.line, "threshold.model",
            fmt::format(R"(no model package of inference.models is named "{}")", threshold.model)};
    }
    const auto& model = found->identity;
    if (model.version != threshold.version) {
        return Problem{threshold.line, "threshold.version",
                       fmt::format("is for {} {}, but {} {} is configured: another version has "
                                   "other scores, so its threshold must be found anew",
                                   threshold.model, threshold.version, model.name, model.version)};
    }
    if (model.sha256 != threshold.sha256) {
        return Problem{threshold.line, "threshold.sha256",
                       fmt::format("is for other weights than those of {} {}, {}: another training "
                                   "has other scores, so its threshold must be found anew",
                                   model.name, model.version, model.sha256)};
    }
    const bool known = std::ranges::any_of(
        found->findings, [&](const auto& finding) { return finding.key == threshold.finding; });
    if (known) return std::nullopt;
    return Problem{threshold.line, "threshold.finding",
                   fmt::format(R"({} {} has no finding "{}"; it has {})", model.name, model.version,
                               threshold.finding, known_findings(*found))};
}

/// Nothing leaves that was not searched for text.
std::vector<Problem> text_search_problems(const conf::Settings& settings,
                                          const conf::Lines& lines) {
    if (settings.remote.url.empty() || settings.remote.text_in_pixels_ok) return {};
    try {
        inference::check_text_search();
        return {};
    } catch (const Error& missing) {  // reported with the other problems of the file
        const auto line = lines.find("remote.url");
        return {{line == lines.end() ? 1 : line->second, "remote.url", missing.what()}};
    }
}

}  // namespace

std::vector<conf::Problem> threshold_problems(const conf::Settings& settings) {
    std::vector<Problem> problems;
    if (settings.thresholds.empty()) return problems;
    std::vector<Package> packages;
    for (const auto& folder : settings.inference.models) {
        packages.push_back(inference::read_package(folder));
    }
    std::set<std::tuple<std::string, std::string, std::string, std::string>> decided;
    for (const auto& threshold : settings.thresholds) {
        if (auto problem = problem_of(threshold, packages)) {
            problems.push_back(std::move(*problem));
        } else if (!decided
                        .emplace(threshold.tenant, threshold.destination, threshold.sha256,
                                 threshold.finding)
                        .second) {
            problems.push_back(
                {threshold.line, "threshold.value",
                 fmt::format("{} has a threshold for that {}destination already", threshold.finding,
                             threshold.tenant.empty() ? "" : "tenant and ")});
        }
    }
    return problems;
}

void check_thresholds(const conf::Settings& settings, const std::filesystem::path& file) {
    auto problems = threshold_problems(settings);
    if (!problems.empty()) throw conf::ConfigError(file.string(), std::move(problems));
}

conf::Settings checked_settings(const std::filesystem::path& file, NamedFiles files,
                                const MoreProblems& more) {
    conf::Lines lines;
    conf::Examined examined = conf::examine_settings(file, &lines);
    auto& [settings, problems] = examined;
    const auto add = [&all = examined.problems](std::vector<Problem> found) {
        std::ranges::move(found, std::back_inserter(all));
    };
    const auto line_of_models = [&] {
        const auto line = lines.find("inference.models");
        return line == lines.end() ? 1 : line->second;
    };
    if (more) add(more(settings, lines));
    if (files == NamedFiles::read) {
        add(file_problems(settings, lines));
        add(text_search_problems(settings, lines));
        for (auto& words : package_problems(settings)) {
            problems.push_back({line_of_models(), "inference.models", std::move(words)});
        }
    }
    try {
        add(threshold_problems(settings));
        add(precedence_problems(settings));
    } catch (const Error& unreadable) {  // a package: the other problems are reported without it
        if (files == NamedFiles::left) {
            if (problems.empty()) throw;
            problems.push_back({line_of_models(), "inference.models", unreadable.what()});
        }
    }
    std::ranges::stable_sort(problems, {}, &Problem::line);
    if (!problems.empty()) throw conf::ConfigError(file.string(), std::move(problems));
    return settings;
}

std::vector<inference::Threshold> thresholds_for(const conf::Settings& settings,
                                                 std::string_view destination,
                                                 std::string_view owner) {
    std::vector<inference::Threshold> found;
    // Thresholds that name tenant and destination come first, then those that name one, then none.
    for (const auto& [of_tenant, of_destination] :
         {std::pair{true, true}, {true, false}, {false, true}, {false, false}}) {
        for (const auto& one : settings.thresholds) {
            const bool is_of_this_kind =
                one.tenant.empty() != of_tenant && one.destination.empty() != of_destination;
            const bool fits = (one.tenant.empty() || one.tenant == owner) &&
                              (one.destination.empty() || one.destination == destination);
            if (is_of_this_kind && fits) found.push_back({one.sha256, one.finding, one.value});
        }
    }
    return found;
}

std::vector<inference::Threshold> all_thresholds(const conf::Settings& settings) {
    std::vector<inference::Threshold> all;
    for (const auto& one : settings.thresholds) {
        all.push_back({one.sha256, one.finding, one.value});
    }
    return all;
}

}  // namespace bucky
