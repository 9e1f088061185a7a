// SPDX-License-Identifier: Apache-2.0
// Whose an image is, and what that means: the [[tenant]] that it was called by owns it, from its
// first byte to its last result. What is looked up here decides what may cross from one tenant to
// another, so everyone asks here and nobody decides alone. Pure functions.
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

/// How inference.queue_max is shared by those on whose account images wait. As long as fewer than
/// `open_to_all` wait, everyone's are taken; then only of those that have fewer than `of_each`. So
/// one that fills the queue leaves each of the others its share.
struct QueueShares {
    std::int64_t open_to_all, of_each;
};
inline QueueShares queue_shares(const Settings& settings) {
    // Nobody's images are an account beside the tenants'. Where the config names few accounts, each
    // AE title is one: as many as a site has modalities.
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

}  // namespace bucky::conf
