// SPDX-License-Identifier: Apache-2.0
// The three tables of the vocabulary: result kinds, SOP classes, transfer syntaxes.
#include "conf/dicom/result_kinds.h"

#include <algorithm>
#include <set>

#include <catch2/catch.hpp>

#include "conf/dicom/transfer_syntaxes.h"

using namespace bucky;

TEST_CASE("each kind has a word of its own, which leads back to it", "[conf]") {
    std::set<std::string_view> words;
    for (const auto& row : kResultKinds) {
        INFO(row.word);
        CHECK(words.insert(row.word).second);
        CHECK(result_kind_of(row.word) == row.kind);
        CHECK(&row_of(row.kind) == &row);
        CHECK_FALSE(row.sentence.empty());
    }
    CHECK(result_kind_of("") == std::nullopt);
    CHECK(result_kind_of("SR") == std::nullopt);
}

TEST_CASE("each kind comes in classes that have a name, and stands in a series above 9000",
          "[conf]") {
    for (const auto& row : kResultKinds) {
        INFO(row.word);
        REQUIRE_FALSE(row.classes.empty());
        for (const auto sop_class : row.classes) CHECK(name_of_class(sop_class) != sop_class);
        CHECK(row.series_number.size() == 4);
        CHECK(row.series_number > "9000");
    }
}

TEST_CASE("kinds of one series number come in the same classes", "[conf]") {
    for (const auto& one : kResultKinds) {
        for (const auto& other : kResultKinds) {
            if (one.series_number != other.series_number) continue;
            INFO(one.word << " and " << other.word);
            CHECK(std::ranges::equal(one.classes, other.classes));
        }
    }
}

TEST_CASE("a class that may be replaced has its others, best first, and no other class has any",
          "[conf]") {
    CHECK(fallbacks_of(sop_class::kEnhancedSr).front() == sop_class::kComprehensive3dSr);
    CHECK(fallbacks_of(sop_class::kComputedRadiography).front() == sop_class::kSecondaryCapture);
    for (const auto alone : {sop_class::kSegmentation, sop_class::kChestCadSr,
                             sop_class::kGrayscalePresentation, sop_class::kEncapsulatedPdf}) {
        CHECK(fallbacks_of(alone).empty());
    }
}

TEST_CASE("no class and no transfer syntax stands in its tables twice", "[conf]") {
    std::set<std::string_view> seen;
    for (const auto& row : kImageClasses) CHECK(seen.insert(row.uid).second);
    for (const auto& row : kOtherClasses) CHECK(seen.insert(row.uid).second);
    for (const auto& row : kTransferSyntaxes) CHECK(seen.insert(row.uid).second);
    CHECK(name_of_class("1.2.3") == "1.2.3");
    CHECK(find_transfer_syntax("1.2.3") == nullptr);
}
