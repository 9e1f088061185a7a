// SPDX-License-Identifier: Apache-2.0
// Names as devices in Korea and Japan send them, with right and wrong declarations, are read
// correctly from a real PACS.
#include <string>
#include <vector>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <catch2/catch.hpp>

#include "tests/support/judges.h"
#include "tests/support/orthanc.h"
#include "tests/support/part10.h"
#include "tests/support/running_node.h"
#include "tests/support/temp_dir.h"
#include "tests/support/xray.h"

using namespace bucky;
using namespace bucky::test;

namespace {

/// A name in the bytes of its device, and its correct reading.
struct Named {
    const char* declared;
    std::string bytes;
    const char* name;
    bool as_declared;
};

const std::vector<Named> kNames{
    {"\\ISO 2022 IR 149",
     "Hong^Gildong=\x1B$)C\xFB\xF3^\x1B$)C\xD1\xCE\xD4\xD7=\x1B$)C\xC8\xAB^\x1B$)C\xB1\xE6\xB5\xBF",
     "Hong^Gildong=洪^吉洞=홍^길동", true},
    {"ISO_IR 149", "\xC8\xAB^\xB1\xE6\xB5\xBF", "홍^길동", false},
    {"ISO_IR 13\\ISO 2022 IR 87", "\xD4\xCF\xC0\xDE^\xC0\xDB\xB3=\x1B$B;3ED\x1B(J^\x1B$BB@O:\x1B(J",
     "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎", true},
};

Xray xray_of(const std::filesystem::path& dir, const Named& named, std::uint64_t seed) {
    const auto xray = write_xray(dir, {.seed = seed});
    DcmFileFormat file;
    REQUIRE(file.loadFile(xray.file.c_str()).good());
    file.loadAllDataIntoMemory();  // the pixels are still in the file that is overwritten
    DcmDataset& dataset = *file.getDataset();
    REQUIRE(dataset.putAndInsertString(DCM_SpecificCharacterSet, named.declared).good());
    REQUIRE(dataset.putAndInsertString(DCM_PatientName, named.bytes.c_str()).good());
    REQUIRE(file.saveFile(xray.file.c_str(), EXS_LittleEndianExplicit).good());
    return xray;
}

}  // namespace

TEST_CASE("a Korean and a Japanese patient's results bear the right name in the PACS",
          "[system][results][text]") {
    const TempDir dir;
    Orthanc pacs;
    RunningNode node{{.destinations = {pacs.destination()}}};
    std::uint64_t seed = 71;
    for (const Named& named : kNames) {
        CAPTURE(named.declared);
        const auto xray = xray_of(dir.path(), named, seed++);
        REQUIRE(node.store(xray.file) == 0x0000);
        const auto results = pacs.wait_for_results(xray.uids.study_uid, 1);
        REQUIRE(results.reports.size() == 1);
        REQUIRE(results.overlays.size() == 1);
        for (const Held& held : {results.reports[0], results.overlays[0]}) {
            CHECK(pacs.shown(held, "PatientName") == named.name);
            const auto file = pacs.file(held);
            CHECK(dciodvfy_errors(file) == std::vector<std::string>{});
            CHECK(mentions(file, named.bytes) != named.as_declared);  // kept when it took a guess
        }
    }
}
