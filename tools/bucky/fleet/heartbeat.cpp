// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/fleet/heartbeat.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "conf/base/error.h"
#include "conf/base/printable.h"

namespace bucky {
namespace {

using nlohmann::json;

constexpr std::size_t kTextMax = 300, kItemsMax = 32, kTenths = 10;
constexpr std::uint64_t kCountMax = 1ULL << 40U;

/// What may be written to a page or a log.
std::string clean(std::string_view words) {
    std::string made;
    for (std::size_t at = 0; at < words.size() && made.size() < kTextMax;) {
        const auto bytes = printable_bytes(words.substr(at));
        if (bytes > 0) made += words.substr(at, bytes);
        at += bytes > 0 ? bytes : 1;
    }
    return made;
}

std::string text(const json& of, const char* key) {
    const auto found = of.find(key);
    if (found == of.end() || !found->is_string()) return {};
    return clean(found->get<std::string>());
}

/// Of any number; far away from what a calculation could not hold.
double number(const json& of, const char* key) {
    constexpr double kMost = 1e15;
    const auto found = of.find(key);
    if (found == of.end() || !found->is_number()) return 0;
    return std::clamp(found->get<double>(), -kMost, kMost);
}

std::int64_t whole(const json& of, const char* key) {
    return static_cast<std::int64_t>(number(of, key));
}

std::vector<std::int64_t> tenths(const json& of) {
    std::vector<std::int64_t> counts(kTenths);
    const auto found = of.find("tenths");
    if (found == of.end() || !found->is_array()) return counts;
    for (std::size_t i = 0; i < std::min(found->size(), counts.size()); ++i) {
        const auto& count = (*found)[i];
        if (!count.is_number_unsigned()) continue;
        counts[i] = static_cast<std::int64_t>(std::min(count.get<std::uint64_t>(), kCountMax));
    }
    return counts;
}

/// Calls take(item) for the objects of a list.
template <typename Take>
void each(const json& of, const char* key, const Take& take) {
    const auto found = of.find(key);
    if (found == of.end() || !found->is_array()) return;
    std::size_t left = kItemsMax;
    for (const auto& item : *found) {
        if (left-- == 0) return;
        if (item.is_object()) take(item);
    }
}

}  // namespace

std::string to_json(const Heartbeat& heartbeat) {
    auto models = json::array(), lanes = json::array();
    for (const auto& model : heartbeat.models) {
        models.push_back({{"name", model.name},
                          {"version", model.version},
                          {"sha256", model.sha256},
                          {"answers", model.answers},
                          {"words", model.words},
                          {"offered", model.offered}});
    }
    auto scores = json::array();
    for (const auto& one : heartbeat.scores) {
        if (scores.size() == kItemsMax) break;
        scores.push_back({{"model", one.model},
                          {"version", one.version},
                          {"finding", one.finding},
                          {"tenths", one.tenths}});
    }
    for (const auto& lane : heartbeat.lanes) {
        lanes.push_back({{"kind", lane.kind},
                         {"waiting", lane.waiting},
                         {"parked", lane.parked},
                         {"oldest_ms", lane.oldest_ms}});
    }
    const json all{{"version", heartbeat.version},
                   {"config_sha256", heartbeat.config_sha256},
                   {"now_ms", heartbeat.now_ms},
                   {"since_ms", heartbeat.since_ms},
                   {"certificate_until_ms", heartbeat.certificate_until_ms},
                   {"models", models},
                   {"lanes", lanes},
                   {"received", heartbeat.received},
                   {"analysed", heartbeat.analysed},
                   {"delivered", heartbeat.delivered},
                   {"verdicts", heartbeat.verdicts},
                   {"scores", scores},
                   {"troubles", heartbeat.troubles}};
    return all.dump(-1, ' ', false, json::error_handler_t::replace);
}

Heartbeat read_heartbeat(std::string_view text_of_it) {
    const auto told = json::parse(text_of_it, nullptr, false);
    if (!told.is_object()) throw Error(Fault::bad_input, "a heartbeat is a JSON object");
    Heartbeat made;
    made.version = text(told, "version");
    made.config_sha256 = text(told, "config_sha256");
    made.now_ms = whole(told, "now_ms");
    made.since_ms = whole(told, "since_ms");
    made.certificate_until_ms = whole(told, "certificate_until_ms");
    each(told, "models", [&](const json& one) {
        const auto answers = one.find("answers");
        made.models.push_back(
            {.name = text(one, "name"),
             .version = text(one, "version"),
             .sha256 = text(one, "sha256"),
             .answers = answers == one.end() || !answers->is_boolean() || answers->get<bool>(),
             .words = text(one, "words"),
             .offered = text(one, "offered")});
    });
    each(told, "scores", [&](const json& one) {
        made.scores.push_back({.model = text(one, "model"),
                               .version = text(one, "version"),
                               .finding = text(one, "finding"),
                               .tenths = tenths(one)});
    });
    each(told, "lanes", [&](const json& one) {
        made.lanes.push_back({.kind = text(one, "kind"),
                              .waiting = whole(one, "waiting"),
                              .parked = whole(one, "parked"),
                              .oldest_ms = whole(one, "oldest_ms")});
    });
    made.received = number(told, "received");
    made.analysed = number(told, "analysed");
    made.delivered = number(told, "delivered");
    if (const auto found = told.find("verdicts"); found != told.end() && found->is_object()) {
        for (const auto& [verdict, count] : found->items()) {
            if (made.verdicts.size() >= kItemsMax || !count.is_number()) break;
            made.verdicts[clean(verdict)] = count.get<double>();
        }
    }
    made.troubles = whole(told, "troubles");
    return made;
}

}  // namespace bucky
