// SPDX-License-Identifier: Apache-2.0
// What the log of a running node shows of patients, and how that changes while the node runs.
#include <algorithm>
#include <fstream>
#include <iterator>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/support/fake_pacs.h"
#include "tests/support/places.h"
#include "tests/support/process.h"
#include "tests/support/running_node.h"
#include "tests/support/senders.h"
#include "tests/support/temp_dir.h"
#include "tests/support/xray.h"

using namespace bucky;
using namespace bucky::test;

namespace {

Xray xray_of(const TempDir& dir, std::uint64_t seed, const char* name) {
    XrayOptions options{.seed = seed, .rows = 256, .columns = 256};
    options.dicom.patient_name = name;
    options.dicom.patient_id = "ID-" + std::string{name};
    return write_xray(dir.path(), options);
}

/// The [log] table of the node's file, which is the last one.
void rewrite_log(const RunningNode& node, const std::string& table) {
    std::ifstream in{node.config_file()};
    std::string text{std::istreambuf_iterator<char>{in}, {}};
    text.resize(text.find("[log]"));
    std::ofstream{node.config_file(), std::ios::trunc} << text << table;
}

std::string line_with(const std::string& output, const std::string& part) {
    const auto at = output.find(part);
    if (at == std::string::npos) return {};
    const auto begins = output.rfind('\n', at) + 1;
    return output.substr(begins, output.find('\n', at) - begins);
}

}  // namespace

TEST_CASE("debug events say what was proposed, what was answered and which package was considered",
          "[system][log]") {
    FakePacs pacs;
    RunningNode node{
        {.destinations = {pacs.destination()},
         .more = "[log]\nmodules = [\"association=debug\", \"deliver=debug\", \"image=debug\"]\n"}};
    const TempDir dir;
    const auto xray = xray_of(dir, 4, "Fourth^Person");
    CHECK(echo(node.dicom_port()) == 0);
    REQUIRE(node.store(xray.file) == 0);
    CHECK(node.logged(" debug association.echo assoc="));
    CHECK(node.logged(" debug association.context assoc="));
    CHECK(node.logged(" class=1.2.840.10008.5.1.4.1.1.1"));
    CHECK(node.logged(" accepted=true answer=1.2.840.10008.1.2.1"));
    CHECK(node.logged(" debug image.considered sop=" + xray.uids.sop_instance_uid +
                      " package=cxr-phantom version="));
    CHECK(node.logged(" debug deliver.context to=pacs class="));
}

TEST_CASE(
    "names of patients are in the log while log.phi says so, and a reload takes that back and "
    "may turn the lines into JSON",
    "[system][log]") {
    RunningNode node{{.more = "[log]\nphi = true\n"}};
    CHECK(node.logged(" warning log.phi "));
    const TempDir dir;
    REQUIRE(node.store(xray_of(dir, 1, "First^Person").file) == 0);
    CHECK(node.logged(" patient_name=First^Person patient_id=ID-First^Person "));

    rewrite_log(node, "[log]\nformat = \"json\"\n");
    REQUIRE(node.bucky({"reload"}).status == 0);
    const auto second = xray_of(dir, 2, "Second^Person");
    REQUIRE(node.store(second.file) == 0);
    REQUIRE(node.logged("\"event\":\"image.verdict\",\"sop\":\"" + second.uids.sop_instance_uid));
    const auto output = node.process().output();
    CHECK(output.find("Second^Person") == std::string::npos);
    const auto kept = nlohmann::json::parse(line_with(output, "\"event\":\"store.kept\""));
    CHECK(kept["sop"] == second.uids.sop_instance_uid);
    CHECK(kept["bytes"].is_number());
    CHECK(kept["level"] == "info");

    rewrite_log(node, "[log]\nformat = \"json\"\nmodules = [\"store=error\"]\n");
    REQUIRE(node.bucky({"reload"}).status == 0);
    const auto third = xray_of(dir, 3, "Third^Person");
    REQUIRE(node.store(third.file) == 0);
    REQUIRE(node.logged("\"event\":\"image.verdict\",\"sop\":\"" + third.uids.sop_instance_uid));
    const auto whole = node.process().output();
    const auto of_third =
        whole.find("\"event\":\"store.kept\"", whole.find("reload.applied", output.size()));
    CHECK(of_third == std::string::npos);
}

TEST_CASE("that patients are in the log is said at the start and at a reload, whatever its level",
          "[system][log]") {
    using namespace std::chrono_literals;
    constexpr auto kHidden = "[log]\nphi = true\nlevel = \"error\"\nmodules = [\"log=error\"]\n";
    RunningNode node{{.more = "[log]\n"}};
    rewrite_log(node, kHidden);
    REQUIRE(node.bucky({"reload"}).status == 0);
    CHECK(node.logged(" warning log.phi "));
    CHECK(node.stop() == 0);

    Process again{{bucky_program().string(), "serve", "--config", node.config_file().string()}};
    CHECK(again.wait_for_line(" warning log.phi ", 60s));
}
