// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/engine/precedence.h"

#include <algorithm>
#include <compare>
#include <filesystem>
#include <iterator>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "conf/base/error.h"
#include "conf/file/spelling.h"
#include "conf/tenants.h"
#include "inference/package/package.h"
#include "tools/bucky/engine/model_purposes.h"

namespace bucky {
namespace {

using conf::Problem;
using inference::FindingSpec;
using inference::Package;
using Folders = std::vector<std::filesystem::path>;

std::optional<Problem> problem_of(const conf::PrecedenceSettings& row,
                                  const std::vector<Package>& packages) {
    const auto named = [&](const Package& package) { return package.identity.name == row.model; };
    const auto by = std::ranges::find_if(packages, named);
    if (by == packages.end()) {
        std::vector<std::string_view> known;
        for (const auto& package : packages) known.push_back(package.identity.name);
        return Problem{row.line, "precedence.model",
                       fmt::format(R"(no model package of inference.models is named "{}"{})",
                                   row.model, conf::did_you_mean(row.model, known))};
    }
    if (std::ranges::count(by->findings, row.finding, &FindingSpec::key) > 0) return std::nullopt;
    std::vector<std::string_view> known;
    for (const auto& finding : by->findings) known.push_back(finding.key);
    return Problem{row.line, "precedence.finding",
                   fmt::format(R"({} has no finding "{}"{})", row.model, row.finding,
                               conf::did_you_mean(row.finding, known))};
}

/// Whether one image may be accepted by both, as far as age tells: other rules overlap in practice.
bool may_meet(const Package& one, const Package& other) {
    const auto ends_before = [](const Package& a, const Package& b) {
        return a.accepts.max_age_years && b.accepts.min_age_years &&
               *a.accepts.max_age_years < *b.accepts.min_age_years;
    };
    return !inference::same_algorithm(one.identity, other.identity) && !ends_before(one, other) &&
           !ends_before(other, one);
}

/// Whether a row says whose answer stands, whichever of the two it names.
bool is_decided(const std::vector<inference::Precedence>& rows, const Package& one,
                const FindingSpec& finding, const Package& other, const FindingSpec& same) {
    return std::ranges::any_of(rows, [&](const inference::Precedence& row) {
        return (row.model == one.identity.name && row.finding == finding.key) ||
               (row.model == other.identity.name && row.finding == same.key);
    });
}

/// A question that two packages answer, and nobody says whose answer stands.
struct Overlap {
    const Package *one, *other;
    const FindingSpec* finding;  ///< of `one`
    auto operator<=>(const Overlap&) const = default;
};

std::vector<Overlap> overlaps_of(const std::vector<const Package*>& packages,
                                 const std::vector<inference::Precedence>& rows) {
    std::vector<Overlap> found;
    const auto compare = [&](const Package& one, const Package& other) {
        for (const auto& finding : one.findings) {
            for (const auto& same : other.findings) {
                if (inference::same_question(finding.key, finding.code, same.key, same.code) &&
                    !is_decided(rows, one, finding, other, same)) {
                    found.push_back({&one, &other, &finding});
                }
            }
        }
    };
    for (auto one = packages.begin(); one != packages.end(); ++one) {
        for (auto other = std::next(one); other != packages.end(); ++other) {
            if (may_meet(**one, **other)) compare(**one, **other);
        }
    }
    return found;
}

std::string words_of(const Overlap& overlap, const std::string& owner) {
    const auto& name = overlap.one->identity.name;
    const auto& finding = *overlap.finding;
    return fmt::format(
        R"({} and {} both answer "{}" ({} {}){}: both answers stand, each under its name. To let )"
        R"(one stand, write [[precedence]] with finding = "{}", model = "{}"{})",
        name, overlap.other->identity.name, finding.name, finding.code.scheme, finding.code.value,
        owner.empty() ? "" : " for tenant " + owner, finding.key, name,
        owner.empty() ? "" : fmt::format(R"(, tenant = "{}")", owner));
}

std::vector<std::string> overlaps(const conf::Settings& settings,
                                  const std::vector<const Package*>& packages) {
    std::vector<std::string> found;
    if (settings.inference.answer == Answering::first) return found;
    const auto among = [&](const Folders& folders) {
        std::vector<const Package*> those;
        for (const Package* package : packages) {
            const bool is_asked = std::ranges::count(folders, package->folder) > 0 &&
                                  !is_shadow(settings, package->folder) &&
                                  package->identity.purpose != inference::Purpose::demonstration;
            if (is_asked) those.push_back(package);
        }
        return those;
    };
    std::set<Overlap> told;  // what a row for all would decide is told once
    const auto tell = [&](const Folders& folders, const std::string& owner) {
        for (const Overlap& one : overlaps_of(among(folders), precedence_for(settings, owner))) {
            if (told.insert(one).second) found.push_back(words_of(one, owner));
        }
    };
    const auto& all = settings.inference.models;
    if (conf::some_are_nobodys(settings)) tell(all, "");
    for (const auto& tenant : settings.tenants) {
        tell(tenant.models.empty() ? all : tenant.models, tenant.ae_title.str());
    }
    return found;
}

std::vector<Package> readable(const conf::Settings& settings) {
    std::vector<Package> packages;
    for (const auto& folder : settings.inference.models) {
        try {
            packages.push_back(inference::read_package(folder));
        } catch (const Error&) {  // no answer here: loading it tells what is wrong
        }
    }
    return packages;
}

}  // namespace

std::vector<inference::Precedence> precedence_for(const conf::Settings& settings,
                                                  std::string_view owner) {
    std::vector<inference::Precedence> found;
    for (const bool is_of_tenant : {true, false}) {
        for (const auto& one : settings.precedences) {
            const bool fits =
                is_of_tenant ? !one.tenant.empty() && one.tenant == owner : one.tenant.empty();
            if (fits) found.push_back({one.finding, one.model});
        }
    }
    return found;
}

std::vector<Problem> precedence_problems(const conf::Settings& settings) {
    std::vector<Problem> problems;
    if (settings.precedences.empty()) return problems;
    std::vector<Package> packages;
    for (const auto& folder : settings.inference.models) {
        packages.push_back(inference::read_package(folder));
    }
    for (const auto& row : settings.precedences) {
        if (auto problem = problem_of(row, packages)) problems.push_back(std::move(*problem));
    }
    return problems;
}

std::vector<std::string> overlaps(const conf::Settings& settings, const inference::Shelf& shelf) {
    std::vector<const Package*> packages;
    for (const auto& loaded : shelf.packages()) packages.push_back(&loaded.package);
    return overlaps(settings, packages);
}

std::vector<std::string> overlaps(const conf::Settings& settings) {
    const auto packages = readable(settings);
    std::vector<const Package*> those;
    for (const auto& package : packages) those.push_back(&package);
    return overlaps(settings, those);
}

}  // namespace bucky
