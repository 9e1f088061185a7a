// SPDX-License-Identifier: Apache-2.0
// Fleet: the sites of a service as they last told of themselves, since this node started; a row
// each for the fleet page of the admin listener, and gauges for Prometheus. Nothing is stored. Any
// thread.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "conf/base/mutex.h"
#include "storage/site_register.h"
#include "tools/bucky/fleet/heartbeat.h"
#include "tools/bucky/fleet/score_drift.h"

namespace bucky {

/// What is known of one site.
struct SiteLook {
    std::string name;
    std::int64_t heard_ms = 0;   ///< 0: not since this node started
    std::int64_t since_ms = 0;   ///< first heard by this node; what came before is not known
    std::int64_t image_ms = 0;   ///< when its count of images last grew; 0: not since then
    std::int64_t offset_ms = 0;  ///< of its clock: positive, it is ahead
    std::int64_t revoked_ms = 0;
    std::int64_t joined_until_ms = 0;  ///< its certificate's end by the register; 0: unknown
    double drift = 0;                  ///< of the finding whose scores have moved furthest (PSI)
    std::string drifted{};             ///< that finding: "cxr-nodule 1.0.0 nodule"
    Heartbeat last;
};

/// PSI above which scores count as moved: the usual limit, also of the alert BuckySiteScoresMoved.
constexpr double kScoresMoved = 0.25;

/// What a person should see to, each with since when or how much: "silent since 2026-11-23 14:30
/// UTC". Empty: it is well.
std::vector<std::string> troubles_of(const SiteLook& site, std::string_view our_version,
                                     std::int64_t now_ms);

class Fleet {
public:
    explicit Fleet(std::string our_version) : our_version_(std::move(our_version)) {}

    void hear(const std::string& site, Heartbeat heartbeat, std::int64_t now_ms);

    /// All that were heard, and those of the register.
    std::vector<SiteLook> sites(std::span<const storage::RegisteredSite> registered = {}) const;

    /// What /fleet.json answers: a row a site, those with troubles first.
    std::string to_json(std::span<const storage::RegisteredSite> registered,
                        std::int64_t now_ms) const;

private:
    void follow_scores(SiteLook& look, const Heartbeat& told, bool is_first) REQUIRES(mutex_);

    const std::string our_version_;
    mutable Mutex mutex_;
    /// By site, and by model, version and finding.
    std::map<std::string, std::map<std::string, ScoreDrift>> drifts_ GUARDED_BY(mutex_);
    std::map<std::string, SiteLook> heard_ GUARDED_BY(mutex_);
};

}  // namespace bucky
