// SPDX-License-Identifier: Apache-2.0
// A node and its service, or a node and the sites that it serves: certificates, the revocation
// list, heartbeats. What waits for the network has a thread of its own.
#include "conf/base/digest.h"
#include "tools/bucky/node/node_state.h"
#include "tools/bucky/remote/http_client.h"
#include "tools/bucky/remote/wire.h"
#include "tools/bucky/shared/files.h"

namespace bucky {
namespace {

constexpr auto kRenewEvery = std::chrono::hours{1};
constexpr auto kFetchEvery = std::chrono::minutes{1};
constexpr auto kBeatEvery = std::chrono::minutes{1};
constexpr std::int64_t kForAnAnswerS = 20;  // a node that stops waits for it

/// By kind: the names of destinations stay here.
std::vector<Heartbeat::Lane> lanes_of(const std::vector<storage::Backlog>& backlog,
                                      std::int64_t now_ms) {
    std::map<std::string, Heartbeat::Lane> by_kind;
    for (const auto& one : backlog) {
        auto& lane = by_kind[std::string{name_of(one.lane.kind)}];
        lane.waiting += one.ready + one.running;
        lane.parked += one.parked;
        if (one.oldest_waiting_ms == 0) continue;
        lane.oldest_ms = std::max(lane.oldest_ms, now_ms - one.oldest_waiting_ms);
    }
    std::vector<Heartbeat::Lane> lanes;
    for (auto& [kind, lane] : by_kind) {
        lane.kind = kind;
        lanes.push_back(std::move(lane));
    }
    return lanes;
}

std::vector<Heartbeat::Model> models_of(const inference::Shelf& shelf,
                                        const std::vector<Offer>& offers) {
    std::vector<Heartbeat::Model> models;
    for (const auto& [package, model, shadow] : shelf.packages()) {
        const auto troubles = model->troubles();
        std::string offered;
        for (const auto& offer : offers) {
            if (offer.model == package.identity.name) offered = offer.version;
        }
        models.push_back({.name = package.identity.name,
                          .version = package.identity.version,
                          .sha256 = package.identity.sha256,
                          .answers = model->answers(),
                          .words = troubles.empty() ? std::string{} : troubles.front(),
                          .offered = std::move(offered)});
    }
    return models;
}

/// Counts alone, of wider bins than the metric has.
std::vector<Heartbeat::Scores> scores_seen() {
    std::vector<Heartbeat::Scores> all;
    for (auto& [labels, buckets] : metrics::histograms("bucky_finding_score_ratio")) {
        Heartbeat::Scores one{labels["model"], labels["version"], labels["finding"],
                              std::vector<std::int64_t>(10)};
        for (std::size_t i = 0; i < buckets.size(); ++i) {
            one.tenths[std::min<std::size_t>(i / 2, 9)] += static_cast<std::int64_t>(buckets[i]);
        }
        all.push_back(std::move(one));
    }
    return all;
}

std::int64_t end_of_certificate(const conf::RemoteSettings& remote) {
    if (remote.certificate.empty()) return 0;
    try {
        return x509::read_certificate(read_text(remote.certificate)).until_s * 1000;
    } catch (const Error&) {  // the model's troubles say what is wrong with it
        return 0;
    }
}

std::string hash_of(const conf::Settings& settings) {
    std::string all;
    for (const auto& [key, value] : conf::spelled_out(settings)) all += key + '=' + value + '\n';
    return hex(sha256(all));
}

Heartbeat heartbeat_of(const StatusLook& look, const conf::Settings& settings,
                       const inference::Shelf& shelf, const std::vector<Offer>& offers) {
    const auto counted = Counters::now();
    return {.version = BUCKY_VERSION,
            .config_sha256 = hash_of(settings),
            .now_ms = look.now_ms,
            .since_ms = look.since_ms,
            .certificate_until_ms = end_of_certificate(settings.remote),
            .models = models_of(shelf, offers),
            .lanes = lanes_of(look.health.lanes, look.now_ms),
            .received = counted.received,
            .analysed = counted.analysed,
            .delivered = counted.delivered,
            .verdicts = metrics::sums_by("bucky_images_total", "verdict"),
            .troubles = static_cast<std::int64_t>(look.health.troubles.size()),
            .scores = scores_seen()};
}

/// Where the node that invited this one is reached; without an invitation, where the models are.
std::string url_of_control(const conf::Settings& settings) {
    std::error_code unseen;
    const auto file = settings.node.data_dir / "site" / "url";
    if (!std::filesystem::exists(file, unseen)) return settings.remote.url;
    const auto text = read_text(file);
    return text.substr(0, text.find(' '));
}

void send_heartbeat(const conf::Settings& settings, const Heartbeat& heartbeat) {
    auto way = settings.remote;
    way.url = url_of_control(settings);
    way.answer_timeout_s = std::min(way.answer_timeout_s, kForAnAnswerS);
    HttpClient http{way};
    const auto body = to_json(heartbeat);
    const auto answer =
        http.post(".well-known/bucky/heartbeat", {"Content-Type: application/json"}, body);
    if (answer.status == 200 || answer.status == 404) return;  // 404: another kind of server
    throw Error(Fault::unavailable, "{}: {}", way.url, error_words(answer.body));
}

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
