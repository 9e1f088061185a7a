// SPDX-License-Identifier: Apache-2.0
// Ownership of images: the [[tenant]] whose AE title was called owns the image and all of its
// results. These functions decide what may pass from one tenant to another, so no other code
// decides it. Pure functions.
#pragma once

#include <algorithm>
#include <cstdint>
#include <set>
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

/// Whether the node may be called by this AE title.
inline bool is_ours(const Settings& settings, std::string_view called) {
    return called == settings.node.ae_title.str() || tenant_of(settings, called) != nullptr;
}

/// The destinations for results of the images of `owner`; empty: images that no tenant owns. A
/// destination that tenants list receives the results of those tenants only. An owner without a
/// row in the config has none: its results stay here rather than reach another tenant.
inline std::vector<const DestinationSettings*> destinations_of(const Settings& settings,
                                                               std::string_view owner) {
    const auto names = [](const TenantSettings& row, const std::string& destination) {
        return std::find(row.destinations.begin(), row.destinations.end(), destination) !=
               row.destinations.end();
    };
    const auto* tenant = tenant_of(settings, owner);
    std::vector<const DestinationSettings*> found;
    if (tenant == nullptr && !owner.empty()) return found;
    for (const auto& one : settings.destinations) {
        const bool is_unlisted =
            std::none_of(settings.tenants.begin(), settings.tenants.end(),
                         [&](const auto& row) { return names(row, one.name); });
        const bool is_for_owner = tenant != nullptr && !tenant->destinations.empty()
                                      ? names(*tenant, one.name)
                                      : is_unlisted;
        if (is_for_owner) found.push_back(&one);
    }
    return found;
}

/// How accounts share inference.queue_max. While fewer than `open_to_all` images wait, images of
/// every account are accepted; then only of accounts with fewer than `of_each`. An account that
/// fills the queue thus leaves each of the others its share.
struct QueueShares {
    std::int64_t open_to_all, of_each;
};
inline QueueShares queue_shares(const Settings& settings) {
    // Images that no tenant owns are an account beside the tenants'. If the config names few
    // accounts, each AE title is one: as many as a site has modalities.
    constexpr std::size_t kAccountsAtLeast = 8;
    std::set<std::string_view> named;
    for (const auto& row : settings.peers) {
        named.insert(row.tenant.empty() ? row.ae_title : row.tenant);
    }
    const auto accounts = std::max(
        kAccountsAtLeast, settings.tenants.size() + std::max<std::size_t>(named.size(), 1));
    constexpr std::int64_t kPercent = 100;
    const auto& told = settings.inference;
    const auto reserved = told.queue_max * told.queue_reserved_percent / kPercent;
    return {told.queue_max - reserved,
            std::max<std::int64_t>(reserved / static_cast<std::int64_t>(accounts), 1)};
}

/// Whether images may come that no tenant owns.
inline bool some_are_nobodys(const Settings& settings) {
    return !settings.scp.check_called_ae ||
           tenant_of(settings, settings.node.ae_title.str()) == nullptr;
}

/// There are destinations, but none for the images that no tenant owns, and such images may come.
inline bool strands_results(const Settings& settings) {
    return some_are_nobodys(settings) && !settings.destinations.empty() &&
           destinations_of(settings, "").empty();
}

}  // namespace bucky::conf
