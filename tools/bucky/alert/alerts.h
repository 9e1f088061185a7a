// SPDX-License-Identifier: Apache-2.0
// Alerts: tells each [[alert]] once when a trouble begins and once when it is over.
//
// What has been told is the file data_dir/alerts.json, written after the mail server or webhook has
// taken it: a restart says nothing twice, and a crash between the two says it again. There is no
// queue: an alert that could not be told is made anew of what stands then
// (docs/decisions/0711). Threads: one calls look(), any calls troubles().
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "conf/base/clock.h"
#include "conf/base/mutex.h"
#include "conf/settings.h"
#include "tools/bucky/alert/message.h"

namespace bucky {

class Alerts {
public:
    using Send = std::function<void(const conf::AlertSettings& to, const AlertNews& news)>;

    Alerts(const std::filesystem::path& data_dir, const Clock& clock, Send send);

    /// `standing`: every trouble that there is now. Sends what is due, one alert after another.
    void look(const conf::Settings& settings, const std::vector<Trouble>& standing);

    /// Alerts that could not be told.
    std::vector<Trouble> troubles() const;

private:
    using Key = std::pair<Concern, std::string>;
    struct Seen {
        AlertLine line;
        std::int64_t begun_ms = 0;              ///< steady
        std::optional<std::int64_t> gone_ms{};  ///< steady; nothing: it stands
    };
    using Told = std::map<Key, AlertLine>;
    struct Retry {
        int attempts = 0;
        std::int64_t due_ms = 0;  ///< steady
    };

    void read();
    void keep() const;
    void note(const std::vector<Trouble>& standing);
    void forget(const std::vector<conf::AlertSettings>& alerts);
    AlertNews due(const conf::AlertSettings& alert) const;
    void tell(const conf::AlertSettings& alert, AlertNews news);

    const std::filesystem::path file_;
    const Clock& clock_;
    const Send send_;
    std::map<Key, Seen> seen_;
    std::map<std::string, Told> told_;  ///< by the alert's name
    std::map<std::string, Retry> retries_;

    mutable Mutex mutex_;
    std::map<std::string, Trouble> silent_ GUARDED_BY(mutex_);
};

}  // namespace bucky
