// SPDX-License-Identifier: Apache-2.0
#include <fstream>
#include <sstream>

#include <catch2/catch.hpp>

#include "conf/base/error.h"
#include "tests/support/temp_dir.h"
#include "tools/bucky/retrospective/ledger.h"
#include "tools/bucky/retrospective/page.h"
#include "tools/bucky/retrospective/truth.h"
#include "tools/bucky/retrospective/units.h"
#include "tools/bucky/shared/csv.h"

using namespace bucky;
using namespace bucky::test;
using Catch::Contains;
using inference::Verdict;

namespace {

AuditedModel model(const std::string& version, double threshold) {
    return {.name = "cxr",
            .version = version,
            .sha256 = std::string(64, 'a'),
            .folder = {},
            .findings = {{"nodule", "Lung nodule", threshold}}};
}

AuditedImage image(int number, std::vector<double> scores, const std::string& device = "XR-1") {
    AuditedImage made{.sop_instance = "1.2." + std::to_string(number),
                      .study = "1." + std::to_string(number / 2),
                      .accession_number = "A" + std::to_string(number),
                      .device = device,
                      .view = "PA",
                      .age_group = "40-59",
                      .sex = "female",
                      .opinions = {}};
    for (const double score : scores) {
        made.opinions.push_back({Verdict::findings, "", {{"nodule", score}}});
    }
    return made;
}

Audit two_models() {
    Audit audit{.title = "Audit of a <test>",
                .remarks = {},
                .models = {model("1", 0.5), model("2", 0.5)},
                .images = {},
                .studies = 3,
                .left_out = {}};
    audit.images = {image(0, {0.9, 0.40}), image(1, {0.2, 0.30}), image(2, {0.7, 0.35}, "=XR&2"),
                    image(3, {0.6, 0.90}), image(4, {0.1, 0.05}), image(5, {0.3, 0.20})};
    audit.salt = "salt";
    return audit;
}

std::string contents(const std::filesystem::path& file) {
    std::stringstream text;
    text << std::ifstream{file}.rdbuf();
    return text.str();
}

}  // namespace

TEST_CASE("the threshold of a candidate that keeps today's sensitivity is the config's own table",
          "[tools][audit]") {
    auto audit = two_models();
    audit.truth.labels = {{"1.2.0", {{"nodule", true}}},  {"1.2.1", {{"nodule", true}}},
                          {"1.2.2", {{"nodule", true}}},  {"1.2.3", {{"nodule", false}}},
                          {"1.2.4", {{"nodule", false}}}, {"1.2.5", {{"nodule", false}}}};
    const auto kept = threshold_kept(audit, "nodule");
    REQUIRE(kept);
    CHECK(kept->by_truth);
    CHECK(kept->threshold == 0.35);  // two of three stay called
    CHECK(kept->after.sensitivity() == kept->before.sensitivity());
    CHECK(kept->after.specificity() == Approx(2.0 / 3));
    CHECK(threshold_table(audit.models[1], "nodule", kept->threshold) ==
          "[[threshold]]\nmodel = \"cxr\"\nversion = \"2\"\nsha256 = \"" + std::string(64, 'a') +
              "\"\nfinding = \"nodule\"\nvalue = 0.35\n");
}

TEST_CASE("without truth the threshold keeps how many images are called", "[tools][audit]") {
    const auto kept = threshold_kept(two_models(), "nodule");
    REQUIRE(kept);
    CHECK_FALSE(kept->by_truth);
    CHECK(kept->said_before == 3);
    CHECK(kept->said_after == 3);
    CHECK(kept->threshold == 0.35);
}

TEST_CASE("of a label with several images the one with the highest score speaks",
          "[tools][audit]") {
    auto audit = two_models();
    audit.truth.key = LabelKey::study;
    audit.truth.labels = {{"1.0", {{"nodule", true}}}, {"1.1", {{"nodule", false}}}};
    const auto all = judged(audit, 0, "nodule");
    REQUIRE(all.size() == 2);
    CHECK(all[0].score == 0.9);
    CHECK(all[0].is_there);
    CHECK(all[1].score == 0.7);
}

