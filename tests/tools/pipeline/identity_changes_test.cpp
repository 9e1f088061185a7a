// SPDX-License-Identifier: Apache-2.0
// An image that comes again with the same pixels: a PACS's own copy, or one whose patient was
// corrected (IHE PIR in its simplest form).
#include <algorithm>

#include <catch2/catch.hpp>

#include "tests/tools/pipeline/persons.h"

using namespace bucky;
using namespace bucky::test;
using Kept = storage::Receipt::Kept;
using phantom::Finding;

namespace {

const Person kWrong{"Hong^Gildong", "WRONG-1", "", "M"};
const Person kRight{"Park^Sora", "RIGHT-2", "19700101", "F"};

Xray nodule_of(const Person& person, std::map<DcmTagKey, std::string> also = {}) {
    return {.of = person, .seed = 11, .lesions = {Finding::nodule}, .also = std::move(also)};
}

std::size_t waiting_at(NodeHarness& harness, const std::string& destination, const Report& report) {
    std::size_t jobs = 0;
    for (const auto& job : harness.context().jobs.jobs_of_study("2.25.8")) {
        const bool is_its = job.subject == report.head.sop_instance.str();
        if (is_its && job.lane == storage::Lane::deliver(destination)) ++jobs;
    }
    return jobs;
}

}  // namespace

TEST_CASE(
    "an image whose patient was corrected is reported under the right one, and what stood under "
    "the wrong one is withdrawn there",
    "[tools]") {
    NodeHarness harness;
    CHECK(receive(harness, nodule_of(kWrong)) == Kept::fresh);
    CHECK(work(harness) == 1);
    CHECK(receive(harness, nodule_of(kRight)) == Kept::corrected);
    CHECK(work(harness) == 1);
    CHECK(harness.context().jobs.parked(storage::Lane::report(), 10).empty());

    const auto reports = reports_of(harness);
    REQUIRE(reports.size() == 3);
    const auto& wrong = reports[0];
    const auto& withdrawal = reports[1];
    const auto& right = reports[2];
    CHECK(withdrawal.head.patient_id == "WRONG-1");
    CHECK(withdrawal.head.patient_name == "Hong^Gildong");
    CHECK(withdrawal.head.series != wrong.head.series);
    CHECK(predecessor_of(withdrawal.file) == wrong.head.sop_instance.str());
    CHECK(withdrawal.says("filed under a wrong patient identity"));
    CHECK_FALSE(withdrawal.says("nodule"));
    CHECK_FALSE(withdrawal.says("RIGHT-2"));
    CHECK_FALSE(withdrawal.says("Sora"));
    CHECK(right.head.patient_id == "RIGHT-2");
    CHECK(right.says("DEMO AI result: Lung nodule"));
    CHECK_FALSE(right.says("WRONG-1"));
    CHECK_FALSE(right.says("1 not analysed"));
    CHECK(right.head.series != wrong.head.series);
    CHECK(predecessor_of(right.file).empty());
    for (const auto* destination : {"pacs", "archive"}) {
        for (const auto& report : reports) {
            CHECK(waiting_at(harness, destination, report) == 1);
        }
    }
    for (const auto& report : reports) {
        CHECK(dciodvfy_errors(report.file).empty());
        CHECK(pixelmed_sr_errors(report.file).empty());
    }
    CHECK(harness.context().studies.line("2.25.8")->images == 1);
    CHECK(harness.context().studies.line("2.25.8")->not_analysed == 0);

    // reported again, nothing is withdrawn twice
    harness.context().studies.retry("2.25.8");
    CHECK(work(harness) == 1);
    CHECK(reports_of(harness).size() == 3);
}

TEST_CASE("an identity that is corrected back and forth ends as it came last", "[tools]") {
    NodeHarness harness;
    for (const auto* person : {&kWrong, &kRight, &kWrong, &kRight, &kWrong}) {
        receive(harness, nodule_of(*person));
        CHECK(work(harness) == 1);
        const auto reports = reports_of(harness);
        CHECK(reports.back().head.patient_id == person->id);
        CHECK(reports.back().says("DEMO AI result: Lung nodule"));
        // the last word under the other one is that it is withdrawn
        const auto other = std::ranges::find_if(
            reports.rbegin(), reports.rend(),
            [&](const auto& report) { return report.head.patient_id != person->id; });
        if (other != reports.rend()) CHECK(other->says("wrong patient identity"));
    }
    CHECK(harness.context().studies.line("2.25.8")->images == 1);
}

TEST_CASE("an image that is corrected before it was reported has one report, of the right patient",
          "[tools]") {
    NodeHarness harness;
    receive(harness, nodule_of(kWrong));
    CHECK(receive(harness, nodule_of(kRight)) == Kept::corrected);
    CHECK(work(harness) == 1);
    const auto reports = reports_of(harness);
    CHECK(patients_of(reports) == std::vector<std::string>{"RIGHT-2"});
}

