// SPDX-License-Identifier: Apache-2.0
#include "scp/receive/admission.h"

#include <algorithm>

#include "conf/observe/metrics.h"
#include "conf/tenants.h"

namespace bucky::scp {
namespace {

/// A caller over HTTP that no [[peer]] row and no token names.
constexpr std::string_view kNobody = "WEB";

/// The common name of its certificate, where that can be an AE title.
std::string name_in(const PeerCertificate* certificate) {
    try {
        if (certificate != nullptr) return AeTitle{certificate->common_name}.str();
    } catch (const Error&) {  // longer, mostly a host's name
    }
    return std::string{kNobody};
}

}  // namespace

std::optional<Admission::Refusal> Admission::admit(Guest guest) {
    guest_ = std::move(guest);
    place_.reset();
    place_of_address_.reset();
    if (context_.settings.scp.check_called_ae &&
        !conf::is_ours(context_.settings, guest_.called_ae)) {
        return Refusal{Why::called, "called AE title is not ours"};
    }
    const auto standing =
        context_.peers.standing({guest_.calling_ae, guest_.address, guest_.certificate});
    if (guest_.calling_ae.empty()) {
        guest_.calling_ae = standing && !standing->ae_title.empty() ? standing->ae_title
                                                                    : name_in(guest_.certificate);
    }
    if (!tenant_takes_caller()) {
        return Refusal{Why::caller, "tenant.callers of the called AE title does not name it"};
    }
    if (!standing) {
        return Refusal{Why::caller,
                       "no [[peer]] row has this calling AE title, address and certificate"};
    }
    standing_ = *standing;
    return find_place();
}

bool Admission::tenant_takes_caller() const {
    const auto* tenant = conf::tenant_of(context_.settings, guest_.called_ae);
    if (tenant == nullptr || tenant->callers.empty()) return true;
    return std::ranges::find(tenant->callers, guest_.calling_ae) != tenant->callers.end();
}

/// A [[peer]] row with max_associations has a limit of its own. All other callers also share the
/// limit of their address, because an AE title is whatever a caller claims.
std::optional<Admission::Refusal> Admission::find_place() {
    const auto& scp = context_.settings.scp;
    auto& count = context_.peer_count;
    if (standing_.max_associations > 0) {
        place_ = count.take(fmt::format("[[peer]] {}", standing_.row),
                            static_cast<std::size_t>(standing_.max_associations));
        if (place_) return std::nullopt;
        return crowded("associations_per_peer",
                       "its [[peer]] row has max_associations open already");
    }
    place_of_address_ = count.take("address " + network_of(guest_.address),
                                   static_cast<std::size_t>(scp.max_associations_per_address));
    if (!place_of_address_) {
        return crowded("associations_per_address",
                       "its address has scp.max_associations_per_address open already");
    }
    place_ = count.take(guest_.calling_ae + " at " + guest_.address,
                        static_cast<std::size_t>(scp.max_associations_per_peer));
    if (place_) return std::nullopt;
    return crowded("associations_per_peer", "it has scp.max_associations_per_peer open already");
}

Admission::Refusal Admission::crowded(const char* limit, std::string_view words) {
    metrics::count("bucky_limit_reached_total", {{"limit", limit}});
    return {Why::crowded, words};
}

Caller Admission::caller() const {
    const auto& [association, calling_ae, called_ae, address, certificate] = guest_;
    const auto* owner = conf::tenant_of(context_.settings, called_ae);
    auto tenant = owner != nullptr ? called_ae : standing_.tenant;
    if (tenant.empty()) {
        tenant = called_ae == context_.settings.node.ae_title.str() ? calling_ae : called_ae;
    }
    return {.association = association,
            .calling_ae = calling_ae,
            .called_ae = called_ae,
            .address = address,
            .tenant = std::move(tenant),
            .urgent = standing_.urgent,
            .allowance = {standing_.row, standing_.images_per_minute},
            .owner = owner != nullptr ? called_ae : std::string{},
            .quota = owner != nullptr ? Caller::Quota{owner->images_per_minute, owner->queue_max}
                                      : Caller::Quota{}};
}

}  // namespace bucky::scp
