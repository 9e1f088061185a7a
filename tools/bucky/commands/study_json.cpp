// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/commands/study_json.h"

#include <nlohmann/json.hpp>

#include "conf/base/clock.h"
#include "storage/commitments.h"
#include "storage/journal.h"
#include "storage/outbox.h"
#include "tools/bucky/shared/json_time.h"

namespace bucky {
namespace {

using nlohmann::json;

json line_json(const storage::StudyLine& line) {
    return {{"study", line.study},
            {"state", state_of(line)},
            {"accession_number", line.accession_number},
            {"images", line.images},
            {"pending", line.pending},
            {"findings", line.findings},
            {"no_findings", line.no_findings},
            {"not_analysed", line.not_analysed},
            {"failed", line.failed},
            {"patients", line.patients},
            {"first_image_at", json_time(line.first_image_ms)},
            {"last_image_at", json_time(line.last_image_ms)},
            {"verdict_at", json_time(line.verdict_at_ms)},
            {"reported_at", json_time(line.reported_at_ms)},
            {"delivered_at", json_time(line.delivered_at_ms)}};
}

json image_json(const storage::Instance& image) {
    return {{"sop_instance", image.sop_instance.str()},
            {"received_at", json_time(image.received_at_ms)},
            {"analysed_at", json_time(image.analysed_at_ms)},
            {"bytes", image.bytes},
            {"calling_ae", image.calling_ae},
            {"address", image.peer_address},
            {"tenant", image.owner},
            {"conflicting", image.conflicting},
            {"replaced", image.replaced},
            {"verdict", image.verdict},
            {"result", image.result_json.empty() ? json(nullptr) : json::parse(image.result_json)}};
}

json commitments_json(const std::vector<storage::CommitmentLine>& lines, std::string_view result) {
    auto all = json::array();
    for (const auto& line : lines) {
        if (line.sop_instance != result) continue;
        all.push_back(
            json{{"destination", line.destination},
                 {"promised_at", json_time(line.promised_at_ms)},
                 {"failure", line.failure == 0 ? json(nullptr)
                                               : json(storage::words_for_failure(line.failure))}});
    }
    return all;
}

}  // namespace

std::string_view state_of(const storage::StudyLine& study) {
    if (study.pending > 0) return "analysing";
    switch (study.state) {
        case storage::StudyState::open: return "waiting";
        case storage::StudyState::reporting: return "reporting";
        case storage::StudyState::reported: break;
    }
    if (study.deliveries_open > 0) return "sending";
    if (study.commitments_open > 0) return "committing";
    return study.delivered_at_ms > 0 ? "delivered" : "not sent";  // no destination
}

json studies_json(const std::vector<storage::StudyLine>& studies) {
    auto all = json::array();
    for (const auto& line : studies) all.push_back(line_json(line));
    return {{"studies", std::move(all)}};
}

json study_json(const conf::Settings& settings, storage::Database& db, const std::string& study) {
    const SystemClock clock;
    storage::Studies studies{db, clock};
    const auto line = studies.line(study);
    auto told = line ? line_json(*line) : json{{"study", study}, {"state", "left"}};
    auto& images = told["image_list"] = json::array();
    auto& results = told["results"] = json::array();
    auto& jobs = told["jobs"] = json::array();
    auto& journal = told["journal"] = json::array();
    for (const auto& image : studies.instances(study)) images.push_back(image_json(image));
    storage::Spool spool{settings.results_dir()};
    const auto commitments = storage::Commitments{db, clock}.of_study(study);
    for (const auto& result : storage::Outbox{db, spool, clock}.results_of_study(study)) {
        results.push_back(
            json{{"sop_instance", result.sop_instance.str()},
                 {"kind", result.kind},
                 {"made_at", json_time(result.created_at_ms)},
                 {"commitments", commitments_json(commitments, result.sop_instance.str())}});
    }
    for (const auto& job : storage::JobQueue{db, clock}.jobs_of_study(study)) {
        jobs.push_back(json{{"lane", name_of(job.lane)},
                            {"state", name_of(job.state)},
                            {"attempt", job.attempt},
                            {"due_at", json_time(job.not_before_ms)},
                            {"last_error", job.last_error}});
    }
    for (const auto& entry : storage::Journal{db, clock}.of_study(study)) {
        journal.push_back(json{{"at", json_time(entry.at_ms)},
                               {"event", entry.event},
                               {"subject", entry.subject},
                               {"words", entry.words},
                               {"times", entry.times}});
    }
    return told;
}

}  // namespace bucky
