// SPDX-License-Identifier: Apache-2.0
// Whose an image is, and what that means: the [[tenant]] that it was called by owns it, from its
// first byte to its last result. What is looked up here decides what may cross from one tenant to
// another, so everyone asks here and nobody decides alone. Pure functions.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "conf/settings.h"

namespace bucky::conf {

/// The row with this AE title, or nullptr.
inline const TenantSettings* tenant_of(const Settings& settings, std::string_view ae_title) {
    const auto& rows = settings.tenants;
    const auto found = std::find_if(
        rows.begin(), rows.end(), [&](const auto& row) { return row.ae_title.str() == ae_title; });
    return found == rows.end() ? nullptr : &*found;
}

/// By this title the node may be called.
inline bool is_ours(const Settings& settings, std::string_view called) {
    return called == settings.node.ae_title.str() || tenant_of(settings, called) != nullptr;
}

/// Where results of the images of `owner` go; empty: of those that no tenant owns. A destination
/// that some tenant names is that tenant's (and others' that name it) and nobody else's. An owner
/// whose row is gone has none: his results stay here rather than go to strangers.
inline std::vector<const DestinationSettings*> destinations_of(const Settings& settings,
                                                               std::string_view owner) {
    const auto names = [](const TenantSettings& row, const std::string& destination) {
        return std::find(row.destinations.begin(), row.destinations.end(), destination) !=
               row.destinations.end();
    };
    const auto* tenant = tenant_of(settings, owner);
    std::vector<const DestinationSettings*> his;
    if (tenant == nullptr && !owner.empty()) return his;
    for (const auto& one : settings.destinations) {
        const bool is_anyones = std::none_of(settings.tenants.begin(), settings.tenants.end(),
                                             [&](const auto& row) { return names(row, one.name); });
        const bool is_his = tenant != nullptr && !tenant->destinations.empty()
                                ? names(*tenant, one.name)
                                : is_anyones;
        if (is_his) his.push_back(&one);
    }
    return his;
}

}  // namespace bucky::conf
