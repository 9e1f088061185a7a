// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <cerrno>
#include <fstream>
#include <iterator>

#include "tests/storage/data_folder.h"
#include "tests/storage/fault_of.h"
#include "tests/storage/faulty_calls.h"

namespace bucky::storage::test {
namespace {

/// A Part 10 file whose meta header names its writer (PS3.10 7.1).
std::string part10(std::string_view written_by, std::string_view data_set) {
    std::string meta{"\x02\x00\x13\x00SH", 6};
    meta += static_cast<char>(written_by.size());
    meta += '\0';
    meta += written_by;
    std::string file(128, '\0');
    file += "DICM";
    file += std::string{"\x02\x00\x00\x00UL\x04\x00", 8};
    file += static_cast<char>(meta.size());
    file += std::string(3, '\0');
    return file + meta + std::string{data_set};
}

}  // namespace

TEST_CASE("a fresh image is a file, a row, a study and a job", "[storage]") {
    DataFolder node;
    const auto receipt = node.send({.sop_instance = "1.1", .bytes = "some pixels"});
    CHECK(receipt.kept == Receipt::Kept::fresh);
    const auto instance = node.studies.instance(receipt.instance_id);
    REQUIRE(instance);
    CHECK(instance->sop_instance.str() == "1.1");
    CHECK(instance->study.str() == kStudy);
    CHECK(instance->calling_ae == "XRAY1");
    CHECK(instance->bytes == 11);
    CHECK(instance->received_at_ms == kStartMs);
    CHECK(instance->awaiting);
    CHECK_FALSE(instance->conflicting);
    std::ifstream file{node.spool.absolute(instance->file)};
    CHECK(std::string{std::istreambuf_iterator<char>{file}, {}} == "some pixels");

    const auto job = node.jobs.claim(Lane::infer(), 60'000);
    REQUIRE(job);
    CHECK(job->subject == std::to_string(receipt.instance_id));
    CHECK(node.studies.line(kStudy)->accession_number == "A-1");
    CHECK(node.events() == std::vector<std::string>{"image.received"});
}

TEST_CASE("the same bytes again are kept once, however often they come", "[storage]") {
    DataFolder node;
    const auto first = node.send({.sop_instance = "1.1"});
    const auto before = node.files();
    for (int at = 0; at < 5; ++at) {
        const auto again = node.send({.sop_instance = "1.1", .association = "8"});
        CHECK(again.kept == Receipt::Kept::again);
        CHECK(again.instance_id == first.instance_id);
    }
    CHECK(node.files() == before);
    CHECK(node.instance_rows() == 1);
    CHECK(node.jobs.jobs_of_study(kStudy).size() == 1);
    CHECK(node.events() == std::vector<std::string>{"image.received", "image.again"});
    CHECK(node.journal.of_study(kStudy)[1].times == 5);
}

TEST_CASE("a meta header that we wrote differently does not make another image", "[storage]") {
    DataFolder node;
    node.send({.sop_instance = "1.1", .bytes = part10("BUCKY_01", "pixels")});
    CHECK(node.send({.sop_instance = "1.1", .bytes = part10("BUCKY_02.1", "pixels")}).kept ==
          Receipt::Kept::again);
    CHECK(node.send({.sop_instance = "1.1", .bytes = part10("BUCKY_01", "pixelz")}).kept ==
          Receipt::Kept::conflicting);
    CHECK(node.send({.sop_instance = "1.1", .bytes = part10("BUCKY_01", "pixels ")}).kept ==
          Receipt::Kept::conflicting);
}

TEST_CASE("other bytes under the same UID are kept apart, recorded, and not analysed",
          "[storage]") {
    DataFolder node;
    const auto first = node.send({.sop_instance = "1.1", .bytes = "one"});
    const auto second = node.send({.sop_instance = "1.1", .bytes = "two"});
    CHECK(second.kept == Receipt::Kept::conflicting);
    CHECK(second.instance_id != first.instance_id);
    CHECK(node.files().size() == 2);
    const auto instances = node.studies.instances(kStudy);
    REQUIRE(instances.size() == 2);
    CHECK_FALSE(instances[0].conflicting);
    CHECK(instances[1].conflicting);
    CHECK_FALSE(instances[1].awaiting);
    CHECK(node.jobs.jobs_of_study(kStudy).size() == 1);
    CHECK(node.studies.line(kStudy)->not_analysed == 1);
    CHECK(node.events() == std::vector<std::string>{"image.received", "image.conflict"});

    // Both may come again any number of times.
    CHECK(node.send({.sop_instance = "1.1", .bytes = "two"}).kept == Receipt::Kept::again);
    CHECK(node.send({.sop_instance = "1.1", .bytes = "one"}).kept == Receipt::Kept::again);
    CHECK(node.files().size() == 2);
}

TEST_CASE("the same UID in another study is a conflict there", "[storage]") {
    DataFolder node;
    node.send({.sop_instance = "1.1"});
    CHECK(node.send({.sop_instance = "1.1", .study = "1.2.3.2"}).kept ==
          Receipt::Kept::conflicting);
    CHECK(node.studies.instances("1.2.3.2").size() == 1);
    CHECK(node.studies.line(kStudy)->images == 1);
}

TEST_CASE("the same image in another transfer syntax is the same image", "[storage]") {
    DataFolder node;
    node.send({.sop_instance = "1.1", .bytes = "raw"});
    CHECK(node.send({.sop_instance = "1.1", .bytes = "packed", .transfer_syntax = kJpegLossless})
              .kept == Receipt::Kept::again);
    CHECK(node.files().size() == 1);
    const auto story = node.journal.of_study(kStudy);
    REQUIRE(story.size() == 2);
    CHECK(story[1].words.find(kJpegLossless) != std::string::npos);
    // But not when it names another study.
    CHECK(node.send({.sop_instance = "1.1", .series = "9.9", .transfer_syntax = kJpegLossless})
              .kept == Receipt::Kept::conflicting);
}

TEST_CASE("our own result that comes back is not kept and starts nothing", "[storage]") {
    DataFolder node;
    node.send({.sop_instance = "1.1"});
    node.give_verdict();
    node.clock.advance_ms(3000);
    REQUIRE(node.studies.make_due_reports() == 1);
    const auto job = node.jobs.claim(Lane::report(), 60'000);
    REQUIRE(job);
    REQUIRE(node.put(*job, "1.1"));
    const auto before = node.files();
    const auto back = node.send({.sop_instance = Uid::from_name("sr 1.1").str(), .bytes = "SR"});
    CHECK(back.kept == Receipt::Kept::own_result);
    CHECK(node.files() == before);
    CHECK(node.studies.line(kStudy)->state == StudyState::reported);
    CHECK(node.events().back() == "image.own_result");
}

TEST_CASE("an object of our make whose rows were removed starts nothing either, and is recorded",
          "[storage]") {
    DataFolder node;
    const auto back = node.send({.sop_instance = "2.25.7", .is_of_our_make = true});
    CHECK(back.kept == Receipt::Kept::own_result);
    CHECK(node.files().empty());
    CHECK_FALSE(node.studies.line(kStudy));
    CHECK(node.jobs.open(Lane::infer()) == 0);
    const auto story = node.journal.of_study(kStudy);
    REQUIRE(story.size() == 1);
    CHECK(story[0].event == "image.own_result");
    CHECK(story[0].words.find("not analysed") != std::string::npos);
}

TEST_CASE("a study that the PACS sends back, images and results, runs nothing again", "[storage]") {
    DataFolder node;
    node.send({.sop_instance = "1.1", .bytes = "one"});
    node.send({.sop_instance = "1.2", .bytes = "two"});
    node.finish_all();
    node.deliver_all();
    const auto before = node.files();
    CHECK(node.send({.sop_instance = "1.1", .bytes = "one"}).kept == Receipt::Kept::again);
    CHECK(node.send({.sop_instance = "1.2", .bytes = "two"}).kept == Receipt::Kept::again);
    for (const auto& result : node.outbox.results_of_study(kStudy)) {
        CHECK(node.send({.sop_instance = result.sop_instance.str()}).kept ==
              Receipt::Kept::own_result);
    }
    CHECK(node.files() == before);
    CHECK(node.studies.line(kStudy)->state == StudyState::reported);
    CHECK(node.studies.line(kStudy)->deliveries_open == 0);
    for (const auto& lane : node.jobs.backlog()) {
        CHECK(lane.ready + lane.running + lane.parked == 0);
    }
}

TEST_CASE("sending an image again repeats refused results, and no delivered ones", "[storage]") {
    DataFolder node;
    node.send({.sop_instance = "1.1"});
    REQUIRE(node.give_verdict());
    node.clock.advance_ms(3000);
    REQUIRE(node.studies.make_due_reports() == 1);
    REQUIRE(node.put(*node.jobs.claim(Lane::report(), 60'000), kStudy));
    node.jobs.finish(*node.jobs.claim(Lane::deliver("pacs"), 60'000));
    node.jobs.park(*node.jobs.claim(Lane::deliver("pacs"), 60'000), "A900");
    CHECK(node.send({.sop_instance = "1.1"}).kept == Receipt::Kept::again);
    CHECK(node.events().back() == "result.again");
    CHECK(node.jobs.claim(Lane::deliver("pacs"), 60'000));
    CHECK_FALSE(node.jobs.claim(Lane::deliver("pacs"), 60'000));
    CHECK_FALSE(node.jobs.claim(Lane::infer(), 60'000));
}

TEST_CASE("whatever file call fails, nothing is kept: no file, no row, no job", "[storage]") {
    for (const auto& [error, fault] :
         {std::pair{ENOSPC, Fault::exhausted}, std::pair{EIO, Fault::unavailable}}) {
        DataFolder node;
        FaultyCalls calls;
        Spool spool{node.dir / "spool", 0, calls.table()};
        Intake intake{node.db, spool, node.clock, {}};
        for (int at = 1;; ++at) {
            FaultyCalls::fail(at, error);
            const auto thrown =
                thrown_by([&] { DataFolder::send(intake, spool, {.sop_instance = "1.1"}); });
            if (thrown.none()) break;
            INFO("call " << at << ": " << thrown);
            CHECK(thrown == fault);
            CHECK(node.files().empty());
            CHECK(node.instance_rows() == 0);
            CHECK(node.jobs.jobs_of_study(kStudy).empty());
            CHECK_FALSE(node.studies.line(kStudy));
        }
        CHECK(node.instance_rows() == 1);
        CHECK(node.files().size() == 1);
    }
}

TEST_CASE("a reopened folder keeps every answered image and its job", "[storage]") {
    DataFolder node;
    for (int at = 1; at <= 10; ++at) {
        node.send({.sop_instance = "1." + std::to_string(at), .bytes = std::to_string(at)});
    }
    Database reopened{node.dir / "bucky.db"};
    CHECK(Studies{reopened, node.clock}.instances(kStudy).size() == 10);
    int jobs = 0;
    while (JobQueue{reopened, node.clock}.claim(Lane::infer(), 60'000)) ++jobs;
    CHECK(jobs == 10);
}

}  // namespace bucky::storage::test
