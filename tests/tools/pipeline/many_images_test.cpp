// SPDX-License-Identifier: Apache-2.0
// A study with more images than one report lists: every analysed image is reported, in any order.
#include <algorithm>
#include <set>

#include <catch2/catch.hpp>

#include "conf/base/limits.h"
#include "tests/tools/node_harness.h"
#include "tools/bucky/pipeline/delivery_plan.h"

using namespace bucky;
using namespace bucky::test;

namespace {

constexpr std::size_t kMost = limits::kReportImagesMax;

inference::Finding nodule(inference::Answer answer) {
    inference::Finding finding;
    finding.key = "nodule";
    finding.code = {"27925004", "SCT", "Nodule"};
    finding.name = "Lung nodule";
    finding.answer = answer;
    finding.score = answer == inference::Answer::present ? 0.9 : 0.1;
    finding.threshold = 0.5;
    return finding;
}

/// Image `number` of a study: not analysed, with a reason that depends on odd or even.
JudgedImage image(std::size_t number) {
    JudgedImage judged;
    auto& source = judged.image.source;
    source.study = Uid{"1.2.8"};
    source.series = Uid{"1.2.8.0"};
    source.sop_instance = Uid{"1.2.8.1." + std::to_string(number)};
    source.sop_class = Uid{"1.2.840.10008.5.1.4.1.1.1.1"};
    source.patient_id = "4711";
    source.modality = "DX";
    source.rows = source.columns = 100;
    auto& result = judged.image.result;
    result.verdict = inference::Verdict::not_analysed;
    result.reason = inference::Reason{
        "gate.view", {"VIEW", "99BUCKY", "View"}, number % 2 == 0 ? "a lateral" : "an oblique"};
    return judged;
}

JudgedImage analysed(std::size_t number, inference::Answer answer) {
    auto judged = image(number);
    auto& result = judged.image.result;
    result.reason.reset();
    result.verdict = answer == inference::Answer::present ? inference::Verdict::findings
                                                          : inference::Verdict::no_findings;
    result.model = phantom_shelf().now()->packages().at(0).package.identity;
    result.findings = {nodule(answer)};
    return judged;
}

std::vector<std::string> reports_on(const std::vector<JudgedImage>& images) {
    DeliveryPlan plan;
    plan.destination = "pacs";
    plan.always = {ResultKind::report};
    plan.language = Language::english;
    std::vector<std::string> reports;
    std::set<Uid> uids;
    for (const auto& made : make_planned({plan}, images, {}, [](auto&&...) { return Earlier{}; })) {
        reports.emplace_back(made.object.part10.begin(), made.object.part10.end());
        uids.insert(made.object.sop_instance);
    }
    CHECK(uids.size() == reports.size());
    return reports;
}

bool says(const std::string& report, const std::string& words) {
    return report.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE(
    "what is found in the image that came last of very many stands in the report, and what is not "
    "listed is counted by its reason",
    "[tools]") {
    std::vector<JudgedImage> images;
    for (std::size_t number = 0; number < kMost + 60; ++number) images.push_back(image(number));
    images.push_back(analysed(kMost + 60, inference::Answer::present));
    const auto reports = reports_on(images);
    REQUIRE(reports.size() == 1);
    CHECK(says(reports[0], "1.2.8.1.1060"));
    CHECK(says(reports[0], "DEMO AI result: Lung nodule 0.90; 999 not analysed"));
    CHECK(says(reports[0], "are not listed: 31 (an oblique)"));
    CHECK(says(reports[0], "are not listed: 30 (a lateral)"));

    // One more image is counted too, in an additional report, because the last one did not list it.
    images.push_back(image(5000));
    CHECK(reports_on(images).at(0).substr(0, 600) != reports[0].substr(0, 600));
}

TEST_CASE("more analysed images than one report lists have several, each of which says so",
          "[tools]") {
    std::vector<JudgedImage> images;
    for (std::size_t number = 0; number < kMost + 10; ++number) {
        images.push_back(analysed(number, inference::Answer::absent));
    }
    images.push_back(analysed(kMost + 10, inference::Answer::present));
    for (std::size_t number = 2000; number < 2005; ++number) images.push_back(image(number));
    const auto reports = reports_on(images);
    REQUIRE(reports.size() == 2);
    CHECK(says(reports[0], "1.2.8.1.1010"));  // what is found comes first
    CHECK(says(reports[0], "other reports list: 16"));
    CHECK(says(reports[1], "other reports list: 1000"));
    CHECK(says(reports[1], "1.2.8.1.2004"));
    CHECK_FALSE(says(reports[0], "not listed"));
    for (std::size_t number = 0; number < kMost + 11; ++number) {
        const auto uid = "1.2.8.1." + std::to_string(number);
        const bool is_told = says(reports[0], uid) || says(reports[1], uid);
        if (!is_told) FAIL_CHECK(uid);
    }
}

TEST_CASE("what has a finding is pictured, however many images there are", "[tools]") {
    std::vector<JudgedImage> images;
    for (std::size_t number = 0; number < 100; ++number) {
        images.push_back(analysed(
            number, number % 2 == 0 ? inference::Answer::absent : inference::Answer::present));
    }
    choose_pictured(images);
    for (std::size_t number = 0; number < 100; ++number) {
        CHECK(images[number].is_pictured == (number % 2 == 1));
    }
    images.resize(60);
    choose_pictured(images);
    CHECK(std::ranges::count(images, true, &JudgedImage::is_pictured) == kPicturedImagesMax);
    for (std::size_t number = 1; number < 60; number += 2) CHECK(images[number].is_pictured);

    images.clear();
    for (std::size_t number = 0; number < 100; ++number) images.push_back(image(number));
    choose_pictured(images);
    CHECK(std::ranges::count(images, true, &JudgedImage::is_pictured) == kPicturedImagesMax);
}
