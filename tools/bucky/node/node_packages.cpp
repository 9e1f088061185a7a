// SPDX-License-Identifier: Apache-2.0
// Newer versions of packages that the service of [remote] announces: named, or taken.
#include "tools/bucky/engine/taken_packages.h"
#include "tools/bucky/node/node_state.h"
#include "tools/bucky/remote/offers.h"

namespace bucky {
namespace {

/// Empty: this package may be exchanged for the new version.
std::string why_kept(const conf::Settings& settings, const std::filesystem::path& folder) {
    if (settings.remote.versions == PackageVersions::pinned) {
        return "it is kept (remote.versions = \"pinned\")";
    }
    if (is_pinned_by_hash(settings, folder)) return "it is kept (model.sha256)";
    return {};
}

void take(const inference::Package& ours, const Offer& offer, const conf::Settings& told) {
    take_package(ours, offer.version, told.remote, taken_packages(told));
    log::event("model.taken",
               {{"model", offer.model}, {"version", offer.version}, {"instead_of", offer.ours}});
    audit::tell({.kind = audit::Kind::configured,
                 .words = fmt::format("package {} {} taken from the service instead of {}",
                                      offer.model, offer.version, offer.ours)});
}

}  // namespace

/// Whether one was taken: a reload puts it to work.
bool Node::Impl::ask_for_packages(const conf::Settings& told) {
    bool has_taken = false;
    std::vector<Offer> found;
    const auto shelf = shelves.now();
    for (const auto& [package, model, shadow] : shelf->packages()) {
        if (!model->device().starts_with("remote: ")) continue;
        const auto& own = package.identity;
        Offer offer{own.name, own.version, {}, why_kept(told, package.folder)};
        try {
            const auto version = newer_version(package, told.remote);
            if (!version) continue;
            offer.version = *version;
            if (offer.why_not.empty()) {
                take(package, offer, told);
                offer.why_not = "it is taken with the next reload";
                has_taken = true;
            }
        } catch (const Error& error) {            // the packages at hand go on
            if (offer.version.empty()) continue;  // the model's troubles say what is wrong
            offer.why_not = fmt::format("it is not taken: {}", error.what());
            log::event(
                log::Level::warning, "model.not_taken",
                {{"model", offer.model}, {"version", offer.version}, {"words", error.what()}});
        }
        found.push_back(std::move(offer));
    }
    const MutexLock guard(offers_mutex);
    offers = std::move(found);
    return has_taken;
}

std::vector<Offer> Node::Impl::offered() const {
    const MutexLock guard(offers_mutex);
    return offers;
}

/// At the start, after each reload, and as often as the weights are proven.
void Node::Impl::keep_packages(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        const auto seen = look_for_packages.rings();
        const auto told = settings();
        if (!told->remote.url.empty() && ask_for_packages(*told)) reload_asked_for.ring();
        look_for_packages.wait_beyond(seen, stop, std::chrono::minutes{told->remote.prove_minutes});
    }
}

}  // namespace bucky
