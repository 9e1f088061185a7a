// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/fleet/fleet.h"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "conf/base/clock.h"
#include "conf/observe/metrics.h"

namespace bucky {
namespace {

using nlohmann::json;

constexpr std::int64_t kMinuteMs = 60'000, kDayMs = 24 * 60 * kMinuteMs;
constexpr std::int64_t kSilentMs = 5 * kMinuteMs;         // five heartbeats
constexpr std::int64_t kWaitsMs = 10 * kMinuteMs;         // an image for its verdict
constexpr std::int64_t kStoppedMs = kDayMs;               // a working day without an X-ray
constexpr std::size_t kFindingsMax = 64;                  // of a site, in all versions
constexpr std::int64_t kCertificateLeftMs = 20 * kDayMs;  // it is renewed when 30 are left

/// "2026-11-23 14:30 UTC"
std::string minute(std::int64_t at_ms) {
    auto text = iso_utc(at_ms).substr(0, 16);
    text[10] = ' ';
    return text + " UTC";
}

const Heartbeat::Lane* lane_of(const Heartbeat& heartbeat, std::string_view kind) {
    const auto found =
        std::ranges::find_if(heartbeat.lanes, [&](const auto& lane) { return lane.kind == kind; });
    return found == heartbeat.lanes.end() ? nullptr : &*found;
}

std::int64_t parked_in(const Heartbeat& heartbeat) {
    std::int64_t parked = 0;
    for (const auto& lane : heartbeat.lanes) parked += lane.parked;
    return parked;
}

void add_troubles_of_work(const Heartbeat& told, std::vector<std::string>& all) {
    for (const auto& model : told.models) {
        if (!model.answers) {
            all.push_back(fmt::format("{} does not answer: {}", model.name, model.words));
        }
    }
    if (const auto* infer = lane_of(told, "infer"); infer && infer->oldest_ms > kWaitsMs) {
        all.push_back(fmt::format("{} images wait, one for {} min", infer->waiting,
                                  infer->oldest_ms / kMinuteMs));
    }
    if (const auto parked = parked_in(told); parked > 0) {
        all.push_back(fmt::format("{} jobs are parked there", parked));
    }
}

std::string name_of(const Heartbeat::Scores& scores) {
    return fmt::format("{} {} {}", scores.model, scores.version, scores.finding);
}

/// What came since the last heartbeat of the same run of the site's node.
std::vector<std::int64_t> new_scores(const Heartbeat::Scores& now, const Heartbeat& before) {
    auto counts = now.tenths;
    const auto name = name_of(now);
    const auto same =
        std::ranges::find_if(before.scores, [&](const auto& one) { return name_of(one) == name; });
    if (same == before.scores.end()) return counts;
    for (std::size_t i = 0; i < std::min(counts.size(), same->tenths.size()); ++i) {
        counts[i] = std::max<std::int64_t>(counts[i] - same->tenths[i], 0);
    }
    return counts;
}

void tell_metrics(const SiteLook& site, std::string_view our_version) {
    const metrics::Labels labels{{"site", site.name}};
    const auto seconds = [](std::int64_t ms) { return static_cast<double>(ms) / 1000; };
    const auto& told = site.last;
    const auto* infer = lane_of(told, "infer");
    metrics::set("bucky_site_heard_timestamp_seconds", seconds(site.heard_ms), labels);
    if (site.image_ms > 0) {
        metrics::set("bucky_site_image_timestamp_seconds", seconds(site.image_ms), labels);
    }
    metrics::set("bucky_site_clock_offset_seconds", seconds(site.offset_ms), labels);
    metrics::set("bucky_site_certificate_expires_timestamp_seconds",
                 seconds(told.certificate_until_ms), labels);
    metrics::set("bucky_site_images_waiting",
                 infer == nullptr ? 0 : static_cast<double>(infer->waiting), labels);
    metrics::set("bucky_site_oldest_image_seconds",
                 infer == nullptr ? 0 : seconds(infer->oldest_ms), labels);
    const bool answers =
        std::ranges::all_of(told.models, [](const auto& model) { return model.answers; });
    metrics::set("bucky_site_score_drift_ratio", site.drift, labels);
    metrics::set("bucky_site_models_answer", answers ? 1 : 0, labels);
    metrics::set("bucky_site_is_current", told.version == our_version ? 1 : 0, labels);
}

json json_of(const SiteLook& site, std::string_view our_version, std::int64_t now_ms) {
    auto models = json::array();
    for (const auto& model : site.last.models) {
        const auto& offered = model.offered;
        models.push_back(
            fmt::format("{} {}{}", model.name, model.version,
                        offered.empty() ? "" : fmt::format(" ({} not taken)", offered)));
    }
    const auto* infer = lane_of(site.last, "infer");
    return {
        {"name", site.name},
        {"troubles", troubles_of(site, our_version, now_ms)},
        {"heard_ms", site.heard_ms},
        {"image_ms", site.image_ms},
        {"version", site.last.version},
        {"models", models},
        {"waiting", infer == nullptr ? 0 : infer->waiting},
        {"analysed", site.last.analysed},
        {"verdicts", site.last.verdicts},
        {"drift", site.drift},
        {"has_moved", site.drift > kScoresMoved},
        {"drifted", site.drifted},
        {"certificate_until_ms", std::max(site.last.certificate_until_ms, site.joined_until_ms)}};
}

}  // namespace

std::vector<std::string> troubles_of(const SiteLook& site, std::string_view our_version,
                                     std::int64_t now_ms) {
    if (site.revoked_ms > 0) return {fmt::format("revoked since {}", minute(site.revoked_ms))};
    if (site.heard_ms == 0) {
        return {site.joined_until_ms == 0 ? "has not joined yet"
                                          : "not heard since this node started"};
    }
    const auto& told = site.last;
    std::vector<std::string> all;
    if (now_ms - site.heard_ms > kSilentMs) {
        all.push_back(fmt::format("silent since {}", minute(site.heard_ms)));
    } else if (const auto last_ms = std::max(site.image_ms, site.since_ms);
               now_ms - last_ms > kStoppedMs) {
        all.push_back(fmt::format("X-rays stopped: none since {}", minute(last_ms)));
    }
    add_troubles_of_work(told, all);
    if (site.drift > kScoresMoved) {
        all.push_back(
            fmt::format("scores of {} have moved (PSI {:.2f})", site.drifted, site.drift));
    }
    if (told.version != our_version) all.push_back(fmt::format("old version: {}", told.version));
    if (std::abs(site.offset_ms) > kMinuteMs) {
        all.push_back(fmt::format("its clock is {} min {}", std::abs(site.offset_ms) / kMinuteMs,
                                  site.offset_ms > 0 ? "ahead" : "behind"));
    }
    if (told.certificate_until_ms > 0 && told.certificate_until_ms - now_ms < kCertificateLeftMs) {
        all.push_back(fmt::format("its certificate ends at {}", minute(told.certificate_until_ms)));
    }
    return all;
}

/// A count that is heard for the first time is of days that this node does not know.
void Fleet::follow_scores(SiteLook& look, const Heartbeat& told, bool is_first) {
    auto& drifts = drifts_[look.name];
    const bool is_same_run = told.since_ms == look.last.since_ms;
    look.drift = 0;
    look.drifted.clear();
    for (const auto& scores : told.scores) {
        const auto name = name_of(scores);
        if (!drifts.contains(name) && drifts.size() >= kFindingsMax) continue;
        auto& drift = drifts[name];
        if (!is_first) drift.add(is_same_run ? new_scores(scores, look.last) : scores.tenths);
        if (const auto moved = drift.now().value_or(0); moved > look.drift) {
            look.drift = moved;
            look.drifted = name;
        }
    }
}

void Fleet::hear(const std::string& site, Heartbeat heartbeat, std::int64_t now_ms) {
    const MutexLock lock(mutex_);
    auto& look = heard_[site];
    const bool restarted = heartbeat.since_ms != look.last.since_ms;
    const bool has_grown =
        restarted ? heartbeat.received > 0 : heartbeat.received > look.last.received;
    const bool is_first = look.heard_ms == 0;  // its count tells nothing of when
    if (is_first) look.since_ms = now_ms;
    if (has_grown && !is_first) look.image_ms = now_ms;
    look.name = site;
    follow_scores(look, heartbeat, is_first);
    look.heard_ms = now_ms;
    look.offset_ms = heartbeat.now_ms - now_ms;
    look.last = std::move(heartbeat);
    tell_metrics(look, our_version_);
}

std::vector<SiteLook> Fleet::sites(std::span<const storage::RegisteredSite> registered) const {
    std::map<std::string, SiteLook> all;
    {
        const MutexLock lock(mutex_);
        all = heard_;
    }
    for (const auto& one : registered) {
        auto& look = all[one.name];
        look.name = one.name;
        look.revoked_ms = one.revoked_at_ms;
        look.joined_until_ms = one.expires_at_ms;
    }
    std::vector<SiteLook> list;
    for (auto& [name, look] : all) list.push_back(std::move(look));
    return list;
}

std::string Fleet::to_json(std::span<const storage::RegisteredSite> registered,
                           std::int64_t now_ms) const {
    std::vector<json> rows;
    for (const auto& site : sites(registered)) rows.push_back(json_of(site, our_version_, now_ms));
    (void)std::stable_partition(rows.begin(), rows.end(),
                                [](const json& row) { return !row["troubles"].empty(); });
    const json all{{"now_ms", now_ms}, {"version", our_version_}, {"sites", rows}};
    return all.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace bucky
