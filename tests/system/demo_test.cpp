// SPDX-License-Identifier: Apache-2.0
// The demo as a user runs it after its build: one line per image, and nothing is left behind.
#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/support/exhibits.h"
#include "tests/support/places.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"
#include "tests/support/xray.h"

using namespace bucky;
using namespace bucky::test;
namespace fs = std::filesystem;

namespace {

/// Runs `show.py --once` on these files, with a temporary folder of the test.
Finished demo(const TempDir& temporary, const fs::path& out, const std::vector<fs::path>& files) {
    std::vector<std::string> command{"/usr/bin/python3",
                                     (source_dir() / "tools/demonstration/show.py").string(),
                                     "--bucky",
                                     bucky_program().string(),
                                     "--model",
                                     phantom_model().string(),
                                     "--out",
                                     out.string(),
                                     "--once",
                                     "--dicom"};
    for (const auto& file : files) command.push_back(file.string());
    auto ended = run(command, {{"TMPDIR", temporary.path().string()}});
    exhibit_results(out);
    return ended;
}

/// Whether any process on this machine was started with this folder among its arguments.
bool somebody_works_in(const fs::path& folder) {
    for (const auto& process : fs::directory_iterator{"/proc"}) {
        std::ifstream file{process.path() / "cmdline"};
        const std::string arguments{std::istreambuf_iterator<char>{file}, {}};
        if (arguments.find(folder.string()) != std::string::npos) return true;
    }
    return false;
}

std::size_t columns(const std::string& line) {  // code points of UTF-8
    return static_cast<std::size_t>(std::count_if(line.begin(), line.end(), [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
    }));
}

}  // namespace

TEST_CASE("the demo shows each image's verdict from the PACS and leaves nothing running",
          "[system][demo]") {
    const TempDir dir, temporary;
    const auto nodule = write_xray(dir.path(), {.seed = 12, .lesions = {phantom::Finding::nodule}});
    XrayOptions side{.seed = 13};
    side.dicom.view_position = "LL";
    const auto lateral = write_xray(dir.path(), side);
    const auto ended = demo(temporary, dir / "out", {nodule.file, lateral.file});
    INFO(ended.output);
    CHECK(ended.status == 0);
    CHECK(ended.output.find("not analysed") != std::string::npos);
    CHECK(ended.output.find("http://127.0.0.1:") != std::string::npos);
    std::istringstream lines{ended.output};
    for (std::string line; std::getline(lines, line);) {
        if (!line.ends_with((dir / "out").string())) CHECK(columns(line) <= 80);
    }
    std::set<std::string> kept;
    for (const auto& entry : fs::directory_iterator{dir / "out"}) {
        kept.insert(entry.path().filename());
        if (entry.path().extension() == ".png") CHECK(entry.file_size() > 10'000);
    }
    const auto named = [](const Xray& xray, const char* ending) {
        return xray.file.stem().string() + ending;
    };
    CHECK(kept == std::set{named(nodule, ".png"), named(nodule, ".sr.dcm"),
                           named(nodule, ".overlay.dcm"), named(lateral, ".sr.dcm")});

    CHECK(fs::is_empty(temporary.path()));
    CHECK_FALSE(somebody_works_in(temporary.path()));
}

TEST_CASE("the demo says 1 when an image has no verdict", "[system][demo]") {
    const TempDir dir, temporary;
    std::ofstream{dir / "letter.txt"} << "no radiograph";
    const auto xray = write_xray(dir.path(), {.seed = 14});
    const auto ended = demo(temporary, dir / "out", {xray.file, dir / "letter.txt"});
    INFO(ended.output);
    CHECK(ended.status == 1);
    CHECK(ended.output.find("no verdict") != std::string::npos);
    CHECK(fs::is_empty(temporary.path()));
}

TEST_CASE("the demo of a service shows a line an image at two sites, and goes on without a server",
          "[system][demo][cloud]") {
    const TempDir dir, temporary;
    const auto ended =
        run({"/usr/bin/python3", "-B", (source_dir() / "tools/demonstration/show.py").string(),
             "--bucky", bucky_program().string(), "--model", phantom_model().string(), "--cloud",
             "--once", "--out", (dir / "out").string()},
            {{"TMPDIR", temporary.path().string()}}, std::chrono::minutes{5});
    INFO(ended.output);
    CHECK(ended.status == 0);
    for (const auto* part : {"south   pneumonia", "north   nodule", "is killed (kill -9)",
                             "went on alone", "No network namespaces", "joined by invitation"}) {
        INFO(part);
        CHECK(ended.output.find(part) != std::string::npos);
    }
    CHECK(ended.output.find("no verdict") == std::string::npos);
    CHECK_FALSE(somebody_works_in(temporary.path()));
}
