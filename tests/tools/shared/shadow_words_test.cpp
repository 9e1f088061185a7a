// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/shared/shadow_words.h"

#include <catch2/catch.hpp>

using namespace bucky;
using inference::Verdict;

namespace {

inference::ImageResult result(Verdict verdict) {
    inference::ImageResult made;
    made.verdict = verdict;
    made.model = inference::ModelIdentity{};
    made.model->name = "cxr-nodule";
    made.model->version = "0.2.0-rc1";
    return made;
}

}  // namespace

TEST_CASE("the journal's words of a shadow are read back as they were meant", "[tools]") {
    auto found = result(Verdict::findings);
    for (const auto& [key, score] : {std::pair{"nodule", 0.81234}, {"mass", 0.01}}) {
        inference::Finding finding;
        finding.key = key;
        finding.score = score;
        found.findings.push_back(finding);
    }
    CHECK(shadow_words(found) == "cxr-nodule 0.2.0-rc1: findings: nodule 0.8123, mass 0.0100");
    const auto said = read_shadow_words(shadow_words(found));
    REQUIRE(said);
    CHECK(said->label == "cxr-nodule 0.2.0-rc1");
    CHECK(said->verdict == Verdict::findings);
    CHECK(said->scores == std::map<std::string, double>{{"nodule", 0.8123}, {"mass", 0.01}});

    auto refused = result(Verdict::not_analysed);
    refused.reason = inference::Reason{"view.not_taken", {}, "view position LL: frontal, only"};
    const auto why = read_shadow_words(shadow_words(refused));
    REQUIRE(why);
    CHECK(why->verdict == Verdict::not_analysed);
    CHECK(why->reason == "view.not_taken");
    CHECK(why->scores.empty());
}

TEST_CASE("words that are no shadow's, or were cut, are nothing", "[tools]") {
    for (const auto* words :
         {"", "the disk is full: no room: at all", "cxr 1: findings: nodule 0.8, ma",
          "cxr 1: findings", "cxr 1: findings: nodule x"}) {
        CAPTURE(words);
        CHECK_FALSE(read_shadow_words(words));
    }
    const auto old = read_shadow_words("cxr 1: not_analysed: view position LL: frontal only");
    REQUIRE(old);
    CHECK(old->reason.empty());  // words before the key stood in them
}
