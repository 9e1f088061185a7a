// SPDX-License-Identifier: Apache-2.0
// A study with images of several patients: each patient has a report of its own images, and no
// report names another patient.
#include "tools/bucky/pipeline/patients.h"

#include <algorithm>
#include <set>

#include <catch2/catch.hpp>

#include "conf/observe/metrics.h"
#include "tests/support/every_kind.h"
#include "tests/tools/pipeline/persons.h"

using namespace bucky;
using namespace bucky::test;
using phantom::Finding;

namespace {

using Strings = std::vector<std::string>;

const Person kMinji;
const Person kJiyoung{"Lee^Jiyoung", "B-200", "19650505", "F"};

/// The patients of the SRs made from two images in one study.
Strings patients_of_two(const Person& one, const Person& other) {
    NodeHarness harness;
    receive(harness, {.of = one, .sop_instance = "2.25.8.1"});
    receive(harness, {.of = other, .seed = 2, .sop_instance = "2.25.8.2"});
    CHECK(work(harness) == 1);
    CHECK(harness.context().jobs.parked(storage::Lane::report(), 10).empty());
    return patients_of(reports_of(harness));
}

JudgedImage image_of(const Person& person) {
    JudgedImage judged;
    auto& source = judged.image.source;
    source.patient_name = person.name;
    source.patient_id = person.id;
    source.issuer_of_patient_id = person.issuer;
    source.birth_date = person.birth_date;
    source.sex = person.sex;
    return judged;
}

}  // namespace

TEST_CASE(
    "a study with images of two patients has a report for each, in which the other is never named",
    "[tools]") {
    NodeHarness harness;
    for (auto& destination : harness.settings.destinations) {
        destination.send = every_kind();
    }
    const auto counted = [] {
        return metrics::total("bucky_studies_of_several_patients_total").value;
    };
    const auto before = counted();
    receive(harness, {.of = kMinji, .lesions = {Finding::nodule}, .sop_instance = "2.25.8.1"});
    receive(harness,
            {.of = kJiyoung, .seed = 2, .lesions = {Finding::nodule}, .sop_instance = "2.25.8.2"});
    CHECK(work(harness) == 1);
    CHECK(harness.context().jobs.parked(storage::Lane::report(), 10).empty());

    const auto reports = reports_of(harness);
    CHECK(patients_of(reports) == Strings{"4711", "B-200"});
    std::map<std::string, std::set<std::string>> patients_in_series;
    for (const auto& result : harness.results()) {
        const auto head = dicom_sr::read_source(result.file);
        const auto text = read_text(result.file);
        const bool is_minjis = head.patient_id == kMinji.id;
        const auto& other = is_minjis ? kJiyoung : kMinji;
        INFO(result.kind);
        CHECK(text.find(other.name) == std::string::npos);
        CHECK(text.find(other.id) == std::string::npos);
        CHECK(text.find(other.birth_date) == std::string::npos);
        CHECK(text.find(is_minjis ? "2.25.8.2" : "2.25.8.1") == std::string::npos);
        CHECK(dciodvfy_errors(result.file).empty());
        patients_in_series[head.series.str()].insert(head.patient_id);
    }
    CHECK(patients_in_series.size() == 2 * (kResultKinds.size() - 1));
    for (const auto& [series, patients] : patients_in_series) CHECK(patients.size() == 1);
    for (const auto& report : reports) CHECK(report.says("images of more than one patient"));

    // the admin can see it
    CHECK(harness.context().studies.line("2.25.8")->patients == 2);
    CHECK(counted() == before + 1);
    const auto story = harness.context().journal.of_study("2.25.8");
    CHECK(std::ranges::count(story, "study.patients", &storage::JournalEntry::event) == 1);
}

TEST_CASE("an ordinary study is told as ever: under the UIDs that it always had", "[tools]") {
    NodeHarness harness;
    receive(harness, {.lesions = {Finding::nodule}});
    CHECK(work(harness) == 1);
    const auto reports = reports_of(harness);
    REQUIRE(reports.size() == 1);
    CHECK(reports[0].head.series ==
          Uid::from_name("series of " + reports[0].head.sop_instance.str()));
    CHECK_FALSE(reports[0].says("more than one patient"));
    CHECK(harness.context().studies.line("2.25.8")->patients == 1);
}

TEST_CASE("who has the same Patient ID is the same patient, and an ID counts digit for digit",
          "[tools]") {
    auto married = kMinji;
    married.name = "Park^Minji";
    CHECK(patients_of_two(kMinji, married) == Strings{"4711"});
    auto longer = kMinji;
    longer.id = "0004711";
    CHECK(patients_of_two(kMinji, longer) == Strings{"0004711", "4711"});
    auto here = kMinji, there = kMinji;
    here.issuer = "HERE";
    there.issuer = "THERE";
    CHECK(patients_of_two(here, there) == Strings{"4711", "4711"});
    CHECK(patients_of_two(here, kMinji) == Strings{"4711"});
}

TEST_CASE(
    "who has no Patient ID is the one with the same name, birth date and sex, and is filed under "
    "that one's ID",
    "[tools]") {
    auto unknown = kMinji;
    unknown.id.clear();
    CHECK(patients_of_two(unknown, kMinji) == Strings{"4711"});
    CHECK(patients_of_two(kMinji, unknown) == Strings{"4711"});
    CHECK(patients_of_two(unknown, unknown) == Strings{""});
    auto other = unknown;
    other.birth_date = "19700102";
    CHECK(patients_of_two(kMinji, other) == Strings{"", "4711"});

    NodeHarness harness;  // objects of the image without an ID use that identity
    receive(harness, {.of = unknown, .sop_instance = "2.25.8.1"});
    receive(harness, {.of = kMinji, .seed = 2, .sop_instance = "2.25.8.2"});
    work(harness);
    for (const auto& result : harness.results()) {
        CHECK(dicom_sr::read_source(result.file).patient_id == "4711");
    }
}

