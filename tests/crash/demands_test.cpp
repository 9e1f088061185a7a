// SPDX-License-Identifier: Apache-2.0
// The demands of a walk detect the faults that they are meant to detect.
#include "tests/crash/demands.h"

#include <algorithm>

#include <catch2/catch.hpp>

#include "tests/support/database_file.h"
#include "tests/support/fake_pacs.h"
#include "tests/support/orthanc.h"
#include "tests/support/part10.h"
#include "tests/support/poll.h"
#include "tests/support/running_node.h"
#include "tests/support/temp_dir.h"
#include "tests/support/xray.h"

using namespace bucky::test;
using Catch::Contains;

namespace {

/// The files that are not of this SOP class.
std::vector<std::filesystem::path> without(std::vector<std::filesystem::path> files,
                                           const char* sop_class) {
    std::erase_if(
        files, [&](const auto& file) { return read_part10(file).value().sop_class == sop_class; });
    return files;
}

std::filesystem::path any_file_in(const std::filesystem::path& folder) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator{folder}) {
        if (entry.is_regular_file()) return entry.path();
    }
    return {};
}

std::string joined(const Complaints& complaints) {
    std::string all;
    for (const auto& one : complaints) all += one + '\n';
    return all;
}

}  // namespace

TEST_CASE("what was lost, not told, told twice or told to the wrong one is seen", "[crash][walk]") {
    const TempDir dir;
    const FakePacs pacs;
    RunningNode node{{.destinations = {pacs.destination()}}};
    std::vector<AnsweredImage> answered;
    for (const std::uint64_t seed : {31, 32}) {
        const auto xray = write_xray(dir.path(), {.seed = seed, .rows = 320, .columns = 320});
        REQUIRE(node.store(xray.file) == 0);
        answered.push_back({kNobody, xray.uids.study_uid, xray.uids.sop_instance_uid});
    }
    CHECK(poll_until([&] { return still_open(node.data_dir()).empty(); }, 60s));
    REQUIRE(node.stop() == 0);
    const auto kept = [&](const std::vector<AnsweredImage>& images) {
        return joined(check_kept(node.data_dir(), images));
    };
    const auto told = [&](const Told& one) { return joined(check_told(one, answered)); };
    const auto files = pacs.stored();

    CHECK(kept(answered) == "");
    CHECK(joined(check_folder(node.data_dir())) == "");
    CHECK(told({"pacs", {kNobody}, true, files}) == "");

    auto others = answered;
    others.push_back({kNobody, "2.25.1", "2.25.2"});
    CHECK_THAT(kept(others), Contains("of 3 answered images 1 are not there: 2.25.2"));
    others = {answered.front()};
    CHECK_THAT(kept(others), Contains("1 more are there that nobody was told of"));
    others.push_back({kNorth, answered.back().study, answered.back().sop_instance});
    CHECK_THAT(kept(others), Contains("1 are not there") && Contains("1 more are there"));
    CHECK_THAT(told({"pacs", {kNobody}, true, {}}), Contains("2 studies without a report") &&
                                                        Contains("2 images have not the pictures"));
    CHECK_THAT(told({"pacs", {kNobody}, true, without(files, kComprehensive3dSr)}),
               Contains("2 studies without a report") && !Contains("pictures"));
    CHECK_THAT(told({"pacs", {kNobody}, true, without(files, kSecondaryCapture)}),
               Contains("2 images have not the pictures") && !Contains("report"));
    CHECK_THAT(told({"pacs", {kNobody}, false, files}), Contains("2 images have not the pictures"));
    CHECK_THAT(told({"north", {kNorth}, true, files}), Contains("name somebody else's images"));
    CHECK_THAT(joined(check_told({"pacs", {kNobody}, true, files}, {answered.front()})),
               Contains("objects of no study of ours"));

    std::filesystem::rename(any_file_in(node.data_dir() / "spool"),
                            node.data_dir() / "spool" / "nobodys.dcm");
    CHECK_THAT(kept(answered), Contains("1 have no file"));
    CHECK_THAT(joined(check_folder(node.data_dir())),
               Contains("files without a row: ") && Contains("rows without a file: "));
    std::filesystem::remove(database_file(node.data_dir()));
    CHECK_THAT(joined(check_folder(node.data_dir())), Contains("the database: "));
    CHECK_THAT(joined(still_open(node.data_dir())), Contains("the database: "));
}
