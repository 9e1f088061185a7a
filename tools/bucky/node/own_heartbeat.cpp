// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/node/own_heartbeat.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <utility>

#include "conf/base/digest.h"
#include "conf/base/error.h"
#include "conf/file/read.h"
#include "conf/observe/metrics.h"
#include "tools/bucky/remote/http_client.h"
#include "tools/bucky/remote/wire.h"
#include "tools/bucky/shared/files.h"
#include "tools/bucky/sites/x509.h"

namespace bucky {
namespace {

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

/// Where the node that invited this one is reached; without an invitation, where the models are.
std::string url_of_control(const conf::Settings& settings) {
    std::error_code unseen;
    const auto file = settings.node.data_dir / "site" / "url";
    if (!std::filesystem::exists(file, unseen)) return settings.remote.url;
    const auto text = read_text(file);
    return text.substr(0, text.find(' '));
}

}  // namespace

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

}  // namespace bucky