TEST_CASE("who keeps other images of the study has a report of those, and nothing is withdrawn",
          "[tools]") {
    NodeHarness harness;
    receive(harness, nodule_of(kWrong));
    auto second = nodule_of(kWrong);
    second.sop_instance = "2.25.8.2";
    second.seed = 12;
    receive(harness, second);
    CHECK(work(harness) == 1);
    receive(harness, nodule_of(kRight));
    CHECK(work(harness) == 1);
    const auto reports = reports_of(harness);
    REQUIRE(reports.size() == 3);
    for (std::size_t at = 1; at < 3; ++at) {
        const bool is_right = reports[at].head.patient_id == "RIGHT-2";
        CHECK(reports[at].says("2.25.8.1") == is_right);
        CHECK(predecessor_of(reports[at].file) ==
              (is_right ? "" : reports[0].head.sop_instance.str()));
        CHECK_FALSE(reports[at].says("wrong patient identity"));
    }
}

TEST_CASE("whoever keeps identities as they came first has one report, of the first", "[tools]") {
    NodeHarness harness;
    harness.settings.study.identity_changes = IdentityChanges::keep;
    receive(harness, nodule_of(kWrong));
    CHECK(work(harness) == 1);
    CHECK(receive(harness, nodule_of(kRight)) == Kept::again);
    CHECK(work(harness) == 0);
    CHECK(patients_of(reports_of(harness)) == std::vector<std::string>{"WRONG-1"});
    const auto story = harness.context().journal.of_study("2.25.8");
    CHECK_THAT(story.back().words, Catch::Contains("of another patient: what came first stands"));
}

TEST_CASE("a PACS's own copy is the same image: what it adds is taken up, and told once",
          "[tools]") {
    NodeHarness harness;
    receive(harness, nodule_of(kRight));
    CHECK(work(harness) == 1);
    // attributes that no report prints
    CHECK(receive(harness, nodule_of(kRight, {{DCM_RetrieveAETitle, "PACS"},
                                              {DCM_InstitutionName, "Health Centre 12"}})) ==
          Kept::again);
    CHECK(work(harness) == 0);
    // attributes that it prints
    const auto coerced =
        nodule_of(kRight, {{DCM_RetrieveAETitle, "PACS"}, {DCM_AccessionNumber, "RIS-991"}});
    CHECK(receive(harness, coerced) == Kept::corrected);
    CHECK(work(harness) == 1);
    CHECK(receive(harness, coerced) == Kept::again);
    CHECK(receive(harness, nodule_of(kRight)) == Kept::again);  // fewer attributes are nothing new
    CHECK(work(harness) == 0);

    const auto reports = reports_of(harness);
    REQUIRE(reports.size() == 2);
    CHECK(reports[1].head.accession_number == "RIS-991");
    CHECK(reports[1].head.series != reports[0].head.series);
    CHECK(predecessor_of(reports[1].file) == reports[0].head.sop_instance.str());
    for (const auto& report : reports) CHECK_FALSE(report.says("1 not analysed"));
    CHECK(harness.context().studies.line("2.25.8")->images == 1);
}

TEST_CASE("what was empty is taken up even where identities are kept", "[tools]") {
    NodeHarness harness;
    harness.settings.study.identity_changes = IdentityChanges::keep;
    receive(harness, nodule_of(kRight));
    work(harness);
    const auto with = [](const char* accession_number) {
        return nodule_of(kRight, {{DCM_AccessionNumber, accession_number}});
    };
    CHECK(receive(harness, with("RIS-991")) == Kept::corrected);
    CHECK(receive(harness, with("RIS-992")) == Kept::again);
}

TEST_CASE("the same image in another transfer syntax is the same image, and its patient counts",
          "[tools]") {
    NodeHarness harness;
    receive(harness, nodule_of(kWrong));
    CHECK(work(harness) == 1);
    auto compressed = nodule_of(kWrong);
    compressed.syntax = phantom::TransferSyntax::implicit_little;
    CHECK(receive(harness, compressed) == Kept::again);
    compressed.of = kRight;
    CHECK(receive(harness, compressed) == Kept::corrected);
    CHECK(work(harness) == 1);
    CHECK(reports_of(harness).back().head.patient_id == "RIGHT-2");
}

TEST_CASE("other pixels under the same UID are still a conflict, whoever's they are", "[tools]") {
    NodeHarness harness;
    receive(harness, nodule_of(kRight));
    auto other = nodule_of(kRight);
    other.seed = 12;
    CHECK(receive(harness, other) == Kept::conflicting);
    CHECK(receive(harness, other) == Kept::again);
    other.of = kWrong;
    CHECK(receive(harness, other) == Kept::again);  // the same pixels as that copy
    CHECK(work(harness) == 1);
    CHECK(patients_of(reports_of(harness)) == std::vector<std::string>{"RIGHT-2"});
}
