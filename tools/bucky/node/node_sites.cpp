// SPDX-License-Identifier: Apache-2.0
// A node and its service, or a node and the sites that it serves: certificates, the revocation
// list, heartbeats. What waits for the network has a thread of its own.
#include "tools/bucky/node/node_state.h"
#include "tools/bucky/node/own_heartbeat.h"

namespace bucky {
namespace {

constexpr auto kRenewEvery = std::chrono::hours{1};
constexpr auto kFetchEvery = std::chrono::minutes{1};
constexpr auto kBeatEvery = std::chrono::minutes{1};

}  // namespace

void Node::Impl::open_service(const conf::Settings& told) {
    if (told.service.listen.empty()) return;
    const auto with_files = with_authority(told);
    if (std::error_code none;
        fetches_list(with_files) && !std::filesystem::exists(with_files.crl, none)) {
        (void)fetch_revocation_list(with_files);
    }
    if (told.service.sites) {
        const SiteControl made_at_first{told, clock};
    }
    service.emplace(with_files, shelves, ServiceTimes{},
                    [this](const EstRequest& request) { return answer_site(request); });
}

/// The revocation list must be newer than 30 days, whoever asks for it.
void Node::Impl::renew_authority() {
    const auto told = settings();
    const auto hour = std::chrono::steady_clock::now();
    if (!service || !told->service.sites || hour - authority_renewed_at < kRenewEvery) return;
    authority_renewed_at = hour;
    try {
        SiteControl{*told, clock}.renew();
    } catch (const Error& error) {  // tried again in an hour; the list has weeks left
        log::event(log::Level::error, "authority.trouble", {{"words", error.what()}});
    }
}

/// Of a site that has joined a service. It waits for the network, so it has a thread of its own.
void Node::Impl::keep_certificate(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        try {
            const auto told = settings();
            const auto folder = told->node.data_dir / "site";
            if (renew_if_due(folder, told->remote, clock)) log::event("site.renewed");
        } catch (const Error& error) {  // a month is left; tried again in an hour
            log::event(log::Level::warning, "site.not_renewed", {{"words", error.what()}});
        }
        Wakeup{}.wait_beyond(0, stop, kRenewEvery);
    }
}

/// Of a model server beside the node that invites sites.
void Node::Impl::keep_list(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        try {
            const auto told = with_authority(*settings());
            if (fetch_revocation_list(told)) log::event("service.list", {{"from", told.control}});
            metrics::set("bucky_service_list_fetched_timestamp_seconds",
                         static_cast<double>(clock.now_ms() / 1000));
        } catch (const Error& error) {  // the list that is here counts for weeks
            log::event(log::Level::warning, "service.list_not_fetched", {{"words", error.what()}});
        }
        Wakeup{}.wait_beyond(0, stop, kFetchEvery);
    }
}

/// How this node is, for its service. What goes wrong is told once.
void Node::Impl::beat(const std::stop_token& stop) {
    std::string last_words;
    while (!stop.stop_requested()) {
        const auto told = settings();
        if (told->remote.heartbeat && !told->remote.certificate.empty()) {
            try {
                send_heartbeat(*told,
                               heartbeat_of(status.last(), *told, *shelves.now(), offered()));
                last_words.clear();
            } catch (const Error& error) {  // the next one tells more
                const std::string words = error.what();
                if (words != last_words) {
                    log::event(log::Level::warning, "heartbeat.failed", {{"words", words}});
                }
                last_words = words;
            }
        }
        Wakeup{}.wait_beyond(0, stop, kBeatEvery);
    }
}

/// Of sites of an authority of their own, the heartbeats alone.
EstAnswer Node::Impl::answer_site(const EstRequest& request) {
    const auto told = settings();
    if (request.path == EstPath::heartbeat) {
        try {
            fleet.hear(request.site, read_heartbeat(request.body), clock.now_ms());
            return {200, "application/json", "{}"};
        } catch (const Error& error) {  // the edge to HTTP
            return {400, {}, error.what()};
        }
    }
    if (!told->service.sites) return {404, {}, "this server invites no sites"};
    return answer_est(request, *told, clock);
}

/// What /fleet.json answers, on the Asio thread: a short read of a small file.
std::string Node::Impl::rows_of_sites() {
    std::vector<storage::RegisteredSite> registered;
    const auto told = settings();
    try {
        if (told->service.sites) {
            registered = storage::SiteRegister{told->node.data_dir, clock}.sites();
        }
    } catch (const Error& error) {  // those that were heard are shown
        log::event(log::Level::error, "sites.trouble", {{"words", error.what()}});
    }
    return fleet.to_json(registered, clock.now_ms());
}

}  // namespace bucky
