// SPDX-License-Identifier: Apache-2.0
// The cost of history: claiming and finishing a job beside 1,000 and beside 1,000,000 others, and a
// start with 100,000 spooled instances and 1,000,000 finished jobs. On a real disk, with fsync.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include <unistd.h>

#include "conf/base/clock.h"
#include "storage/database.h"
#include "storage/intake.h"
#include "storage/job_queue.h"
#include "storage/recover.h"
#include "storage/site.h"
#include "storage/spool.h"
#include "tests/bench/machine.h"
#include "tests/support/temp_dir.h"

namespace {

using namespace bucky;
using namespace bucky::storage;
using Steady = std::chrono::steady_clock;

constexpr std::int64_t kStartMs = 1'795'444'200'000;

/// Time of the clock, and of the processor alone, which other load does not change.
struct Took {
    double ms = 0, processor_ms = 0;
};

class Watch {
public:
    Took took() const {
        return {std::chrono::duration<double, std::milli>(Steady::now() - began_).count(),
                processor_ms() - processor_began_};
    }

private:
    static double processor_ms() {
        timespec now{};
        (void)::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
        return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
    }
    Steady::time_point began_ = Steady::now();
    double processor_began_ = processor_ms();
};

Took median(const std::vector<Took>& all) {
    const auto middle = [&](double Took::*of) {
        std::vector<double> values;
        for (const auto& one : all) values.push_back(one.*of);
        std::nth_element(values.begin(), values.begin() + std::ssize(values) / 2, values.end());
        return values[values.size() / 2];
    };
    return {middle(&Took::ms), middle(&Took::processor_ms)};
}

Took least(const Took& one, const Took& other) {
    return {std::min(one.ms, other.ms), std::min(one.processor_ms, other.processor_ms)};
}

void run(Database& db, const char* text, std::int64_t count = 0) {
    auto statement = db.prepare({"bench.fill", text});
    if (count > 0) statement.bind(":count", count);
    statement.run();
}

/// Inserts studies, each with an infer job in `state`; tenants alternate.
void insert_studies(Database& db, std::int64_t jobs, const char* insert_jobs) {
    Database::Transaction transaction(db);
    run(db, R"sql(
        INSERT INTO study (key, study_uid, accession_number, state, pending, first_image_ms,
                           last_image_ms, first_unreported_ms, due_at_ms, last_association)
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)
        SELECT '1.2.' || i, '1.2.' || i, '', 'reported', 0, i, i, i, i, '1' FROM n)sql",
        jobs);
    run(db, insert_jobs);
    transaction.commit();
}

constexpr auto kReadyJobs = R"sql(
    INSERT INTO job (lane, subject, study, state, created_at_ms, submitted_at_ms, not_before_ms,
                     tenant)
    SELECT 'infer', key, key, 'ready', first_image_ms, first_image_ms, first_image_ms,
           'site ' || (first_image_ms % 20) FROM study)sql";

/// A claim and a finish, median of many runs.
Took claim_and_finish(std::int64_t jobs, std::int64_t times) {
    const test::TempDir dir;
    const SystemClock clock;
    Database db = Site{dir.path()}.open();
    insert_studies(db, jobs, kReadyJobs);
    JobQueue queue{db, clock};
    std::vector<Took> took;
    for (std::int64_t at = 0; at < times; ++at) {
        const Watch watch;
        const auto job = queue.claim(Lane::infer(), 60'000);
        if (!job || !queue.finish(*job)) throw std::runtime_error("no job");
        took.push_back(watch.took());
    }
    return median(took);
}

/// Opening the database, recover() and the first count of the backlog, as a node does before it
/// listens.
Took start_over_history(std::int64_t instances, std::int64_t jobs) {
    const test::TempDir dir;
    const SettableClock clock{kStartMs};
    {
        Database db = Site{dir.path()}.open();
        const Spool spool{dir / "spool"}, results{dir / "results"};
        insert_studies(db, jobs, R"sql(
            INSERT INTO job (lane, subject, study, state, created_at_ms, submitted_at_ms,
                             not_before_ms)
            SELECT 'infer', key, key, 'done', 1, 1, 1 FROM study)sql");
        // all of them in the last two hours, which recover() has to read
        Database::Transaction transaction(db);
        run(db, R"sql(
            INSERT INTO instance (sop_instance, sop_class, study, series, transfer_syntax, file,
                                  size_bytes, association, calling_ae, called_ae, peer_address,
                                  received_at_ms, conflicting, awaiting, verdict)
            SELECT key || '.1', '1', key, '1', '1',
                   printf('20261123%02d/%d.dcm', first_image_ms > 50000, first_image_ms), 1, '1',
                   '', '', '', 1, 0, 0, 'findings'
              FROM study WHERE first_image_ms <= :count)sql",
            instances);
        transaction.commit();
        auto files = db.prepare({"bench.files", "SELECT file FROM instance"});
        while (files.step()) {
            const auto file = dir / "spool" / files.text(0);
            std::filesystem::create_directories(file.parent_path());
            std::ofstream{file} << 'x';
        }
    }
    ::sync();  // a node that starts has not just written its files
    const Watch watch;
    Database db = Site{dir.path()}.open();
    if (recover(db, dir.path(), clock).images_found != 0) throw std::runtime_error("found");
    (void)JobQueue(db, clock).backlog();
    return watch.took();
}

}  // namespace

/// Arguments: how many jobs are many (1000000), how many instances are spooled at the start
/// (100000), and how often a job is claimed (900).
int main(int count, char** arguments) {
    const auto number = [&](int at, std::int64_t otherwise) {
        return count > at ? std::atoll(arguments[at]) : otherwise;
    };
    const std::int64_t jobs = number(1, 1'000'000), instances = number(2, 100'000),
                       times = number(3, 900);
    std::printf("%s\n\n", bench::machine_line().c_str());
    // in turns, twice, so that other load does not affect only one of them
    Took few = claim_and_finish(1000, times);
    Took many = claim_and_finish(jobs, times);
    few = least(few, claim_and_finish(1000, times));
    many = least(many, claim_and_finish(jobs, times));
    std::printf(
        "| claim + finish of a job, two synced commits | ms, median | of it processor |\n"
        "|---|---|---|\n"
        "| among 1,000 | %.2f | %.3f |\n| among %lld | %.2f | %.3f |\n"
        "| ratio | %.2f | %.2f |\n\n",
        few.ms, few.processor_ms, static_cast<long long>(jobs), many.ms, many.processor_ms,
        many.ms / few.ms, many.processor_ms / few.processor_ms);
    const Took start = start_over_history(instances, jobs);
    std::printf(
        "Opening and recovering %lld spooled instances and %lld finished jobs: "
        "%.2f s, of it processor %.2f s\n",
        static_cast<long long>(instances), static_cast<long long>(jobs), start.ms / 1000,
        start.processor_ms / 1000);
    return 0;
}
