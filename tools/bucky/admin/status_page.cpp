// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/admin/status_page.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace bucky {
namespace {

using nlohmann::json;

json seconds(const std::optional<double>& value) {
    return value ? json(*value) : json(nullptr);
}

json json_of(const std::vector<Bar>& bars) {
    auto list = json::array();
    for (const auto& bar : bars) {
        list.push_back({{"from_ms", bar.from_ms},
                        {"received", bar.received},
                        {"analysed", bar.analysed},
                        {"delivered", bar.delivered},
                        {"verdict_half_s", seconds(bar.verdict_half_s)},
                        {"delivered_half_s", seconds(bar.delivered_half_s)},
                        {"delivered_most_s", seconds(bar.delivered_most_s)}});
    }
    return list;
}

json json_of(const storage::Backlog& lane) {
    return {{"lane", name_of(lane.lane)}, {"ready", lane.ready},
            {"running", lane.running},    {"parked", lane.parked},
            {"done", lane.done},          {"oldest_waiting_ms", lane.oldest_waiting_ms},
            {"failing", lane.failing}};
}

std::string_view state_of(const storage::Backlog& lane) {
    const bool waits = lane.ready + lane.running > 0;
    if (waits && !lane.last_error.empty()) return "tries again";
    if (lane.parked > 0) return "parked";
    return waits ? "sends" : "idle";
}

json json_of(const conf::DestinationSettings& to, const Health& health) {
    const auto& lanes = health.lanes;
    const bool is_held = std::ranges::count(health.held, to.name) > 0;
    const auto wanted = storage::Lane::deliver(to.name);
    const auto found = std::find_if(lanes.begin(), lanes.end(),
                                    [&](const auto& lane) { return lane.lane == wanted; });
    const auto lane = found == lanes.end() ? storage::Backlog{} : *found;
    return {{"name", to.name},
            {"ae_title", to.ae_title.str()},
            {"address", to.url.empty() ? fmt::format("{}:{}", to.host, to.port) : to.url},
            {"tls", to.tls || to.url.starts_with("https://")},
            {"state", is_held ? "held" : state_of(lane)},
            {"waiting", lane.ready + lane.running},
            {"parked", lane.parked},
            {"delivered", lane.done},
            {"last_words", lane.last_error}};
}

json json_of(const ModelLine& model) {
    return {{"name", model.name},        {"version", model.version}, {"device", model.device},
            {"role", model.role},        {"answers", model.answers}, {"images", model.images},
            {"failures", model.failures}};
}

json json_of(const storage::StudyLine& study) {
    const bool whole = study.pending == 0;
    return {{"accession_number", study.accession_number},
            {"study", study.study},
            {"state", word_of(study.state)},
            {"images", study.images},
            {"unread", study.not_analysed + study.failed},
            {"pending", study.pending},
            {"last_image_ms", study.last_image_ms},
            {"verdict_ms", whole ? study.verdict_at_ms : 0},
            {"reported_ms", study.reported_at_ms},
            {"deliveries_open", study.deliveries_open},
            {"delivered_ms", study.delivered_at_ms}};
}

}  // namespace

std::string to_json(const StatusLook& look) {
    auto lanes = json::array(), destinations = json::array(), models = json::array(),
         studies = json::array();
    auto concerns = json::array();
    for (const auto& one : look.health.troubles) {
        concerns.push_back({{"concern", word_of(one.concern)}, {"about", one.about}});
    }
    for (const auto& lane : look.health.lanes) lanes.push_back(json_of(lane));
    for (const auto& to : look.destinations) destinations.push_back(json_of(to, look.health));
    for (const auto& model : look.models) models.push_back(json_of(model));
    for (const auto& study : look.studies) studies.push_back(json_of(study));
    const json whole{{"version", look.version},
                     {"ae_title", look.ae_title},
                     {"now_ms", look.now_ms},
                     {"since_ms", look.since_ms},
                     {"free_bytes", look.health.free_bytes},
                     {"disk_bytes", look.health.disk_bytes},
                     {"not_ready", look.health.not_ready},
                     {"troubles", sentences(look.health.troubles)},
                     {"concerns", concerns},
                     {"notes", look.health.notes},
                     {"lanes", lanes},
                     {"destinations", destinations},
                     {"models", models},
                     {"studies", studies},
                     {"plots",
                      {{"1 h", json_of(look.hour)},
                       {"6 h", json_of(look.quarter_day)},
                       {"24 h", json_of(look.day)}}}};
    return whole.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace bucky
