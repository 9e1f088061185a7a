// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "conf/sections/all.h"
#include "conf/sections/checker.h"
#include "conf/tenants.h"

namespace bucky::conf {
namespace {

using enum Presence;

constexpr Key<TenantSettings> kKeys[] = {
    {"ae_title", &TenantSettings::ae_title, Anything{}, "",
     "Called AE title of this tenant. May be node.ae_title.", R"("CLINIC_NORTH")", required},
    {"callers", &TenantSettings::callers,
     Fits{is_ae_title, "a list of AE titles, each of 1 to 16 printable ASCII characters"}, "",
     "Calling AE titles allowed to use this tenant. Empty: every permitted peer."},
    {"models", &TenantSettings::models, Fits{is_model_folder, "a folder with a model.toml in it"},
     "",
     "Model packages for the images of this tenant, from inference.models, in order of preference. "
     "Empty: all of them."},
    {"destinations", &TenantSettings::destinations,
     Fits{is_destination_name, "a list of names of [[destination]]s"}, "",
     "Destinations for the results of this tenant. A destination that is listed here receives no "
     "results of other tenants unless they list it too. Empty: all destinations that no tenant "
     "lists."},
    {"language", choice<&TenantSettings::language>,
     Fits{is_empty_or<is_word_of<Language>>, "en, ko, or empty for what the destination says"}, "",
     "Language of its results at every destination. Empty: as the destination says."},
    {"images_per_minute", &TenantSettings::images_per_minute, Range{0, 1'000'000}, "images",
     "Maximum images per minute of all its senders. Above it, they get A700 (try again later). 0: "
     "no limit."},
    {"queue_max", &TenantSettings::queue_max, Range{0, 1'000'000}, "images",
     "Maximum images of this tenant that wait for analysis. Above it, its senders get A700 (try "
     "again later). 0: only inference.queue_max applies."},
};

void check_models(const Settings& settings, std::size_t index, Checker& checker) {
    const auto& known = settings.inference.models;
    std::set<std::filesystem::path> seen;
    for (const auto& folder : settings.tenants[index].models) {
        if (std::find(known.begin(), known.end(), folder) == known.end()) {
            checker.complain(
                {"tenant", index}, "models",
                fmt::format(R"("{}" is not one of inference.models)", folder.string()));
        } else if (!seen.insert(folder).second) {
            checker.complain({"tenant", index}, "models",
                             fmt::format(R"("{}" stands there twice)", folder.string()));
        }
    }
}

void check_destinations(const Settings& settings, std::size_t index, Checker& checker) {
    const auto& tenant = settings.tenants[index];
    for (const auto& name : tenant.destinations) {
        if (has_destination(settings, name)) continue;
        checker.complain({"tenant", index}, "destinations",
                         fmt::format(R"(there is no destination "{}")", name));
    }
    std::set<std::string> taken;
    for (const auto& one : settings.tenants) {
        taken.insert(one.destinations.begin(), one.destinations.end());
    }
    const auto& all = settings.destinations;
    const bool gets_nothing = tenant.destinations.empty() && !all.empty() &&
                              std::all_of(all.begin(), all.end(), [&](const auto& one) {
                                  return taken.contains(one.name);
                              });
    if (gets_nothing) {
        checker.complain({"tenant", index}, "destinations",
                         "is empty, and each destination is another tenant's: its results would go "
                         "nowhere");
    }
}

void check(const Settings& settings, Checker& checker) {
    std::set<std::string> titles;
    bool strands = strands_results(settings) && !settings.node.no_destination_ok;
    for (std::size_t i = 0; i < settings.tenants.size(); ++i) {
        if (strands && !settings.tenants[i].destinations.empty()) {
            strands = false;  // reported once, where it begins
            checker.complain(
                {"tenant", i}, "destinations",
                fmt::format("every destination is a tenant's: results of images that call {} would "
                            "go nowhere. Leave them a [[destination]], make a [[tenant]] of that "
                            "title, or set node.no_destination_ok = true",
                            settings.node.ae_title.str()));
        }
        const auto& title = settings.tenants[i].ae_title.str();
        if (!title.empty() && !titles.insert(title).second) {
            checker.complain({"tenant", i}, "ae_title",
                             fmt::format(R"("{}" names two tenants)", title));
        }
        check_models(settings, i, checker);
        check_destinations(settings, i, checker);
    }
}

}  // namespace

Section<TenantSettings> tenant_section() {
    return {.name = "tenant",
            .field = &Settings::tenants,
            .keys = kKeys,
            .sentence =
                "Organisations that share this node, one [[tenant]] each, called by an AE title of "
                "its own. Images of one tenant never reach another. Without a tenant, and for "
                "other called AE titles, the sections above apply.",
            .in_example = false,
            .check = check};
}

}  // namespace bucky::conf
