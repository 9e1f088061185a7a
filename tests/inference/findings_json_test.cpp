// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "inference/findings_json.h"
#include "inference/reasons.h"
#include "tests/inference/support.h"

using namespace bucky;
using namespace bucky::inference;

namespace {

ImageResult full_result() {
    ImageResult result;
    result.verdict = Verdict::findings;
    result.model = ModelIdentity{.name = "cxr",
                                 .version = "1.0",
                                 .vendor = "Vendor",
                                 .sha256 = std::string(64, 'a'),
                                 .intended_use = "assists",
                                 .manifest_sha256 = std::string(64, 'b')};
    Finding finding{.key = "nodule",
                    .code = {"27925004", "SCT", "Nodule"},
                    .name = "Lung nodule",
                    .name_ko = "폐결절",
                    .score = 0.875,
                    .threshold = 0.5,
                    .answer = Answer::present,
                    .regions = {}};
    finding.regions.push_back({{{1.5, 2.25}, {3, 4}, {0.1, 7}}, 0.9, Side::left});
    result.findings.push_back(finding);
    finding.score = 0.375;
    finding.undetermined_from = 0.25;
    finding.answer = Answer::undetermined;
    finding.regions.clear();
    result.findings.push_back(finding);
    result.warnings = {reason("gate.mirrored", "it looks mirrored"),
                       reason("gate.rotated", "upside down")};
    result.rows = 2500;
    result.columns = 2048;
    result.window = "window 2048/4096 from the header";
    result.started_at_ms = 1'800'000'000'123;
    result.device = "remote: ai.example";
    result.pixels_sha256 = std::string(64, 'c');
    result.lungs = LungField{250.5, 1900.25};
    return result;
}

void check_same(const ImageResult& a, const ImageResult& b) {
    CHECK(a.verdict == b.verdict);
    REQUIRE(a.reason.has_value() == b.reason.has_value());
    if (a.reason) {
        CHECK(a.reason->key == b.reason->key);
        CHECK(a.reason->code == b.reason->code);
        CHECK(a.reason->text == b.reason->text);
    }
    REQUIRE(a.warnings.size() == b.warnings.size());
    for (std::size_t i = 0; i < a.warnings.size(); ++i) {
        CHECK(a.warnings[i].key == b.warnings[i].key);
        CHECK(a.warnings[i].code == b.warnings[i].code);
        CHECK(a.warnings[i].text == b.warnings[i].text);
    }
    REQUIRE(a.model.has_value() == b.model.has_value());
    if (a.model) {
        CHECK(a.model->name == b.model->name);
        CHECK(a.model->version == b.model->version);
        CHECK(a.model->vendor == b.model->vendor);
        CHECK(a.model->sha256 == b.model->sha256);
        CHECK(a.model->intended_use == b.model->intended_use);
        CHECK(a.model->manifest_sha256 == b.model->manifest_sha256);
    }
    CHECK(a.pixels_sha256 == b.pixels_sha256);
    CHECK(a.device == b.device);
    CHECK(a.lungs == b.lungs);
    REQUIRE(a.findings.size() == b.findings.size());
    for (std::size_t i = 0; i < a.findings.size(); ++i) {
        const Finding& x = a.findings[i];
        const Finding& y = b.findings[i];
        CHECK(x.key == y.key);
        CHECK(x.code == y.code);
        CHECK(x.undetermined_from == y.undetermined_from);
        CHECK(x.name == y.name);
        CHECK(x.name_ko == y.name_ko);
        CHECK(x.score == y.score);
        CHECK(x.threshold == y.threshold);
        CHECK(x.answer == y.answer);
        REQUIRE(x.regions.size() == y.regions.size());
        for (std::size_t r = 0; r < x.regions.size(); ++r) {
            CHECK(x.regions[r].outline == y.regions[r].outline);
            CHECK(x.regions[r].score == y.regions[r].score);
            CHECK(x.regions[r].side == y.regions[r].side);
        }
    }
    CHECK(a.rows == b.rows);
    CHECK(a.columns == b.columns);
    CHECK(a.frame == b.frame);
    CHECK(a.window == b.window);
    CHECK(a.started_at_ms == b.started_at_ms);
}

}  // namespace

