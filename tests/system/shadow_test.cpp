// SPDX-License-Identifier: Apache-2.0
// `bucky shadow report` of a real node: what a candidate said of its images beside the model in
// use.
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/support/places.h"
#include "tests/support/poll.h"
#include "tests/support/running_node.h"
#include "tests/support/temp_dir.h"
#include "tests/support/xray.h"

using namespace bucky;
using namespace bucky::test;
using Catch::Contains;

namespace {

std::string contents(const std::filesystem::path& file) {
    std::stringstream text;
    text << std::ifstream{file}.rdbuf();
    return text.str();
}

/// A reload: the candidate is asked beside the model in use from now on.
void take_into_shadow(RunningNode& node, const std::filesystem::path& candidate) {
    auto text = contents(node.config_file());
    const auto in_use = '"' + phantom_model().string() + '"';
    text.replace(text.find(in_use), in_use.size(), in_use + ", \"" + candidate.string() + '"');
    std::ofstream{node.config_file()} << text << "\n[[model]]\nfolder = \"" << candidate.string()
                                      << "\"\nshadow = true\n";
    const auto reloaded = node.bucky({"reload"});
    INFO(reloaded.output);
    REQUIRE(reloaded.status == 0);
}

}  // namespace

TEST_CASE("a shadow report names by accession number where the candidate differs",
          "[system][audit]") {
    const TempDir dir;
    const auto image = [&](std::uint64_t seed, const std::string& number) {
        phantom::DicomOptions dicom;
        dicom.accession_number = number;
        return write_xray(dir.path(), {.seed = seed,
                                       .lesions = {phantom::Finding::nodule},
                                       .rows = 512,
                                       .columns = 512,
                                       .dicom = dicom});
    };
    const auto both_call_it = image(300, "ACC-ALIKE"), only_one_does = image(313, "ACC-DIFFERS");
    const auto before = image(301, "ACC-BEFORE");
    RunningNode node;
    CHECK(node.bucky({"shadow", "report"}).output.find("no model in the shadow") !=
          std::string::npos);
    REQUIRE(node.store(before.file) == 0x0000);
    REQUIRE_FALSE(node.verdict_line(before.uids.sop_instance_uid).empty());
    take_into_shadow(node, phantom_model().parent_path() / "cxr-nodule");
    REQUIRE(node.store(both_call_it.file) == 0x0000);
    REQUIRE(node.store(only_one_does.file) == 0x0000);

    Finished said;
    CHECK(poll_until(  // a shadow is asked after the verdict
        [&] {
            said = node.bucky({"shadow", "report", "--out", (dir / "report").string()});
            return said.output.find("2 images of 2 studies") != std::string::npos;
        },
        30s));
    INFO(said.output);
    CHECK(said.status == 0);
    CHECK_THAT(said.output, Contains("ACC-DIFFERS") && !Contains("ACC-ALIKE") &&
                                Contains("1  left out: not looked at by this version") &&
                                Contains("50.0 %") && Contains("[[threshold]]") &&
                                !Contains("Phantom^") && !Contains("PHANTOM-"));
    const auto page = contents(dir / "report" / "shadow.html");
    CHECK_THAT(page, Contains("Images where they differ: 1") && Contains("Scores of two models") &&
                         Contains("ACC-DIFFERS") && Contains("sender: "));
    CHECK_THAT(contents(dir / "report" / "shadow.csv"), Contains("ACC-ALIKE,"));
}
