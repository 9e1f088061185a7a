// SPDX-License-Identifier: Apache-2.0
// The status page of the admin listener: one static page with its style and script, and the numbers
// that the script asks for. The page shows no patient data: accession numbers and UIDs only, no
// findings. The script inserts text from the network as text, never as markup, and the page loads
// nothing from elsewhere.
//
// The watch thread collects and publishes; the Asio thread formats what was published last.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "conf/base/mutex.h"
#include "conf/settings.h"
#include "storage/studies.h"
#include "tools/bucky/admin/health.h"
#include "tools/bucky/admin/minute_stats.h"

namespace bucky {

struct PageFile {
    std::string_view path, type, body;
};

/// "/", "/fleet" and what they load, as they lie in tools/bucky/admin/page.
std::span<const PageFile> page_files();

struct ModelLine {
    std::string name, version, device;
    std::string role;  ///< "reports", "shadow" or "gate"
    bool answers = true;
    std::int64_t images = 0, failures = 0;  ///< that it was asked about, and failed on
};

struct StatusLook {
    std::string version, ae_title;
    std::int64_t now_ms = 0, since_ms = 0;
    Health health;
    std::vector<conf::DestinationSettings> destinations;
    std::vector<ModelLine> models;
    std::vector<storage::StudyLine> studies;
    std::vector<Bar> hour, quarter_day, day;
};

/// What GET /status.json answers.
std::string to_json(const StatusLook& look);

/// The last look, passed from the watch thread to the Asio thread.
class StatusBoard {
public:
    void publish(StatusLook look) {
        const MutexLock lock(mutex_);
        last_ = std::move(look);
    }
    StatusLook last() const {
        const MutexLock lock(mutex_);
        return last_;
    }

private:
    mutable Mutex mutex_;
    StatusLook last_ GUARDED_BY(mutex_);
};

}  // namespace bucky
