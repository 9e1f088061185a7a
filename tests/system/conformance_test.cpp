// SPDX-License-Identifier: Apache-2.0
// The Conformance Statement: what it prints is what the configuration says and the node takes.
#include <fstream>

#include <catch2/catch.hpp>

#include "tests/support/places.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

using namespace bucky::test;

TEST_CASE("the conformance statement tells this configuration, in the outline of PS3.2",
          "[system][conformance]") {
    const TempDir dir;
    const auto config = dir / "bucky.toml";
    std::ofstream{config} << "[node]\nae_title = \"SECONDLOOK\"\n[scp]\nport = 10104\n"
                          << "[inference]\nmodels = [\"" << phantom_model().string() << "\"]\n"
                          << "[[destination]]\nname = \"archive\"\nae_title = \"ARCHIVE\"\n"
                          << "host = \"pacs.example\"\ncommitment = true\nsend = [\"sr\"]\n";
    const auto said = run({bucky_program().string(), "conformance", "--config", config.string()});
    INFO(said.output);
    REQUIRE(said.status == 0);
    for (const auto* words :
         {"## 1 Overview", "### 4.2 AE specifications", "## 5 Media interchange",
          "## 6 Character sets", "## 7 Security", "`SECONDLOOK`", "port 10104", "SECONDLOOK only",
          "ARCHIVE at pacs.example port 104",
          "| Digital X-Ray Image - For Presentation | 1.2.840.10008.5.1.4.1.1.1.1 | where",
          "| CT Image | 1.2.840.10008.5.1.4.1.1.2 | kept", "1.2.840.10008.1.2.4.90",
          "| Comprehensive 3D SR | 1.2.840.10008.5.1.4.1.1.88.34 |", "| A700 | the disk",
          "Storage commitment is asked for"}) {
        INFO(words);
        CHECK(said.output.find(words) != std::string::npos);
    }
    CHECK(said.output.find("| Secondary Capture |") == std::string::npos);  // only "sr" is sent
}