TEST_CASE("an ID that comes later supersedes what was reported without one", "[tools]") {
    NodeHarness harness;
    auto unknown = kMinji;
    unknown.id.clear();
    receive(harness, {.of = unknown, .sop_instance = "2.25.8.1"});
    CHECK(work(harness) == 1);
    receive(harness, {.of = kMinji, .seed = 2, .sop_instance = "2.25.8.2"});
    CHECK(work(harness) == 1);
    const auto reports = reports_of(harness);
    REQUIRE(reports.size() == 2);
    CHECK(reports[1].head.patient_id == "4711");
    CHECK(predecessor_of(reports[1].file) == reports[0].head.sop_instance.str());
    CHECK_FALSE(reports[1].says("more than one patient"));
}

TEST_CASE(
    "a stranger's image under the Study UID of a reported study changes nothing but that "
    "the next report says so",
    "[tools]") {
    NodeHarness harness;
    receive(harness, {.of = kMinji, .lesions = {Finding::nodule}, .sop_instance = "2.25.8.1"});
    CHECK(work(harness) == 1);
    receive(harness, {.of = kJiyoung, .seed = 2, .sop_instance = "2.25.8.2"});
    CHECK(work(harness) == 1);
    const auto reports = reports_of(harness);
    REQUIRE(reports.size() == 3);
    for (const auto& report : reports) CHECK(dciodvfy_errors(report.file).empty());
    const auto& first = reports[0];
    for (std::size_t at = 1; at < reports.size(); ++at) {
        const auto& now = reports[at];
        CHECK(now.head.series != first.head.series);  // a series belongs to one patient
        const bool is_minjis = now.head.patient_id == kMinji.id;
        CHECK(predecessor_of(now.file) == (is_minjis ? first.head.sop_instance.str() : ""));
        if (is_minjis) CHECK(now.says(first.head.series.str()));
        if (is_minjis) CHECK(now.says("Lung nodule"));
    }
    // later reports supersede those of the same patient
    receive(harness, {.of = kJiyoung, .seed = 3, .sop_instance = "2.25.8.3"});
    CHECK(work(harness) == 1);
    const auto all = reports_of(harness);
    REQUIRE(all.size() == 4);
    CHECK(all[3].head.patient_id == kJiyoung.id);
    const auto& jiyoungs = reports[1].head.patient_id == kJiyoung.id ? reports[1] : reports[2];
    CHECK(predecessor_of(all[3].file) == jiyoungs.head.sop_instance.str());
    CHECK(all[3].head.series != jiyoungs.head.series);
}

TEST_CASE("a patient's earlier study is found though it holds images of others, too", "[tools]") {
    NodeHarness harness;
    const std::map<DcmTagKey, std::string> earlier{{DCM_StudyDate, "20250101"}};
    receive(harness,
            {.of = kMinji, .sop_instance = "2.25.7.1", .study = "2.25.7", .also = earlier});
    receive(harness, {.of = kJiyoung,
                      .seed = 2,
                      .sop_instance = "2.25.7.2",
                      .study = "2.25.7",
                      .also = earlier});
    CHECK(work(harness) == 1);
    receive(harness, {.of = kJiyoung, .seed = 3});
    CHECK(work(harness) == 1);
    const auto reports = reports_of(harness);
    REQUIRE(reports.size() == 1);
    for (const auto& report : reports_of(harness, "2.25.7")) {
        const bool is_hers = report.head.patient_id == kJiyoung.id;
        CHECK(reports[0].says(report.head.sop_instance.str()) == is_hers);
    }
}

TEST_CASE(
    "a copy with other content is told of in one sentence of the report that it conflicts "
    "with, and in no other",
    "[tools]") {
    NodeHarness harness;
    receive(harness, {.of = kMinji, .sop_instance = "2.25.8.1"});
    receive(harness, {.of = kJiyoung, .seed = 2, .sop_instance = "2.25.8.2"});
    // other pixels under the first image's UID, twice
    CHECK(receive(harness, {.of = kJiyoung, .seed = 4, .sop_instance = "2.25.8.1"}) ==
          storage::Receipt::Kept::conflicting);
    CHECK(work(harness) == 1);
    const auto reports = reports_of(harness);
    CHECK(patients_of(reports) == Strings{"4711", "B-200"});
    for (const auto& report : reports) {
        CHECK(report.says("other content") == (report.head.patient_id == kMinji.id));
        CHECK_FALSE(report.says("1 not analysed"));
        CHECK(dciodvfy_errors(report.file).empty());
    }
    CHECK(receive(harness, {.of = kJiyoung, .seed = 5, .sop_instance = "2.25.8.1"}) ==
          storage::Receipt::Kept::conflicting);
    CHECK(work(harness) == 1);
    CHECK(reports_of(harness).size() == 2);  // the sentence is there already
}

TEST_CASE("images are put together by patient in whatever order they came", "[tools]") {
    auto unknown = kMinji;
    unknown.id.clear();
    auto issued = kMinji;
    issued.issuer = "HERE";
    std::vector images{image_of(unknown), image_of(kJiyoung), image_of(kMinji), image_of(issued)};
    for (int turn = 0; turn < 4; ++turn) {
        std::ranges::rotate(images, images.begin() + 1);
        const auto patients = by_patient(images);
        REQUIRE(patients.size() == 2);
        CHECK(patients[0].images.size() == 3);  // the fullest identity comes first
        CHECK(patients[0].filed_under == filing_digest(image_of(issued).image.source));
        CHECK(patients[1].filed_under == filing_digest(image_of(kJiyoung).image.source));
    }
}
