// SPDX-License-Identifier: Apache-2.0
// DataFolder: a node's data folder with all of storage, and a clock that a test advances. Nothing
// is shared between tests. Its syncs do nothing: these tests check logic and order, and hundreds of
// folders need not wait for a disk. (A killed process loses no bytes without syncs; only a power
// cut would.)
#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "conf/base/clock.h"
#include "storage/database.h"
#include "storage/intake.h"
#include "storage/job_queue.h"
#include "storage/journal.h"
#include "storage/outbox.h"
#include "storage/recover.h"
#include "storage/reingest.h"
#include "storage/retention.h"
#include "storage/spool.h"
#include "storage/studies.h"
#include "tests/support/temp_dir.h"

namespace bucky::storage::test {

inline constexpr std::int64_t kStartMs = 1'795'444'200'000;  // 2026-11-23T14:30:00Z
inline constexpr auto kExplicitLittle = "1.2.840.10008.1.2.1";
inline constexpr auto kJpegLossless = "1.2.840.10008.1.2.4.70";
inline constexpr auto kStudy = "1.2.3.1";

inline std::span<const std::uint8_t> bytes_of(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// An instance that a test sends; the defaults are an ordinary image.
struct Sent {
    std::string sop_instance;
    std::string bytes = "pixels";
    std::string study = kStudy;
    std::string series = "1.2.3.1.1";
    std::string transfer_syntax = kExplicitLittle;
    std::string association = "7";
    std::string tenant = "";
    bool urgent = false;
    bool is_of_our_make = false;
    std::string owner = "";
};

inline const FileCalls& without_syncs() {
    static const FileCalls calls = [] {
        auto made = FileCalls::of_system();
        made.fdatasync = made.fsync = [](int) { return 0; };
        return made;
    }();
    return calls;
}

class DataFolder {
public:
    DataFolder() { db.prepare({"test.no_syncs", "PRAGMA synchronous = OFF"}).run(); }

    bucky::test::TempDir dir;
    SettableClock clock{kStartMs};
    Database db{dir / "bucky.db"};
    Spool spool{dir / "spool", 0, without_syncs()};
    Spool results{dir / "results", 0, without_syncs()};
    Intake intake{db, spool, clock, StudyTimes{3000, 300000}};
    JobQueue jobs{db, clock};
    Studies studies{db, clock};
    Outbox outbox{db, results, clock};
    Journal journal{db, clock};

    Receipt send(const Sent& sent) { return send(intake, spool, sent); }
    static Receipt send(Intake& to, Spool& spool, const Sent& sent) {
        auto file = spool.open();
        file.write(bytes_of(sent.bytes));
        return to.receive({.file = file,
                           .sop_instance = Uid{sent.sop_instance},
                           .sop_class = Uid{"1.2.840.10008.5.1.4.1.1.1.1"},
                           .study = Uid{sent.study},
                           .series = Uid{sent.series},
                           .transfer_syntax = sent.transfer_syntax,
                           .accession_number = "A-1",
                           .association = sent.association,
                           .calling_ae = "XRAY1",
                           .called_ae = "BUCKY",
                           .peer_address = "127.0.0.1",
                           .tenant = sent.tenant,
                           .urgent = sent.urgent,
                           .is_of_our_make = sent.is_of_our_make,
                           .owner = sent.owner});
    }

    /// Claims the next image and records `verdict` for it; false when none is due.
    bool give_verdict(std::string_view verdict = "no_findings") {
        const auto job = jobs.claim(Lane::infer(), 60'000);
        return job && studies.record_verdict(*job, verdict, "{}");
    }

    /// Puts one report and one picture that derive from `about`, for one destination.
    bool put(const Job& job, std::string_view about) {
        const auto report = Uid::from_name(std::string{"sr "} + std::string{about});
        const auto picture = Uid::from_name(std::string{"overlay "} + std::string{about});
        const NewResult made[] = {
            {.sop_instance = report,
             .sop_class = Uid{"1.2.840.10008.5.1.4.1.1.88.34"},
             .transfer_syntax = kExplicitLittle,
             .kind = "sr",
             .part10 = bytes_of("SR")},
            {.sop_instance = picture,
             .sop_class = Uid{"1.2.840.10008.5.1.4.1.1.7"},
             .transfer_syntax = kExplicitLittle,
             .kind = "overlay",
             .part10 = bytes_of("SC")},
        };
        const std::string destinations[] = {"pacs"};
        return outbox.put(job, made, destinations);
    }

    /// Finishes all open work: verdicts, reports, deliveries. `put` makes the results of a study.
    void finish_all() {
        while (give_verdict()) {
        }
        clock.advance_ms(3000);
        studies.make_due_reports();
        while (const auto job = jobs.claim(Lane::report(), 60'000)) put(*job, job->study);
        deliver_all();
    }
    void deliver_all() {
        while (const auto job = jobs.claim(Lane::deliver("pacs"), 60'000)) jobs.finish(*job);
    }

    /// Every file below spool/ and results/, as a relative path.
    std::set<std::string> files() const {
        std::set<std::string> found;
        for (const auto* below : {"spool", "results"}) {
            for (const auto& entry : std::filesystem::recursive_directory_iterator{dir / below}) {
                if (!entry.is_regular_file()) continue;
                found.insert(std::filesystem::relative(entry.path(), dir.path()).string());
            }
        }
        return found;
    }

    std::vector<std::string> events(std::string_view study = kStudy) {
        std::vector<std::string> names;
        for (const auto& entry : journal.of_study(study)) names.push_back(entry.event);
        return names;
    }

    std::int64_t count(const Sql& sql) {
        auto row = db.prepare(sql);
        row.step();
        return row.integer(0);
    }
    std::int64_t instance_rows() {
        return count({"test.instances", "SELECT count(*) FROM instance"});
    }
    std::int64_t result_rows() { return count({"test.results", "SELECT count(*) FROM result"}); }
};

}  // namespace bucky::storage::test
