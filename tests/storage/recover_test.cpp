// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/storage/data_folder.h"
#include "tests/storage/fault_of.h"

namespace bucky::storage::test {
namespace {

constexpr std::int64_t kHourMs = 3'600'000;

Recovered recovered(DataFolder& node) {
    return recover(node.db, node.dir.path(), node.clock);
}

/// The state after a crash between rename and commit, or with a restored database.
std::string orphan(DataFolder& node, Spool& in, const std::string& bytes = "without a row") {
    auto file = in.open();
    file.write(bytes_of(bytes));
    return in.keep(file, node.clock.now_ms());
}

std::size_t files_below(const std::filesystem::path& folder) {
    std::size_t files = 0;
    std::error_code missing;
    for (const auto& entry : std::filesystem::recursive_directory_iterator{folder, missing}) {
        files += entry.is_regular_file() ? 1 : 0;
    }
    return files;
}

/// As a crash while receiving leaves it.
void half_received(const Spool& in) {
    std::ofstream{in.root() / kIncomingFolder / "0f.part"} << "half";
}

}  // namespace

TEST_CASE("an empty folder, and one without its parts, recover to nothing", "[storage]") {
    DataFolder node;
    CHECK(recovered(node).files_swept == 0);
    const bucky::test::TempDir bare;
    CHECK(recover(node.db, bare.path(), node.clock).files_swept == 0);
}

TEST_CASE("files whose senders got no answer are deleted, files without a row are not",
          "[storage]") {
    DataFolder node;
    node.send({.sop_instance = "1.1"});
    REQUIRE(node.give_verdict());
    node.clock.advance_ms(3000);
    REQUIRE(node.studies.make_due_reports() == 1);
    const auto job = node.jobs.claim(Lane::report(), 60'000);
    REQUIRE(job);
    REQUIRE(node.put(*job, "A"));
    const auto answered = node.files();

    for (auto* spool : {&node.spool, &node.results}) {
        half_received(*spool);
        orphan(node, *spool);
        node.clock.advance_ms(kHourMs);
        orphan(node, *spool);
    }
    CHECK(node.files().size() == answered.size() + 6);
    const auto first = recovered(node);
    CHECK(first.files_swept == 2);
    CHECK(first.images_found == 2);
    CHECK(first.results_aside == 2);
    CHECK(files_below(node.spool.root() / kReingestFolder) == 2);
    CHECK(files_below(node.dir / "aside" / "2026-11-23" / "results") == 2);
    CHECK(node.files().size() == answered.size() + 2);

    const auto second = recovered(node);  // it crashed before it had taken one in
    CHECK(second.images_found == 2);
    CHECK(second.results_aside == 0);
}

TEST_CASE("a file that was kept just before the hour of the last row is found too", "[storage]") {
    DataFolder node;
    orphan(node, node.spool);
    node.clock.advance_ms(kHourMs);
    node.send({.sop_instance = "1.1"});
    CHECK(recovered(node).images_found == 1);
}

TEST_CASE("history is not read: a stray file in an old hour stays", "[storage]") {
    DataFolder node;
    orphan(node, node.spool);
    for (int hour = 0; hour < 3; ++hour) {
        node.clock.advance_ms(kHourMs);
        node.send({.sop_instance = "1." + std::to_string(hour)});
    }
    CHECK(recovered(node).images_found == 0);
    CHECK(node.files().size() == 4);
}

TEST_CASE("running jobs of every lane are ready again, and keep count of their attempts",
          "[storage]") {
    DataFolder node;
    node.send({.sop_instance = "1.1", .study = "1.2.1"});
    REQUIRE(node.give_verdict());
    node.clock.advance_ms(3000);
    REQUIRE(node.studies.make_due_reports() == 1);
    auto report = node.jobs.claim(Lane::report(), 60'000);
    REQUIRE(report);
    REQUIRE(node.put(*report, "A"));
    REQUIRE(node.jobs.claim(Lane::deliver("pacs"), 60'000));
    node.send({.sop_instance = "1.2", .study = "1.2.2"});
    REQUIRE(node.jobs.claim(Lane::infer(), 60'000));

    const auto all = recovered(node);
    CHECK(all.jobs_returned == 2);
    CHECK(all.images_returned == 1);
    CHECK(all.reports_returned == 0);
    CHECK(recovered(node).jobs_returned == 0);
    const auto infer = node.jobs.claim(Lane::infer(), 60'000);
    REQUIRE(infer);
    CHECK(infer->attempt == 2);
    const auto deliver = node.jobs.claim(Lane::deliver("pacs"), 60'000);
    REQUIRE(deliver);
    CHECK(deliver->attempt == 2);
}

TEST_CASE("the running reports of several workers are all returned and counted", "[storage]") {
    DataFolder node;
    for (const auto* study : {"1.2.1", "1.2.2", "1.2.3"}) {
        node.send({.sop_instance = std::string{study} + ".9", .bytes = study, .study = study});
        REQUIRE(node.give_verdict());
    }
    node.clock.advance_ms(3000);
    REQUIRE(node.studies.make_due_reports() == 3);
    REQUIRE(node.jobs.claim(Lane::report(), 60'000));
    REQUIRE(node.jobs.claim(Lane::report(), 60'000));
    const auto returned = recovered(node);
    CHECK(returned.jobs_returned == 2);
    CHECK(returned.reports_returned == 2);
    CHECK(returned.images_returned == 0);
    for (int report = 0; report < 3; ++report) CHECK(node.jobs.claim(Lane::report(), 60'000));
    CHECK_FALSE(node.jobs.claim(Lane::report(), 60'000));
}

TEST_CASE("deaths are counted apart from failures, and both begin anew when a person says so",
          "[storage][crash]") {
    DataFolder node;
    node.send({.sop_instance = "1.1"});
    for (int failure = 0; failure < 3; ++failure) {
        const auto job = node.jobs.claim(Lane::infer(), 60'000);
        REQUIRE(job);
        CHECK(job->deaths == 0);
        CHECK(job->own_faults == failure);
        node.jobs.retry_later(*job, node.clock.now_ms(), "no", Blame::subject);
    }
    REQUIRE(node.jobs.claim(Lane::infer(), 60'000));
    recovered(node);
    auto job = node.jobs.claim(Lane::infer(), 60'000);  // the first crash: it is due at once
    REQUIRE(job);
    CHECK(job->attempt == 5);
    CHECK(job->deaths == 1);
    CHECK(job->own_faults == 3);
    node.jobs.retry_later(*job, node.clock.now_ms() + 1000, "no");
    CHECK(node.jobs.backlog().at(0).failing == 1);
    node.jobs.resubmit(Lane::infer());
    job = node.jobs.claim(Lane::infer(), 60'000);
    REQUIRE(job);
    CHECK(job->deaths == 0);
    CHECK(job->own_faults == 0);
}

TEST_CASE("a stop that runs out of time is no death of its jobs, the crash after it is",
          "[storage][crash]") {
    DataFolder node;
    node.send({.sop_instance = "1.1"});
    for (int stops = 0; stops < 3; ++stops) {
        REQUIRE(node.jobs.claim(Lane::infer(), 60'000));  // due at once, however often
        mark_stopping(node.dir.path());
        recovered(node);
    }
    auto job = node.jobs.claim(Lane::infer(), 60'000);
    REQUIRE(job);
    CHECK(job->deaths == 0);
    recovered(node);
    job = node.jobs.claim(Lane::infer(), 60'000);
    REQUIRE(job);
    CHECK(job->deaths == 1);
}

TEST_CASE("a job met by one death goes on at once, one met again waits longer each time",
          "[storage]") {
    DataFolder node;
    node.send({.sop_instance = "1.1"});
    REQUIRE(node.jobs.claim(Lane::infer(), 60'000));
    recovered(node);
    for (const std::int64_t wait_ms : {0, 1000, 2000, 4000, 8000, 16'000, 32'000, 32'000}) {
        if (wait_ms > 0) {
            node.clock.advance_ms(wait_ms - 1);
            CHECK_FALSE(node.jobs.claim(Lane::infer(), 60'000));
            node.clock.advance_ms(1);
        }
        REQUIRE(node.jobs.claim(Lane::infer(), 60'000));
        recovered(node);
    }
}

TEST_CASE("a spool without its database is found whole, whatever its size", "[storage]") {
    DataFolder node;
    const auto folder = node.dir / "spool" / "2026112312";
    std::filesystem::create_directory(folder);
    for (int file = 0; file < 2001; ++file) {
        std::ofstream{folder / (std::to_string(file) + ".dcm")};
    }
    CHECK(recovered(node).images_found == 2001);
    CHECK(files_below(node.spool.root() / kReingestFolder) == 2001);
}

TEST_CASE("a file that cannot be moved stays and does not prevent the start", "[storage]") {
    DataFolder node;
    orphan(node, node.results);
    std::ofstream{node.dir / "aside"} << "somebody's file, where a folder should be";
    CHECK(recovered(node).results_aside == 0);
    CHECK(node.files().size() == 1);
    std::filesystem::remove(node.dir / "aside");
    CHECK(recovered(node).results_aside == 1);
}

}  // namespace bucky::storage::test
