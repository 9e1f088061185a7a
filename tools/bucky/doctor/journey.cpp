// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/doctor/journey.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <optional>
#include <thread>

#include <fmt/format.h>

#include "conf/base/clock.h"
#include "conf/base/error.h"
#include "inference/findings_json.h"
#include "scp/deliver/echo.h"
#include "scp/deliver/make_sender.h"
#include "storage/commitments.h"
#include "storage/holds.h"
#include "storage/site.h"
#include "storage/studies.h"
#include "tools/bucky/shared/table.h"
#include "tools/phantom/write.h"

namespace bucky {
namespace {

namespace fs = std::filesystem;
using storage::JobState;
using storage::LaneKind;

constexpr auto kPause = std::chrono::milliseconds{100};
constexpr int kSide = 512;

/// A folder for the drawn X-ray, which leaves with it.
class ScratchFolder {
public:
    ScratchFolder() {
        auto name = (fs::temp_directory_path() / "bucky-doctor-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) {
            throw Error(Fault::unavailable, "{} cannot be made", name);
        }
        path_ = name;
    }
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;
    ~ScratchFolder() {
        std::error_code left;
        fs::remove_all(path_, left);
    }
    const fs::path& path() const { return path_; }

private:
    fs::path path_;
};

/// True once `is_so` is; false when the time is over.
bool wait_for(std::chrono::seconds at_most, const std::function<bool()>& is_so) {
    const auto give_up = std::chrono::steady_clock::now() + at_most;
    while (!is_so()) {
        if (std::chrono::steady_clock::now() > give_up) return false;
        std::this_thread::sleep_for(kPause);
    }
    return true;
}

class Journey {
public:
    Journey(const conf::Settings& settings, const JourneyOptions& options)
        : settings_(settings),
          options_(options),
          db_(storage::Site{settings.node.data_dir}.open(storage::Database::Mode::read_only)) {}

    std::vector<Check> walk() {
        if (!enter() || !be_analysed() || !be_reported()) return std::move(checks_);
        for (const auto& destination : settings_.destinations) arrive(destination);
        return std::move(checks_);
    }

private:
    bool good(const std::string& name, const std::string& words) {
        checks_.push_back({name, Outcome::good, words});
        return true;
    }
    bool noted(const std::string& name, const std::string& words) {
        checks_.push_back({name, Outcome::note, words});
        return true;
    }
    bool bad(const std::string& name, const std::string& words, const std::string& remedy) {
        checks_.push_back({name, Outcome::bad, words, remedy});
        return false;
    }

    conf::DestinationSettings door() const {
        conf::DestinationSettings own;
        const auto& host = settings_.scp.listen;
        own.ae_title = options_.called.empty() ? settings_.node.ae_title : AeTitle{options_.called};
        own.host = host == "0.0.0.0" ? "127.0.0.1" : host == "::" ? "::1" : host;
        own.port = options_.port != 0 ? options_.port : settings_.scp.port;
        return own;
    }

    bool enter() {
        if (!settings_.scp.plain && options_.port == 0) {
            return bad("door", "no port without TLS (scp.plain = false): it was not tried",
                       "send a test image from a modality, or name a port: --port");
        }
        const auto to = door();
        const auto calling =
            options_.calling.empty() ? settings_.node.ae_title : AeTitle{options_.calling};
        const ScratchFolder scratch;
        const auto file = scratch.path() / "test.dcm";
        phantom::DicomOptions header;
        header.patient_name = kTestPatientName;
        header.patient_id = kTestPatientId;
        header.accession_number = kTestAccession;
        const auto seed = static_cast<std::uint64_t>(clock_.now_ms());  // a new study each time
        const auto ids = phantom::write_dicom(
            phantom::draw(phantom::random_recipe(seed, kSide, kSide, {phantom::Finding::nodule})),
            header, file);
        study_uid_ = ids.study_uid;
        const auto remedy =
            fmt::format("let {} send to {} ([[peer]]), or call as one that may: --as AE",
                        calling.str(), to.ae_title.str());
        try {
            const auto sender = scp::make_sender(to, calling);
            sender->announce(file);
            const auto outcome = sender->send(file);
            sender->release();
            if (!is_delivered(outcome.verdict)) {
                return bad("door",
                           fmt::format("{}:{} did not take the test image: status {} {}", to.host,
                                       to.port, outcome.status, printable(outcome.words)),
                           remedy);
            }
        } catch (const Error& error) {  // a line of the report
            return bad("door", error.what(), remedy);
        }
        return good("door", fmt::format("{}:{} took a test image from {} as {}", to.host, to.port,
                                        calling.str(), to.ae_title.str()));
    }

    std::optional<storage::StudyLine> line() {
        storage::Studies studies{db_, clock_};
        const auto keys = studies.of_uid(study_uid_);
        if (keys.empty()) return std::nullopt;
        key_ = keys.front();
        return studies.line(key_);
    }

