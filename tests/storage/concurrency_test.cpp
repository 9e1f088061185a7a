// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include "conf/base/error.h"
#include "tests/storage/data_folder.h"

namespace bucky::storage::test {
namespace {

/// Runs `work(number)` on `threads` threads and waits for all.
template <typename Work>
void on_threads(int threads, Work work) {
    std::vector<std::jthread> running;
    for (int number = 0; number < threads; ++number) running.emplace_back(work, number);
}

}  // namespace

TEST_CASE("eight senders through eight databases: every image is kept once", "[storage]") {
    DataFolder node;
    std::atomic<int> fresh = 0;
    on_threads(8, [&](int number) {
        Database db{node.dir / "bucky.db"};
        Intake intake{db, node.spool, node.clock, {}};
        for (int at = 0; at < 10; ++at) {
            const auto name = "1." + std::to_string(number) + '.' + std::to_string(at);
            if (DataFolder::send(intake, node.spool, {.sop_instance = name}).kept ==
                Receipt::Kept::fresh) {
                ++fresh;
            }
        }
    });
    CHECK(fresh == 80);
    CHECK(node.studies.instances(kStudy).size() == 80);
    CHECK(node.studies.line(kStudy)->pending == 80);
    CHECK(node.files().size() == 80);
}

TEST_CASE("the same image on eight associations at once is fresh on one and again on the others",
          "[storage]") {
    DataFolder node;
    std::atomic<int> fresh = 0;
    std::atomic<int> again = 0;  // CHECK of Catch is for one thread
    on_threads(8, [&](int) {
        Database db{node.dir / "bucky.db"};
        Intake intake{db, node.spool, node.clock, {}};
        for (int image = 0; image < 5; ++image) {
            const auto receipt = DataFolder::send(intake, node.spool,
                                                  {.sop_instance = "1." + std::to_string(image)});
            if (receipt.kept == Receipt::Kept::fresh) ++fresh;
            if (receipt.kept == Receipt::Kept::again) ++again;
        }
    });
    CHECK(fresh == 5);
    CHECK(again == 35);
    CHECK(node.files().size() == 5);
    CHECK(node.studies.line(kStudy)->pending == 5);
}

TEST_CASE("no two workers are ever given the same job", "[storage]") {
    DataFolder node;
    for (int at = 0; at < 40; ++at) node.send({.sop_instance = "1." + std::to_string(at)});
    std::mutex guard;
    std::vector<std::string> claimed;
    on_threads(4, [&](int) {
        Database db{node.dir / "bucky.db"};
        JobQueue jobs{db, node.clock};
        while (const auto job = jobs.claim(Lane::infer(), 60'000)) {
            const std::lock_guard lock(guard);
            claimed.push_back(job->subject);
        }
    });
    CHECK(claimed.size() == 40);
    std::sort(claimed.begin(), claimed.end());
    CHECK(std::adjacent_find(claimed.begin(), claimed.end()) == claimed.end());
}

namespace {

/// Records what four report workers do with each study, in order.
class Witness {
public:
    void begins(const std::string& study) {
        const std::lock_guard lock(guard_);
        collisions_ += at_hand_.insert(study).second ? 0 : 1;
    }
    void ends(const std::string& study) {
        const std::lock_guard lock(guard_);
        at_hand_.erase(study);
    }
    /// A report of so many images that supersedes `before`, recorded while its worker held the
    /// study.
    void kept(const std::string& study, int images, const std::optional<Uid>& before) {
        const std::lock_guard lock(guard_);
        auto& said = said_[study];
        overtaken_ += said.images > images ? 1 : 0;
        collisions_ += said.last == before ? 0 : 1;
        said = {images, report_of(study, images)};
    }
    static Uid report_of(const std::string& study, int images) {
        return Uid::from_name("sr " + study + '/' + std::to_string(images));
    }
    int collisions() const { return collisions_; }
    int overtaken() const { return overtaken_; }
    int images(const std::string& study) { return said_[study].images; }

private:
    struct Said {
        int images = 0;
        std::optional<Uid> last{};
    };
    std::mutex guard_;
    std::set<std::string> at_hand_;
    std::map<std::string, Said> said_;
    int collisions_ = 0, overtaken_ = 0;
};

/// The loop of a report worker, as in tools/bucky, until `are_done` returns true.
void report_until(DataFolder& node, Witness& witness, const std::function<bool()>& are_done) {
    Database db{node.dir / "bucky.db"};
    Studies studies{db, node.clock};
    JobQueue jobs{db, node.clock};
    Spool results{node.dir / "results", 0, without_syncs()};
    Outbox outbox{db, results, node.clock};
    while (!are_done()) {
        studies.make_due_reports();
        const auto job = jobs.claim(Lane::report(), 60'000);
        if (!job) {
            std::this_thread::yield();
            continue;
        }
        witness.begins(job->study);
        int images = 0;
        for (const auto& instance : studies.instances(job->study)) {
            images += instance.verdict.empty() ? 0 : 1;
        }
        const auto before = studies.last_report(job->study);
        const auto report = Witness::report_of(job->study, images);
        const NewResult made[] = {
            {.sop_instance = report,
             .sop_class = Uid{"1.8.1"},
             .transfer_syntax = kExplicitLittle,
             .kind = "sr",
             .part10 = bytes_of("SR")},
        };
        const std::string destinations[] = {"pacs"};
        // Recorded first: once the report is kept, another worker may take the study's next report.
        witness.kept(job->study, images, before);
        witness.ends(job->study);
        if (!outbox.put(*job, made, destinations)) witness.begins(job->study);
    }
}

}  // namespace

TEST_CASE(
    "four report workers and images that come late: reports of one study never meet and "
    "never overtake each other",
    "[storage]") {
    constexpr int kStudies = 3;
    constexpr int kImages = 12;
    DataFolder node;
    Witness witness;
    const auto study = [](int number) { return "1.2." + std::to_string(number); };
    std::atomic<bool> all_came = false;
    const auto is_done = [&](Studies& studies) {
        if (!all_came) return false;
        for (int number = 0; number < kStudies; ++number) {
            if (studies.line(study(number))->state != StudyState::reported) return false;
        }
        return true;
    };
    on_threads(5, [&](int thread) {
        Database db{node.dir / "bucky.db"};
        Studies studies{db, node.clock};
        if (thread > 0) {
            report_until(node, witness, [&] { return is_done(studies); });
            return;
        }
        Intake intake{db, node.spool, node.clock, StudyTimes{0, 300'000}};
        JobQueue jobs{db, node.clock};
        for (int image = 0; image < kImages * kStudies; ++image) {
            const auto of = study(image % kStudies);
            DataFolder::send(
                intake, node.spool,
                {.sop_instance = of + '.' + std::to_string(image), .bytes = of, .study = of});
            while (const auto job = jobs.claim(Lane::infer(), 60'000)) {
                studies.record_verdict(*job, "no_findings", "{}");
            }
        }
        all_came = true;
    });
    CHECK(witness.collisions() == 0);
    CHECK(witness.overtaken() == 0);
    for (int number = 0; number < kStudies; ++number) {
        CHECK(witness.images(study(number)) == kImages);
        CHECK(node.studies.last_report(study(number)) ==
              Witness::report_of(study(number), kImages));
    }
}

TEST_CASE("writers of one process take turns: none ever finds the file busy", "[storage]") {
    DataFolder node;
    std::atomic<int> written = 0;
    on_threads(8, [&](int) {
        Database db{node.dir / "bucky.db"};
        // Without turns, SQLite would now answer "busy" to a second writer.
        db.prepare({"test.impatient", "PRAGMA busy_timeout = 0"}).run();
        Journal journal{db, node.clock};
        for (int at = 0; at < 50; ++at) {
            try {
                journal.write("1.1", "", JournalEvent::study_retry, "");
                ++written;
            } catch (const Error&) {  // not counted as written
            }
        }
    });
    CHECK(written == 400);
    CHECK(node.journal.of_study("1.1").size() == 400);
}

TEST_CASE("threads that open a new database at once find it made once and whole", "[storage]") {
    const bucky::test::TempDir dir;
    std::atomic<int> opened = 0;
    on_threads(8, [&](int) {
        Database db{dir / "bucky.db"};
        Database::Transaction transaction{db};
        transaction.commit();
        ++opened;
    });
    CHECK(opened == 8);
}

}  // namespace bucky::storage::test