TEST_CASE("labels are read as a person writes them, and a mistake names its line",
          "[tools][audit]") {
    const std::vector<AuditedModel> models{model("1", 0.5)};
    const auto truth = read_truth(
        "\xEF\xBB\xBF"
        "accession_number;nodule\r\n A1 ;1\r\n\r\nA2;\r\nA3;0\r\n",
        models);
    CHECK(truth.key == LabelKey::accession_number);
    CHECK(truth.labels.at("A1").at("nodule"));
    CHECK(truth.labels.at("A2").empty());
    CHECK_FALSE(truth.labels.at("A3").at("nodule"));
    for (const auto& [text, words] :
         {std::pair{"name,nodule\nx,1\n", "first column"},
          std::pair{"study_uid,cat\n1.2,1\n", "no finding of these models"},
          std::pair{"study_uid,nodule\n1.2,yes\n", "line 2"},
          std::pair{"study_uid,nodule\n1.2,1,0\n", "line 2 has 3 cells"},
          std::pair{"study_uid,nodule\n1.2,1\n1.2,0\n", "two answers"}}) {
        CHECK_THROWS_WITH(read_truth(text, models), Contains(words));
    }
}

TEST_CASE("page and table name no image, and nothing in them is markup or a formula",
          "[tools][audit]") {
    auto audit = two_models();
    audit.models[0].findings.push_back({"mass", "Mass & more", 0.5});
    audit.images.push_back(image(6, {}));
    audit.images.back().opinions = {{Verdict::not_analysed, "view.not_taken", {}},
                                    {Verdict::failed, "machine", {}}};
    const auto page = page_of(audit), table = table_of(audit);
    CHECK_THAT(page, Contains("Audit of a &lt;test&gt;") && Contains("=XR&amp;2") &&
                         Contains("View not taken by the model") && Contains("Mass &amp; more") &&
                         !Contains("<script") && !Contains("http:") && !Contains("https:"));
    CHECK_THAT(table, Contains("'=XR&2") && Contains("view.not_taken"));
    for (const auto& text : {page, table}) {
        CHECK_THAT(text, !Contains("1.2.0") && !Contains("A0") && !Contains("nan"));
    }
    audit.accession_numbers = true;
    CHECK_THAT(table_of(audit), Contains("A0,"));
    std::istringstream lines{summary_of(audit)};
    for (std::string line; std::getline(lines, line);) {
        INFO(line);
        CHECK((line.size() <= 80 || line.starts_with("sha256")));
    }
}

TEST_CASE("an audit that was killed goes on behind the last whole line", "[tools][audit]") {
    const TempDir dir;
    const auto folder = dir / "audit";
    std::string salt;
    {
        AuditLedger ledger{folder, "models 1"};
        CHECK_FALSE(ledger.has_plan());
        ledger.keep({.what = "models 1", .ids = {"b", "a"}, .sample = 2});
        ledger.add({.id = "b", .images = {image(0, {0.123456789012345678})}});
        salt = ledger.salt();
        CHECK_THROWS_WITH(AuditLedger(folder, "models 1"), Contains("another audit runs"));
    }
    std::ofstream{folder / "done.jsonl", std::ios::app} << R"({"id":"a","left_)";
    {
        AuditLedger ledger{folder, "models 1"};
        REQUIRE(ledger.done().size() == 1);
        CHECK(ledger.done()[0].images[0].opinions[0].scores.at("nodule") == 0.123456789012345678);
        CHECK(ledger.is_done("b"));
        CHECK_FALSE(ledger.is_done("a"));
        CHECK(ledger.salt() == salt);
        CHECK(ledger.plan().ids == std::vector<std::string>{"b", "a"});
        ledger.add({.id = "a", .left_out = "did not come"});
    }
    CHECK_THAT(contents(folder / "done.jsonl"), Contains("\"id\":\"a\"") && !Contains("left_{"));
    CHECK_THROWS_WITH(AuditLedger(folder, "models 2"), Contains("holds another audit (models 1)"));
}

TEST_CASE("the folder of an audit is its owner's only", "[tools][audit]") {
    const TempDir dir;
    const AuditLedger ledger{dir / "audit", "models 1"};
    CHECK((std::filesystem::status(dir / "audit").permissions() & std::filesystem::perms::all) ==
          std::filesystem::perms::owner_all);
}