    std::string how_to_see() const { return fmt::format("`bucky study show {}`", study_uid_); }

    bool be_analysed() {
        std::optional<inference::ImageResult> result;
        const bool came = wait_for(options_.at_most, [&] {
            if (!line()) return false;
            const auto images = storage::Studies{db_, clock_}.instances(key_);
            if (images.empty() || images.front().verdict.empty()) return false;
            result = inference::from_json(images.front().result_json);
            return true;
        });
        if (!came) {
            return bad("model", fmt::format("no verdict after {} s", options_.at_most.count()),
                       "see what the models wait for: `bucky status`");
        }
        const auto verdict = inference::name_of(result->verdict);
        const auto reason = result->reason ? result->reason->text : std::string{};
        if (result->verdict == inference::Verdict::failed) {
            return bad("model", fmt::format("{}: {}", verdict, reason), "see why: " + how_to_see());
        }
        if (result->verdict == inference::Verdict::not_analysed) {
            return noted("model", fmt::format("{}: {}. Test images are drawn by a computer, and "
                                              "models of patients may not read them",
                                              verdict, reason));
        }
        const auto& model = result->model;
        const auto where = result->device.empty() ? "" : " on " + result->device;
        return good("model", fmt::format("{} by {}{}", verdict,
                                         model ? model->name + " " + model->version : "?", where));
    }

    bool be_reported() {
        const auto at_most = options_.at_most + std::chrono::seconds{settings_.study.quiet_s};
        const bool came = wait_for(at_most, [&] {
            const auto now = line();
            return now && now->state == storage::StudyState::reported;
        });
        if (came) return good("report", "made: study " + study_uid_);
        return bad("report", fmt::format("none after {} s", at_most.count()),
                   "see why: " + how_to_see());
    }

    /// Waits for the end of its deliveries, or for the first one that fails.
    void arrive(const conf::DestinationSettings& to) {
        if (storage::Holds{settings_.node.data_dir}.is_held(to.name)) {
            noted(to.name, "is held: nothing is sent to it");
            return;
        }
        std::int64_t done = 0, open = 0;
        std::string failure;
        const bool ended = wait_for(options_.at_most, [&] {
            done = open = 0;
            for (const auto& job : storage::JobQueue{db_, clock_}.jobs_of_study(key_)) {
                if (job.lane.kind != LaneKind::deliver || job.lane.destination != to.name) continue;
                ++(job.state == JobState::done ? done : open);
                if (job.state != JobState::done && !job.last_error.empty()) {
                    failure = job.last_error;
                }
            }
            return open == 0 || !failure.empty();
        });
        if (!failure.empty()) {
            bad(to.name, printable(failure), why_not(to));
        } else if (!ended) {
            bad(to.name, fmt::format("{} results wait after {} s", open, options_.at_most.count()),
                "see the queue: `bucky status`");
        } else if (done == 0) {
            noted(to.name, "nothing of this study goes to it, by its send and send_if_found");
        } else if (to.commitment) {
            be_promised(to, done);
        } else {
            good(to.name, fmt::format("took {} objects; it is not asked to commit to them", done));
        }
    }

    /// What a C-ECHO with its settings says: whether the line or the objects are at fault.
    std::string why_not(const conf::DestinationSettings& to) {
        try {
            const auto reply = scp::echo(scp::target_of(to), settings_.node.ae_title);
            return fmt::format(
                "{} answers C-ECHO with 0x{:04x} but does not take results: let its "
                "admin allow storage from {}, then `bucky queue retry "
                "--destination {}`",
                to.ae_title.str(), reply.status, settings_.node.ae_title.str(), to.name);
        } catch (const Error& error) {  // the first thing to mend
            return error.what();
        }
    }

    void be_promised(const conf::DestinationSettings& to, std::int64_t sent) {
        std::int64_t promised = 0;
        std::uint16_t failure = 0;
        (void)wait_for(options_.at_most, [&] {
            promised = 0;
            for (const auto& one : storage::Commitments{db_, clock_}.of_study(key_)) {
                if (one.destination != to.name) continue;
                if (one.promised_at_ms > 0) ++promised;
                if (one.failure != 0) failure = one.failure;
            }
            return promised >= sent || failure != 0;
        });
        if (promised >= sent) {
            good(to.name, fmt::format("took {} objects, and promised to keep them", sent));
            return;
        }
        bad(to.name,
            failure != 0
                ? "took the objects, and does not keep them: " + storage::words_for_failure(failure)
                : fmt::format("took {} objects, and has promised to keep {}", sent, promised),
            "let its admin answer storage commitment, or set commitment = false for it");
    }

    const conf::Settings& settings_;
    const JourneyOptions& options_;
    const SystemClock clock_;
    storage::Database db_;
    std::string study_uid_, key_;
    std::vector<Check> checks_;
};

}  // namespace

std::vector<Check> phantom_journey(const conf::Settings& settings, const JourneyOptions& options) {
    return Journey{settings, options}.walk();
}

}  // namespace bucky