TEST_CASE("a result is the same after writing to JSON and reading back", "[inference]") {
    SECTION("with findings") {
        check_same(from_json(to_json(full_result())), full_result());
    }
    SECTION("with a reason") {
        ImageResult result;
        result.verdict = Verdict::not_analysed;
        result.reason = reason("view.not_taken", "view position LL");
        check_same(from_json(to_json(result)), result);
    }
    SECTION("every word") {
        for (const auto side : {Side::unknown, Side::left, Side::right, Side::both}) {
            for (const auto answer : {Answer::absent, Answer::present, Answer::undetermined}) {
                ImageResult result = full_result();
                result.findings[0].answer = answer;
                result.findings[0].regions[0].side = side;
                check_same(from_json(to_json(result)), result);
            }
        }
    }
}

TEST_CASE("the same result is the same text, in a stable order of keys", "[inference]") {
    const std::string text = to_json(full_result());
    CHECK(text == to_json(from_json(text)));
    CHECK(text.find("\"verdict\"") < text.find("\"model\""));
    CHECK(text.find("\"model\"") < text.find("\"findings\":"));
    CHECK(text.find("\"findings\":") < text.find("\"rows\""));
}

TEST_CASE("a result with bytes that are not UTF-8 can still be stored", "[inference]") {
    ImageResult result;
    result.verdict = Verdict::not_analysed;
    result.reason = reason("modality.not_taken", "modality \xC7\xD1");
    CHECK_THAT(from_json(to_json(result)).reason->text, Catch::StartsWith("modality "));
}

TEST_CASE("text that to_json never writes is corrupt", "[inference]") {
    const std::string good = to_json(full_result());
    const auto with = [&](const std::string& from, const std::string& to) {
        std::string text = good;
        const auto at = text.find(from);
        REQUIRE(at != std::string::npos);
        return text.replace(at, from.size(), to);
    };
    const auto text = GENERATE_COPY(
        std::string(), std::string("{}"), std::string("[1]"), std::string("verdict: none"),
        good.substr(0, good.size() / 2), with("\"present\"", "\"perhaps\""),
        with("\"side\":\"left\"", "\"side\":3"), with("\"rows\":2500", "\"rows\":\"many\""));
    CHECK(test::error_of([&] { from_json(text); }).fault() == Fault::corrupt);
}

TEST_CASE("every reason's code fits its value representation", "[inference]") {
    for (const ReasonRow& row : kReasons) {
        CHECK(row.code.size() <= 16);
        CHECK(row.meaning.size() <= 64);
    }
    CHECK(test::error_of([] { reason("no.such_key", ""); }).fault() == Fault::bug);
}

TEST_CASE("the answers of several packages are stored and read, and their verdict is one",
          "[inference]") {
    ImageResult result = full_result();
    result.others = {full_result(), ImageResult{}};
    result.others[0].model->name = "second";
    result.others[1].verdict = Verdict::failed;
    const ImageResult read = from_json(to_json(result));
    check_same(read, result);
    REQUIRE(read.others.size() == 2);
    check_same(read.others[0], result.others[0]);

    const auto answers = answers_of(read);
    REQUIRE(answers.size() == 3);
    CHECK(answers[0].others.empty());
    CHECK(answers[1].model->name == "second");
    CHECK(answers[2].verdict == Verdict::failed);
    CHECK(answers_of(full_result()).size() == 1);

    const auto combined = [](Verdict one, Verdict two) {
        ImageResult both;
        both.verdict = one;
        both.others.emplace_back().verdict = two;
        return verdict_of(both);
    };
    CHECK(combined(Verdict::failed, Verdict::findings) == Verdict::findings);
    CHECK(combined(Verdict::no_findings, Verdict::findings) == Verdict::findings);
    CHECK(combined(Verdict::failed, Verdict::no_findings) == Verdict::no_findings);
    CHECK(combined(Verdict::not_analysed, Verdict::failed) == Verdict::failed);
    CHECK(combined(Verdict::not_analysed, Verdict::not_analysed) == Verdict::not_analysed);
}
