// SPDX-License-Identifier: Apache-2.0
// What history costs: claiming and finishing a job beside 1,000 and beside 1,000,000 others, and
// starting over 100,000 spooled instances and 1,000,000 finished jobs. On a real disk, with syncs.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "conf/base/clock.h"
#include "storage/database.h"
#include "storage/intake.h"
#include "storage/job_queue.h"
#include "storage/spool.h"
#include "tests/bench/machine.h"
#include "tests/support/temp_dir.h"

namespace {

using namespace bucky;
using namespace bucky::storage;
using Steady = std::chrono::steady_clock;

constexpr std::int64_t kStartMs = 1'795'444'200'000;

double ms_since(Steady::time_point start) {
    return std::chrono::duration<double, std::milli>(Steady::now() - start).count();
}

void run(Database& db, const char* text, std::int64_t count = 0) {
    auto statement = db.prepare({"bench.fill", text});
    if (count > 0) statement.bind(":count", count);
    statement.run();
}

/// So many studies, each with an infer job in `state`; tenants in turn.
void fill(Database& db, std::int64_t jobs, const char* insert_jobs) {
    Database::Transaction transaction(db);
    run(db, R"sql(
        INSERT INTO study (uid, accession_number, state, pending, first_image_ms, last_image_ms,
                           first_unreported_ms, due_at_ms, last_association)
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)
        SELECT '1.2.' || i, '', 'reported', 0, i, i, i, i, '1' FROM n)sql",
        jobs);
    run(db, insert_jobs);
    transaction.commit();
}

constexpr auto kReadyJobs = R"sql(
    INSERT INTO job (lane, subject, study, state, created_at_ms, submitted_at_ms, not_before_ms,
                     tenant)
    SELECT 'infer', uid, uid, 'ready', first_image_ms, first_image_ms, first_image_ms,
           'site ' || (first_image_ms % 20) FROM study)sql";

/// Milliseconds of a claim and of a finish, median of many.
double claim_and_finish(std::int64_t jobs) {
    const test::TempDir dir;
    const SystemClock clock;
    Database db{dir / "bucky.db"};
    fill(db, jobs, kReadyJobs);
    JobQueue queue{db, clock};
    std::vector<double> took;
    for (int at = 0; at < 900; ++at) {
        const auto start = Steady::now();
        const auto job = queue.claim("infer", 60'000);
        if (!job || !queue.finish(*job)) throw std::runtime_error("no job");
        took.push_back(ms_since(start));
    }
    std::nth_element(took.begin(), took.begin() + 450, took.end());
    return took[450];
}

/// Seconds of opening the database and recover(), as a node does before it opens its doors.
double start_over_history() {
    constexpr std::int64_t kInstances = 100'000;
    const test::TempDir dir;
    const SettableClock clock{kStartMs};
    {
        Database db{dir / "bucky.db"};
        const Spool spool{dir / "spool"}, results{dir / "results"};
        fill(db, 1'000'000, R"sql(
            INSERT INTO job (lane, subject, study, state, created_at_ms, submitted_at_ms,
                             not_before_ms)
            SELECT 'infer', uid, uid, 'done', 1, 1, 1 FROM study)sql");
        // a day's hours, the last of them the fullest: what recover() has to look through
        Database::Transaction transaction(db);
        run(db, R"sql(
            INSERT INTO instance (sop_instance, sop_class, study, series, transfer_syntax, file,
                                  size_bytes, association, calling_ae, called_ae, peer_address,
                                  received_at_ms, conflicting, awaiting, verdict)
            SELECT uid || '.1', '1', uid, '1', '1',
                   printf('20261123%02d/%d.dcm', first_image_ms / 4200, first_image_ms), 1, '1', '',
                   '', '', 1, 0, 0, 'findings'
              FROM study WHERE first_image_ms <= :count)sql",
            kInstances);
        transaction.commit();
        auto files = db.prepare({"bench.files", "SELECT file FROM instance"});
        while (files.step()) {
            const auto file = dir / "spool" / files.text(0);
            std::filesystem::create_directories(file.parent_path());
            std::ofstream{file} << 'x';
        }
    }
    const auto start = Steady::now();
    Database db{dir / "bucky.db"};
    if (recover(db, dir.path(), clock).files_swept != 0) throw std::runtime_error("swept");
    return ms_since(start) / 1000;
}

}  // namespace

int main() {
    std::printf("%s\n\n", bench::machine_line().c_str());
    // in turn, twice: other work on the machine must not fall on one of them alone
    double few = claim_and_finish(1000);
    double many = claim_and_finish(1'000'000);
    few = std::min(few, claim_and_finish(1000));
    many = std::min(many, claim_and_finish(1'000'000));
    std::printf(
        "| claim + finish of a job, two synced commits | ms, median |\n|---|---|\n"
        "| among 1,000 | %.2f |\n| among 1,000,000 | %.2f |\n| ratio | %.2f |\n\n",
        few, many, many / few);
    std::printf(
        "Opening and recovering 100,000 spooled instances and 1,000,000 finished jobs: "
        "%.2f s\n",
        start_over_history());
    return 0;
}
