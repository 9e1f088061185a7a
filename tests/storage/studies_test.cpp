// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <algorithm>
#include <functional>

#include "tests/storage/data_folder.h"
#include "tests/storage/fault_of.h"

namespace bucky::storage::test {
namespace {

StudyState state(DataFolder& node, std::string_view study = kStudy) {
    return node.studies.line(study)->state;
}

/// One image with its verdict; its study is due and has a report job.
void image_to_report_job(DataFolder& node) {
    node.send({.sop_instance = "1.1", .bytes = "A"});
    REQUIRE(node.give_verdict());
    node.clock.advance_ms(3000);
    REQUIRE(node.studies.make_due_reports() == 1);
}

void image_to_report(DataFolder& node) {
    image_to_report_job(node);
    const auto job = node.jobs.claim(Lane::report(), 60'000);
    REQUIRE(job);
    REQUIRE(node.put(*job, "A"));
}

}  // namespace

TEST_CASE("a study is due when no image has come for the quiet time", "[storage]") {
    DataFolder node;
    node.send({.sop_instance = "1.1"});
    REQUIRE(node.give_verdict());
    node.clock.advance_ms(2000);
    node.send({.sop_instance = "1.2", .bytes = "B"});
    REQUIRE(node.give_verdict());
    CHECK(node.studies.next_due_ms() == kStartMs + 5000);
    node.clock.advance_ms(2999);
    CHECK(node.studies.make_due_reports() == 0);
    node.clock.advance_ms(1);
    CHECK(node.studies.make_due_reports() == 1);
    CHECK(state(node) == StudyState::reporting);
    CHECK(node.studies.make_due_reports() == 0);
    CHECK_FALSE(node.studies.next_due_ms());
}

TEST_CASE("a study that is never quiet is due at the ceiling", "[storage]") {
    DataFolder node;
    int images = 0;
    std::optional<std::int64_t> reported_after_ms;
    while (!reported_after_ms) {
        node.send({.sop_instance = "1." + std::to_string(++images)});
        REQUIRE(node.give_verdict());
        if (node.studies.make_due_reports() == 1) {
            reported_after_ms = node.clock.now_ms() - kStartMs;
        }
        node.clock.advance_ms(1000);
    }
    CHECK(*reported_after_ms == 300'000);
}

TEST_CASE("no report is made while an image awaits its verdict", "[storage]") {
    DataFolder node;
    node.send({.sop_instance = "1.1"});
    node.send({.sop_instance = "1.2", .bytes = "B"});
    REQUIRE(node.give_verdict());
    node.clock.advance_ms(1'000'000);
    CHECK(node.studies.line(kStudy)->pending == 1);
    CHECK(node.studies.make_due_reports() == 0);
    CHECK_FALSE(node.studies.next_due_ms());  // no time makes it due
    REQUIRE(node.give_verdict("failed"));
    CHECK(node.studies.next_due_ms() == kStartMs + 3000);
    CHECK(node.studies.make_due_reports() == 1);
}

TEST_CASE("the end of an association makes due the studies whose images all came in it",
          "[storage]") {
    DataFolder node;
    node.send({.sop_instance = "1.1", .study = "1.2.1", .association = "7"});
    node.send({.sop_instance = "1.2", .study = "1.2.2", .association = "7"});
    node.send({.sop_instance = "1.3", .study = "1.2.2", .association = "8"});
    while (node.give_verdict()) {
    }
    node.clock.advance_ms(10);
    node.intake.association_ended("6");
    CHECK(node.studies.make_due_reports() == 0);
    node.intake.association_ended("7");
    CHECK(node.studies.make_due_reports() == 1);
    CHECK(state(node, "1.2.1") == StudyState::reporting);
    CHECK(state(node, "1.2.2") == StudyState::open);
    node.intake.association_ended("8");  // more may come in a third association
    CHECK(node.studies.make_due_reports() == 0);
    CHECK(node.studies.next_due_ms() == kStartMs + 3000);
    node.clock.advance_ms(3000);
    CHECK(node.studies.make_due_reports() == 1);
}

TEST_CASE("150 images of a study, one association each, make two reports, not 150", "[storage]") {
    DataFolder node;
    int reports = 0;
    const auto work = [&] {
        node.studies.make_due_reports();
        while (const auto job = node.jobs.claim(Lane::report(), 60'000)) {
            REQUIRE(node.put(*job, "report " + std::to_string(++reports)));
            node.studies.make_due_reports();
        }
    };
    for (int i = 1; i <= 150; ++i) {
        const auto association = std::to_string(i);
        node.send({.sop_instance = "1." + association, .association = association});
        REQUIRE(node.give_verdict());
        node.clock.advance_ms(400);
        node.intake.association_ended(association);
        work();
        if (i == 1) CHECK(reports == 1);  // at once: it may be the only image
        node.clock.advance_ms(600);
        work();
    }
    CHECK(reports == 1);
    node.clock.advance_ms(3000);
    work();
    CHECK(reports == 2);
    CHECK(state(node) == StudyState::reported);
}

TEST_CASE("of studies that become due at the same time, the one that came first is reported first",
          "[storage]") {
    DataFolder node;
    for (const auto* study : {"1.2.9", "1.2.5", "1.2.7"}) {  // not the order of their UIDs
        node.send({.sop_instance = std::string{study} + ".1", .bytes = study, .study = study});
        REQUIRE(node.give_verdict());
        node.clock.advance_ms(10);
    }
    node.intake.association_ended("7");
    REQUIRE(node.studies.make_due_reports() == 3);
    for (const auto* study : {"1.2.9", "1.2.5", "1.2.7"}) {
        CHECK(node.jobs.claim(Lane::report(), 60'000)->subject == study);
    }
}

TEST_CASE("a verdict is stored with its text, finishes its job, and is counted", "[storage]") {
    DataFolder node;
    const auto id = node.send({.sop_instance = "1.1"}).instance_id;
    const auto job = node.jobs.claim(Lane::infer(), 60'000);
    REQUIRE(job);
    node.clock.advance_ms(500);
    REQUIRE(node.studies.record_verdict(*job, "findings", R"({"verdict":"findings"})"));
    const auto instance = node.studies.instance(id);
    REQUIRE(instance);
    CHECK(instance->verdict == "findings");
    CHECK(instance->result_json == R"({"verdict":"findings"})");
    CHECK(instance->analysed_at_ms == kStartMs + 500);
    CHECK_FALSE(instance->awaiting);
    const auto line = node.studies.line(kStudy);
    CHECK(line->findings == 1);
    CHECK(line->pending == 0);
    CHECK(node.jobs.jobs_of_study(kStudy).front().state == JobState::done);
    CHECK(node.events().back() == "image.verdict");
    CHECK_FALSE(node.studies.record_verdict(*job, "failed", "{}"));
    CHECK(node.studies.instance(id)->verdict == "findings");
}

TEST_CASE("a word that is no verdict is refused and the job still runs", "[storage]") {
    DataFolder node;
    node.send({.sop_instance = "1.1"});
    const auto job = node.jobs.claim(Lane::infer(), 60'000);
    REQUIRE(job);
    CHECK(thrown_by([&] { node.studies.record_verdict(*job, "perhaps", "{}"); }) == Fault::bug);
    CHECK(node.jobs.jobs_of_study(kStudy).front().state == JobState::running);
    CHECK(node.studies.record_verdict(*job, "failed", "{}"));
}

TEST_CASE("a conflicting image reopens its study, and the report that follows can list it",
          "[storage]") {
    DataFolder node;
    image_to_report(node);
    REQUIRE(state(node) == StudyState::reported);
    REQUIRE(node.send({.sop_instance = "1.1", .bytes = "B"}).kept == Receipt::Kept::conflicting);
    CHECK(state(node) == StudyState::open);
    node.clock.advance_ms(3000);
    CHECK(node.studies.make_due_reports() == 1);
}

TEST_CASE("an image that comes while its study's report waits needs no second job", "[storage]") {
    DataFolder node;
    image_to_report_job(node);
    node.send({.sop_instance = "1.2", .bytes = "B"});
    CHECK(state(node) == StudyState::open);
    REQUIRE(node.give_verdict());
    node.clock.advance_ms(3000);
    CHECK(node.studies.make_due_reports() == 1);
    const auto job = node.jobs.claim(Lane::report(), 60'000);
    REQUIRE(job);
    REQUIRE(node.put(*job, "AB"));
    CHECK(state(node) == StudyState::reported);
    CHECK_FALSE(node.jobs.claim(Lane::report(), 60'000));
}

TEST_CASE("an image that comes while its study's report runs gets the next report", "[storage]") {
    DataFolder node;
    image_to_report_job(node);
    const auto first = node.jobs.claim(Lane::report(), 60'000);
    REQUIRE(first);
    node.send({.sop_instance = "1.2", .bytes = "B"});
    REQUIRE(node.give_verdict());
    node.clock.advance_ms(3000);
    CHECK(node.studies.make_due_reports() == 0);
    CHECK_FALSE(node.studies.next_due_ms());  // it becomes due when the running job ends
    REQUIRE(node.put(*first, "A"));
    CHECK(state(node) == StudyState::open);
    CHECK(node.studies.next_due_ms() <= node.clock.now_ms());
    CHECK(node.studies.make_due_reports() == 1);
    const auto second = node.jobs.claim(Lane::report(), 60'000);
    REQUIRE(second);
    CHECK(second->id != first->id);
    CHECK(node.studies.last_report(kStudy) == Uid::from_name("sr A"));
    REQUIRE(node.put(*second, "AB"));
    CHECK(node.studies.last_report(kStudy) == Uid::from_name("sr AB"));
    CHECK(state(node) == StudyState::reported);
}

namespace {

/// A study with its report, of a patient known by `digest`.
void report_on(DataFolder& node, std::string_view study, std::string_view digest,
               std::string_view tenant = "") {
    const std::string uid{study};
    node.clock.advance_ms(1000);
    node.send({.sop_instance = uid + ".1.1",
               .bytes = uid,
               .study = uid,
               .series = uid + ".1",
               .tenant = std::string{tenant}});
    while (node.give_verdict()) {
    }
    node.clock.advance_ms(3000);
    node.studies.make_due_reports();
    const auto job = node.jobs.claim(Lane::report(), 60'000);
    REQUIRE(job);
    const NewResult report{.sop_instance = Uid{uid + ".2"},
                           .sop_class = Uid{"1.2.840.10008.5.1.4.1.1.88.34"},
                           .transfer_syntax = kExplicitLittle,
                           .kind = "sr",
                           .part10 = bytes_of("SR"),
                           .rendering = "",
                           .only_for = std::nullopt,
                           .filed_under = std::string{digest},
                           .patient = std::string{digest}};
    REQUIRE(node.outbox.put(*job, {&report, 1}, {}));
}

}  // namespace

TEST_CASE("the reports of a patient's earlier studies are found, newest first", "[storage]") {
    DataFolder node;
    report_on(node, "1.5.1", "one");
    report_on(node, "1.5.2", "another");
    report_on(node, "1.5.3", "one", "other-site");
    report_on(node, "1.5.4", "");
    report_on(node, "1.5.5", "one");
    const auto earlier = [&](std::string_view study, std::string_view patient, bool has_issuer,
                             std::string_view rendering = "", std::int64_t at_most = 8) {
        return node.studies.earlier_reports(study, patient, has_issuer, rendering, at_most);
    };
    using Uids = std::vector<bucky::Uid>;
    CHECK(earlier("1.5.5", "one", true) == Uids{Uid{"1.5.3.2"}, Uid{"1.5.1.2"}});
    CHECK(earlier("1.5.5", "one", true, "", 1) == Uids{Uid{"1.5.3.2"}});
    // An identifier without an issuer is valid in one place only.
    CHECK(earlier("1.5.5", "one", false) == Uids{Uid{"1.5.1.2"}});
    CHECK(earlier("1.5.3", "one", true) == Uids{Uid{"1.5.1.2"}});
    CHECK(earlier("1.5.1", "one", true).empty());
    CHECK(earlier("1.5.5", "one", true, "ko").empty());
    CHECK(earlier("1.5.5", "", true).empty());  // an empty digest matches no patient
}

TEST_CASE("an image that comes after its study's report was parked tries it again", "[storage]") {
    DataFolder node;
    image_to_report_job(node);
    const auto job = node.jobs.claim(Lane::report(), 60'000);
    REQUIRE(job);
    REQUIRE(node.jobs.park(*job, "the report does not verify"));
    node.clock.advance_ms(1'000'000);
    CHECK(node.studies.make_due_reports() == 0);
    CHECK_FALSE(node.studies.next_due_ms());

    node.send({.sop_instance = "1.2", .bytes = "B"});
    REQUIRE(node.give_verdict());
    node.clock.advance_ms(3000);
    CHECK(node.studies.make_due_reports() == 1);
    const auto again = node.jobs.claim(Lane::report(), 60'000);
    REQUIRE(again);
    CHECK(again->attempt == 1);
    REQUIRE(node.put(*again, "AB"));
    CHECK(state(node) == StudyState::reported);
}

TEST_CASE("a study is run again: new jobs for its images, old verdicts until the new ones",
          "[storage]") {
    DataFolder node;
    image_to_report(node);
    node.send({.sop_instance = "1.1", .bytes = "other"});  // conflicting: still not analysed
    node.send({.sop_instance = "1.2", .bytes = "B"});      // its job still waits: no second one
    node.send({.sop_instance = "1.3", .bytes = "C"});
    const auto running = node.jobs.claim(Lane::infer(), 600'000);  // 1.2
    REQUIRE(running);

    CHECK(node.studies.retry(kStudy) == 3);
    CHECK(node.studies.line(kStudy)->pending == 3);
    CHECK(node.studies.instance(1)->verdict == "no_findings");
    CHECK(node.studies.instance(1)->awaiting);
    CHECK(state(node) == StudyState::open);
    REQUIRE(node.studies.record_verdict(*running, "findings", "{}"));
    int verdicts = 0;
    while (node.give_verdict("findings")) ++verdicts;
    CHECK(verdicts == 2);
    CHECK(node.studies.line(kStudy)->findings == 3);
    CHECK(node.studies.make_due_reports() == 1);  // due at once
    CHECK(node.studies.retry("9.9.9") == 0);
    const auto events = node.events();
    CHECK(std::count(events.begin(), events.end(), "study.retry") == 1);
}

TEST_CASE("a study that is run again can be retried before it is through", "[storage]") {
    DataFolder node;
    node.send({.sop_instance = "1.1"});
    const auto job = node.jobs.claim(Lane::infer(), 60'000);
    REQUIRE(job);
    REQUIRE(node.jobs.park(*job, "no model"));
    CHECK(node.studies.retry(kStudy) == 1);
    CHECK(node.studies.retry(kStudy) == 1);
    CHECK(node.jobs.jobs_of_study(kStudy).size() == 1);
    CHECK(node.studies.line(kStudy)->pending == 1);
    CHECK(node.give_verdict());
    CHECK(node.studies.line(kStudy)->pending == 0);
}

TEST_CASE("the list of studies has the latest first, with verdicts and deliveries", "[storage]") {
    DataFolder node;
    image_to_report(node);
    node.send({.sop_instance = "2.1", .study = "1.2.3.2"});
    const auto lines = node.studies.recent(10);
    REQUIRE(lines.size() == 2);
    CHECK(lines[0].study == "1.2.3.2");
    CHECK(lines[0].pending == 1);
    CHECK(lines[0].deliveries_open == 0);
    CHECK(lines[1].study == kStudy);
    CHECK(lines[1].no_findings == 1);
    CHECK(lines[1].reported_at_ms == kStartMs + 3000);
    CHECK(lines[1].deliveries_open == 2);
    CHECK(lines[1].delivered_at_ms == 0);
    CHECK(node.studies.recent(1).size() == 1);
    CHECK_FALSE(node.studies.line("9.9.9"));

    node.clock.advance_ms(700);
    while (const auto deliver = node.jobs.claim(Lane::deliver("pacs"), 60'000)) {
        node.jobs.finish(*deliver);
    }
    CHECK(node.studies.line(kStudy)->deliveries_open == 0);
    CHECK(node.studies.line(kStudy)->delivered_at_ms == kStartMs + 3700);
}

}  // namespace bucky::storage::test
