// SPDX-License-Identifier: Apache-2.0
// An archive is asked what it has, and sends it: Debian's Orthanc as SCP of C-FIND and C-MOVE.
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/support/orthanc.h"
#include "tests/support/running_node.h"
#include "tests/support/temp_dir.h"
#include "tests/support/xray.h"

using namespace bucky;
using namespace bucky::test;
using Catch::Contains;

namespace {

std::string archive_named(const std::string& name, const Orthanc& pacs) {
    return "[[archive]]\nname = \"" + name +
           "\"\nae_title = \"ORTHANC\"\nhost = \"127.0.0.1\"\nport = " +
           std::to_string(pacs.dicom_port()) + "\n";
}

}  // namespace

TEST_CASE("Orthanc answers what it has of a day, without a name, and sends a study that is fetched",
          "[system][archive]") {
    const TempDir dir;
    Orthanc pacs;
    const auto xray = write_xray(dir.path(), {.seed = 71, .rows = 256, .columns = 256});
    pacs.keeps(xray.file);
    RunningNode node{{.more = archive_named("pacs", pacs)}};
    pacs.knows("BUCKY", node.dicom_port());

    const auto echoed = node.bucky({"archive", "echo", "pacs"});
    INFO(echoed.output);
    CHECK(echoed.status == 0);
    CHECK_THAT(echoed.output, Contains("answers queries"));

    const auto found = node.bucky({"archive", "find", "pacs", "--date", "2026-01-02"});
    INFO(found.output);
    CHECK(found.status == 0);
    CHECK_THAT(found.output, Contains(xray.uids.study_uid) && Contains("2026-01-02 10:15") &&
                                 Contains("DX") && !Contains("Phantom") && !Contains("PHANTOM"));
    CHECK(node.bucky({"archive", "find", "pacs", "--date", "2026-01-03"}).status == 1);
    CHECK(node.bucky({"archive", "find", "pacs", "--study", xray.uids.study_uid}).status == 0);

    const auto fetched = node.bucky({"archive", "fetch", "pacs", xray.uids.study_uid});
    INFO(fetched.output);
    CHECK(fetched.status == 0);
    CHECK_FALSE(node.verdict_line(xray.uids.sop_instance_uid).empty());
    CHECK(node.bucky({"archive", "fetch", "pacs", "1.2.3.4"}).status == 1);
}

TEST_CASE("of an archive that does not know this node, the words say what to register",
          "[system][archive]") {
    const TempDir dir;
    Orthanc pacs;
    const auto xray = write_xray(dir.path(), {.seed = 72, .rows = 256, .columns = 256});
    pacs.keeps(xray.file);
    RunningNode node{{.more = archive_named("pacs", pacs)}};
    const auto fetched = node.bucky({"archive", "fetch", "pacs", xray.uids.study_uid});
    INFO(fetched.output);
    CHECK(fetched.status == 1);
    CHECK_THAT(fetched.output, Contains("AE title registered there"));
}
