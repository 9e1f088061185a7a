// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <cerrno>
#include <fstream>
#include <iterator>

#include "storage/peer_classes.h"
#include "tests/storage/data_folder.h"
#include "tests/storage/fault_of.h"
#include "tests/storage/faulty_calls.h"

namespace bucky::storage::test {
namespace {

/// A claimed report job for one image.
Job report_job(DataFolder& node) {
    if (node.instance_rows() == 0) {
        node.send({.sop_instance = "1.1"});
        REQUIRE(node.give_verdict());
    } else {
        REQUIRE(node.studies.retry(kStudy) == 1);
        REQUIRE(node.give_verdict());
    }
    node.clock.advance_ms(3000);
    REQUIRE(node.studies.make_due_reports() == 1);
    const auto job = node.jobs.claim(Lane::report(), 60'000);
    REQUIRE(job);
    return *job;
}

std::vector<NewResult> report_and_picture() {
    return {{Uid{"1.9.1"}, Uid{"1.8.1"}, kExplicitLittle, "sr", bytes_of("a report")},
            {Uid{"1.9.2"}, Uid{"1.8.2"}, kExplicitLittle, "overlay", bytes_of("a picture")}};
}

}  // namespace

TEST_CASE("results are files, rows and one deliver job for each and each destination",
          "[storage]") {
    DataFolder node;
    const auto job = report_job(node);
    const std::string destinations[] = {"pacs", "archive"};
    REQUIRE(node.outbox.put(job, report_and_picture(), destinations));

    const auto report = node.outbox.result("1.9.1");
    REQUIRE(report);
    CHECK(report->kind == "sr");
    CHECK(report->study == kStudy);
    CHECK(report->sop_class.str() == "1.8.1");
    CHECK(report->transfer_syntax == kExplicitLittle);
    CHECK(report->created_at_ms == kStartMs + 3000);
    std::ifstream file{report->file};
    CHECK(std::string{std::istreambuf_iterator<char>{file}, {}} == "a report");
    CHECK(node.outbox.results_of_study(kStudy).size() == 2);
    CHECK_FALSE(node.outbox.result("1.9.3"));

    for (const auto& lane : {Lane::deliver("pacs"), Lane::deliver("archive")}) {
        for (const auto* result : {"1.9.1", "1.9.2"}) {  // in order of put()
            const auto deliver = node.jobs.claim(lane, 60'000);
            REQUIRE(deliver);
            CHECK(deliver->subject == result);
            CHECK(deliver->study == kStudy);
        }
        CHECK_FALSE(node.jobs.claim(lane, 60'000));
    }
    CHECK(node.studies.line(kStudy)->state == StudyState::reported);
    CHECK(node.studies.last_report(kStudy) == Uid{"1.9.1"});
    CHECK(node.events().back() == "report.made");
    CHECK_FALSE(node.jobs.claim(Lane::report(), 60'000));
}

TEST_CASE("a result is as old as the last image it covers, not as one that came later",
          "[storage]") {
    DataFolder node;
    const auto job = report_job(node);  // its image came 3 s ago
    REQUIRE(node.outbox.put(job, report_and_picture(), {}));
    const auto report = node.outbox.result("1.9.1").value();
    CHECK(node.outbox.last_byte_ms(report) == kStartMs);
    node.clock.advance_ms(60'000);
    node.send({.sop_instance = "1.2", .bytes = "another"});
    CHECK(node.outbox.last_byte_ms(report) == kStartMs);
}

TEST_CASE("a result of a study that was run again is as old as that request", "[storage]") {
    DataFolder node;
    REQUIRE(node.outbox.put(report_job(node), report_and_picture(), {}));
    node.clock.advance_ms(86'400'000);
    const auto asked_at_ms = node.clock.now_ms();
    const NewResult again[] = {{.sop_instance = Uid{"1.9.7"},
                                .sop_class = Uid{"1.8.1"},
                                .transfer_syntax = kExplicitLittle,
                                .kind = "sr",
                                .part10 = bytes_of("by another model")}};
    REQUIRE(node.outbox.put(report_job(node), again, {}));
    CHECK(node.outbox.last_byte_ms(node.outbox.result("1.9.7").value()) == asked_at_ms);
}

TEST_CASE("repeated results are not stored twice, and go to destinations that lack them",
          "[storage]") {
    DataFolder node;
    const std::string pacs[] = {"pacs"};
    const std::string both[] = {"pacs", "archive"};
    REQUIRE(node.outbox.put(report_job(node), report_and_picture(), pacs));
    while (const auto deliver = node.jobs.claim(Lane::deliver("pacs"), 60'000)) {
        node.jobs.finish(*deliver);
    }
    const auto before = node.files();
    REQUIRE(node.outbox.put(report_job(node), report_and_picture(), both));
    CHECK(node.files() == before);
    CHECK(node.result_rows() == 2);
    CHECK_FALSE(node.jobs.claim(Lane::deliver("pacs"), 60'000));
    CHECK(node.jobs.claim(Lane::deliver("archive"), 60'000));
    CHECK(node.jobs.claim(Lane::deliver("archive"), 60'000));
    CHECK_FALSE(node.jobs.claim(Lane::deliver("archive"), 60'000));
    CHECK(node.studies.line(kStudy)->state == StudyState::reported);
    CHECK(node.journal.of_study(kStudy).back().words == "2 objects, 0 of them new");
}

TEST_CASE("whatever file call fails, no result is kept and the job still runs", "[storage]") {
    for (const auto& [error, fault] :
         {std::pair{ENOSPC, Fault::exhausted}, std::pair{EIO, Fault::unavailable}}) {
        DataFolder node;
        const auto job = report_job(node);
        const auto before = node.files();
        FaultyCalls calls;
        Spool results{node.dir / "results", 0, calls.table()};
        Outbox outbox{node.db, results, node.clock};
        const std::string destinations[] = {"pacs"};
        for (int at = 1;; ++at) {
            FaultyCalls::fail(at, error);
            const auto thrown =
                thrown_by([&] { outbox.put(job, report_and_picture(), destinations); });
            if (thrown.none()) break;
            INFO("call " << at << ": " << thrown);
            CHECK(thrown == fault);
            CHECK(node.files() == before);
            CHECK(node.result_rows() == 0);
            CHECK(node.studies.line(kStudy)->state == StudyState::reporting);
        }
        CHECK(node.result_rows() == 2);
        CHECK(node.files().size() == before.size() + 2);
    }
}

TEST_CASE("a node without destinations keeps its results", "[storage]") {
    DataFolder node;
    REQUIRE(node.outbox.put(report_job(node), report_and_picture(), {}));
    CHECK(node.outbox.results_of_study(kStudy).size() == 2);
    CHECK(node.studies.line(kStudy)->deliveries_open == 0);
}

TEST_CASE("a result that names its destinations goes only to those", "[storage]") {
    DataFolder node;
    auto made = report_and_picture();
    made[1].only_for = std::vector<std::string>{"archive"};
    made[1].rendering = "ko";
    const std::string destinations[] = {"pacs", "archive"};
    REQUIRE(node.outbox.put(report_job(node), made, destinations));
    REQUIRE(node.jobs.claim(Lane::deliver("pacs"), 60'000)->subject == "1.9.1");
    CHECK_FALSE(node.jobs.claim(Lane::deliver("pacs"), 60'000));
    CHECK(node.jobs.claim(Lane::deliver("archive"), 60'000)->subject == "1.9.1");
    CHECK(node.jobs.claim(Lane::deliver("archive"), 60'000)->subject == "1.9.2");
}

TEST_CASE("a result whose class is not accepted makes its study due for another report at once",
          "[storage]") {
    DataFolder node;
    const std::string pacs[] = {"pacs"};
    REQUIRE(node.outbox.put(report_job(node), report_and_picture(), pacs));
    const auto deliver = node.jobs.claim(Lane::deliver("pacs"), 60'000);
    REQUIRE(deliver);
    CHECK_FALSE(node.outbox.first_made_again_ms(*deliver));
    REQUIRE(node.outbox.make_again(*deliver, "not this class"));
    CHECK_FALSE(node.outbox.make_again(*deliver, "not this class"));  // its lease is no longer ours
    CHECK(node.events().back() == word_of(JournalEvent::result_taken_back));
    CHECK(node.outbox.first_made_again_ms(*deliver) == node.clock.now_ms());

    REQUIRE(node.studies.make_due_reports() == 1);
    const auto again = node.jobs.claim(Lane::report(), 60'000);
    REQUIRE(again);
    auto made = report_and_picture();
    made[0].sop_instance = Uid{"1.9.3"};
    made[0].rendering = "other class";
    REQUIRE(node.outbox.put(*again, made, pacs));
    // The picture was not refused and is not sent twice.
    CHECK(node.jobs.claim(Lane::deliver("pacs"), 60'000)->subject == "1.9.2");
    CHECK(node.jobs.claim(Lane::deliver("pacs"), 60'000)->subject == "1.9.3");
    CHECK_FALSE(node.jobs.claim(Lane::deliver("pacs"), 60'000));
    CHECK(node.studies.line(kStudy)->state == StudyState::reported);
    CHECK(node.studies.last_report(kStudy) == Uid{"1.9.1"});
    CHECK(node.studies.last_report(kStudy, "other class") == Uid{"1.9.3"});
}

TEST_CASE("the last answer of a destination about a class is stored", "[storage]") {
    DataFolder node;
    PeerClasses classes{node.db, node.clock};
    CHECK_FALSE(classes.takes("pacs", "1.8.1"));
    classes.remember("pacs", "1.8.1", false);
    classes.remember("pacs", "1.8.2", true);
    CHECK(classes.takes("pacs", "1.8.1") == false);
    CHECK(classes.takes("pacs", "1.8.2") == true);
    CHECK_FALSE(classes.takes("archive", "1.8.1"));
    classes.remember("pacs", "1.8.1", true);
    CHECK(classes.takes("pacs", "1.8.1") == true);
}

}  // namespace bucky::storage::test
