// SPDX-License-Identifier: Apache-2.0
#include "inference/package/thresholds.h"

#include <catch2/catch.hpp>

using namespace bucky::inference;

namespace {

ImageResult result_with(double score, std::optional<double> undetermined_from) {
    ImageResult result;
    result.model = ModelIdentity{.name = "cxr",
                                 .version = "1.0",
                                 .vendor = "Vendor",
                                 .sha256 = std::string(64, 'a'),
                                 .intended_use = "assists"};
    Finding finding;
    finding.key = "nodule";
    finding.score = score;
    finding.threshold = 0.6;
    finding.undetermined_from = undetermined_from;
    finding.answer = answer_at(score, 0.6, undetermined_from);
    if (finding.answer == Answer::present) finding.regions.resize(1);
    result.findings = {finding};
    result.verdict = finding.answer == Answer::present ? Verdict::findings : Verdict::no_findings;
    return result;
}

Answer answer_of(const ImageResult& result) {
    return result.findings.at(0).answer;
}

}  // namespace

TEST_CASE("a score between its two limits is undetermined, a limit belongs to the range above it",
          "[inference]") {
    CHECK(answer_at(0.6, 0.6, 0.3) == Answer::present);
    CHECK(answer_at(0.5999, 0.6, 0.3) == Answer::undetermined);
    CHECK(answer_at(0.3, 0.6, 0.3) == Answer::undetermined);
    CHECK(answer_at(0.2999, 0.6, 0.3) == Answer::absent);
    CHECK(answer_at(0.5999, 0.6, std::nullopt) == Answer::absent);
    CHECK(answer_at(0.25, 0.2, 0.3) == Answer::present);  // limits in the wrong order
    CHECK(answer_at(0.19, 0.2, 0.3) == Answer::absent);
}

TEST_CASE("a site's threshold replaces the upper limit, and the lower one stays", "[inference]") {
    const std::vector<Threshold> at_point_eight{{std::string(64, 'a'), "nodule", 0.8}};
    const std::vector<Threshold> at_point_four{{std::string(64, 'a'), "nodule", 0.4}};
    CHECK(answer_of(decided_at(result_with(0.7, 0.3), at_point_eight)) == Answer::undetermined);
    CHECK(answer_of(decided_at(result_with(0.2, 0.3), at_point_eight)) == Answer::absent);
    CHECK(answer_of(decided_at(result_with(0.5, 0.3), at_point_four)) == Answer::present);
    CHECK(answer_of(decided_at(result_with(0.35, 0.3), at_point_four)) == Answer::undetermined);
    CHECK(answer_of(decided_at(result_with(0.7, std::nullopt), at_point_eight)) == Answer::absent);
    CHECK(answer_of(decided_at(result_with(0.5, 0.3), {})) == Answer::undetermined);
}

TEST_CASE("an undetermined finding has no place and does not make the verdict findings",
          "[inference]") {
    const auto decided = decided_at(result_with(0.7, 0.3),
                                    std::vector<Threshold>{{std::string(64, 'a'), "nodule", 0.8}});
    CHECK(decided.findings.at(0).regions.empty());
    CHECK(decided.verdict == Verdict::no_findings);
}
