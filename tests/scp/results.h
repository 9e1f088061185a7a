// SPDX-License-Identifier: Apache-2.0
// Results: a node's data folder with results for destination "pacs", and a clock that a test
// advances.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "conf/base/clock.h"
#include "conf/run/wakeup.h"
#include "conf/settings.h"
#include "scp/deliver/courier.h"
#include "storage/job_queue.h"
#include "tests/scp/images.h"
#include "tests/support/temp_dir.h"

namespace bucky::test {

inline constexpr auto kStudy = "1.2.826.0.1.3680043.9.1";

class Results {
public:
    /// A study with so many results, for each of these destinations.
    explicit Results(int count = 1, std::vector<std::string> destinations = {"pacs"});

    /// Creates no study.
    struct Empty {};
    explicit Results(Empty);

    /// One more study, now. As the pipeline does: an image, its verdict, a report.
    void add(const std::string& study, int count, const std::string& sop_class = kCr);

    /// A courier of these results, over the transport of the destination.
    scp::Courier courier_to(const conf::DestinationSettings& destination);

    TempDir dir;
    conf::Settings settings;
    SettableClock clock{1'800'000'000'000};
    Wakeup work;
    std::vector<std::filesystem::path> files;  ///< of all results, in order of creation

    std::vector<storage::Job> jobs(const storage::Lane& lane = storage::Lane::deliver("pacs"),
                                   const std::string& study = kStudy);
    storage::Job job() { return jobs().at(0); }

    /// The words of the journal's entries with this event.
    std::vector<std::string> told(const std::string& event, const std::string& study = kStudy);

private:
    std::vector<std::string> destinations_;
    int made_ = 0;
};

/// Delivers until nothing is due; returns the number of deliveries.
int deliver_all(scp::Courier& courier);

}  // namespace bucky::test
