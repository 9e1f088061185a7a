// SPDX-License-Identifier: Apache-2.0
#include "conf/dicom/exam_words.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

using namespace bucky;

namespace {

std::string region_of(std::string_view word) {
    const auto meaning = exam_meaning(word);
    return meaning ? meaning->region : "";
}

std::string view_of(std::string_view word) {
    const auto meaning = exam_meaning(word);
    return meaning ? meaning->view : "";
}

/// docs/eligibility.md, printed from the words: a line for each meaning and source.
std::string table() {
    struct Line {
        std::string means, source, words;
    };
    std::vector<Line> lines;
    for (const ExamWord& row : exam_words()) {
        std::string means;
        for (const auto& part : {row.region, row.view, row.modality}) {
            if (!means.empty() && !part.empty()) means += ' ';
            means += part;
        }
        if (means.empty()) means = "nothing of these";
        auto line = std::find_if(lines.begin(), lines.end(), [&](const Line& one) {
            return one.means == means && one.source == row.source;
        });
        if (line == lines.end()) line = lines.insert(line, {means, std::string(row.source), ""});
        line->words += (line->words.empty() ? "`" : ", `") + std::string(row.word) + '`';
    }
    std::string text = "| words | mean | source |\n|---|---|---|\n";
    for (const auto& [means, source, words] : lines) {
        text += "| " + words + " | " + means + " | " + source + " |\n";
    }
    return text;
}

}  // namespace

TEST_CASE("what names a chest to any radiographer is one", "[conf][words]") {
    for (const auto* word : {"CHEST",
                             "CHEST PA",
                             "CHEST_PA",
                             "Chest-PA",
                             "chest, pa",
                             "THORAX PA",
                             "THORAX",
                             "CXR",
                             "PORT CHEST",
                             "CHEST PORTABLE",
                             "CHEST 1V",
                             "CHEST 1 VIEW",
                             "CHEST AP SUPINE",
                             "CHESTPA",
                             "TORAX",
                             "TÓRAX",
                             "RX TORAX",
                             "LUNG",
                             "LUNGS",
                             "흉부",
                             "胸部正位",
                             "PED CHEST",
                             "XR CHEST PA (ERECT)"}) {
        CAPTURE(word);
        CHECK(region_of(word) == "CHEST");
    }
    CHECK(view_of("CHEST PA") == "PA");
    CHECK(view_of("CHEST AP SUPINE") == "AP");
    CHECK(view_of("CHEST") == "");
}

TEST_CASE("what names a frontal view to any radiographer is one", "[conf][words]") {
    for (const auto* word : {"PA", "P.A.", "pa", "P-A", "P A", "PA ERECT", "PA UPRIGHT",
                             "PA STANDING", "POSTEROANTERIOR", "Postero-Anterior"}) {
        CAPTURE(word);
        CHECK(view_of(word) == "PA");
    }
    for (const auto* word : {"AP", "A.P.", "AP SUPINE", "AP PORTABLE", "AP SEMI-ERECT",
                             "ANTEROPOSTERIOR", "AP/ERECT"}) {
        CAPTURE(word);
        CHECK(view_of(word) == "AP");
    }
    CHECK(view_of("FRONTAL") == "FRONTAL");
    CHECK(view_of("PA FRONTAL") == "PA");
}

TEST_CASE("no lateral image and no other body part becomes a frontal chest", "[conf][words]") {
    for (const auto* word : {"CHEST LAT",
                             "CHEST LL",
                             "CHEST PA LAT",
                             "CHEST PA/LAT",
                             "CHEST 2 VIEWS",
                             "LAT",
                             "LL",
                             "RL",
                             "LATERAL",
                             "PA OBLIQUE",
                             "AP/PA",
                             "CHEST DECUB",
                             "CHESTABDOMEN",
                             "CHEST ABDOMEN",
                             "THORACIC SPINE",
                             "T-SPINE",
                             "RIBS",
                             "BREAST",
                             "ABDOMEN",
                             "KNEE AP",
                             "HAND PA",
                             "SKULL PA",
                             "CHEST CT",
                             "LLO",
                             "UNKNOWN",
                             "?????",
                             "",
                             "   ",
                             "LUNG BIOPSY",
                             "BABYGRAM"}) {
        CAPTURE(word);
        const bool is_frontal_chest = region_of(word) == "CHEST" || !view_of(word).empty();
        CHECK_FALSE(is_frontal_chest);
    }
}

TEST_CASE("a modality that was never defined is the one that took its place", "[conf][words]") {
    CHECK(exam_meaning("DR")->modality == "DX");
    CHECK(exam_meaning("XR")->modality == "DX");
    CHECK_FALSE(exam_meaning("CT").has_value());
    CHECK_FALSE(exam_meaning("MG").has_value());
}

TEST_CASE("every word stands in the table once, with its source", "[conf][words]") {
    std::set<std::string_view> seen;
    for (const ExamWord& row : exam_words()) {
        CAPTURE(row.word);
        CHECK(seen.insert(row.word).second);
        CHECK_FALSE(row.source.empty());
        CHECK_FALSE(names_another_exam(row.word));
        CHECK(exam_meaning(row.word).has_value());
    }
}

TEST_CASE("an alias explains the words of its attribute, in any spelling", "[conf][words]") {
    const std::vector<ExamAlias> aliases{{ExamAttribute::body_part, "TX Frente", "CHEST PA"},
                                         {ExamAttribute::view, "F1", "AP"}};
    CHECK(explained("tx_frente", ExamAttribute::body_part, aliases) == "CHEST PA");
    CHECK(explained("TX FRENTE", ExamAttribute::view, aliases) == "TX FRENTE");
    CHECK(explained("F1", ExamAttribute::view, aliases) == "AP");
    CHECK(explained("KNEE", ExamAttribute::body_part, aliases) == "KNEE");
    CHECK(explained("", ExamAttribute::body_part, aliases).empty());
}

TEST_CASE("docs/eligibility.md is what the words print", "[conf][docs]") {
    std::ifstream in(std::filesystem::path{BUCKY_SOURCE_DIR} / "docs" / "eligibility.md");
    const std::string kept{std::istreambuf_iterator<char>{in}, {}};
    INFO("the table should be:\n" << table());
    CHECK(kept.find(table()) != std::string::npos);
}
