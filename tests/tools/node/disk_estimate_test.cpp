// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/node/disk_estimate.h"

#include <filesystem>

#include <catch2/catch.hpp>

#include "tests/tools/commands/command_line.h"

using namespace bucky;
using Catch::Contains;

TEST_CASE("the estimate of results is what the workers write", "[tools]") {
    test::NodeHarness node;
    phantom::DicomOptions dicom;
    node.receive({.seed = 3, .lesions = {phantom::Finding::pneumonia}, .dicom = dicom});
    node.hang_up();
    node.infer_all();
    node.report_all();
    double written = 0;
    for (const auto& file :
         std::filesystem::recursive_directory_iterator{node.settings.node.data_dir / "results"}) {
        if (file.is_regular_file()) written += static_cast<double>(file.file_size());
    }
    INFO(written << " bytes of results");
    const double told = result_bytes_of_image(node.settings);
    CHECK(told > written * 0.8);
    CHECK(told < written * 2);
}

TEST_CASE("config check says how much disk the settings need", "[tools]") {
    conf::Settings settings;
    settings.destinations.emplace_back().name = "pacs";
    CHECK(
        disk_estimate(settings) ==
        "disk: an X-ray of 10 MB takes 11.3 MB with its results; at 100 images a day, 34.0 GB for "
        "the 30 days of storage.keep_days");
    const double one = result_bytes_of_image(settings);
    settings.destinations.push_back(settings.destinations.front());
    CHECK(result_bytes_of_image(settings) == one);  // the same objects go to both
    settings.destinations.back().language = Language::korean;
    CHECK(result_bytes_of_image(settings) == 2 * one);
    settings.overlay.style = Marking::heatmap;
    CHECK(result_bytes_of_image(settings) > 5 * one);
    settings.storage.keep_days = 0;
    settings.storage.keep_mb = 50'000;
    CHECK_THAT(disk_estimate(settings), Contains("a month, of which none is deleted by its age") &&
                                            Contains("storage.keep_mb allows 50.0 GB"));
    const test::Visited visited;
    const auto said = visited.ask({"config", "check"}).text;
    CHECK_THAT(said, Contains("\ndisk: an X-ray of 10 MB takes "));
}
