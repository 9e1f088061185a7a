// SPDX-License-Identifier: Apache-2.0
// A PACS pushes a whole study: radiograph, dose report, key objects, presentation state.
#include <string>
#include <vector>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <catch2/catch.hpp>

#include "tests/support/orthanc.h"
#include "tests/support/running_node.h"
#include "tests/support/temp_dir.h"
#include "tests/support/xray.h"

using namespace bucky;
using namespace bucky::test;

namespace {

/// An object of the same study in another class. What it holds does not matter to a push.
std::filesystem::path companion(const TempDir& dir, const Xray& xray, const char* sop_class,
                                int number) {
    DcmFileFormat file;
    DcmDataset& dataset = *file.getDataset();
    const auto uid = xray.uids.sop_instance_uid + "." + std::to_string(number);
    const auto put = [&](const DcmTagKey& tag, const std::string& value) {
        REQUIRE(dataset.putAndInsertString(tag, value.c_str()).good());
    };
    put(DCM_SOPClassUID, sop_class);
    put(DCM_SOPInstanceUID, uid);
    put(DCM_StudyInstanceUID, xray.uids.study_uid);
    put(DCM_SeriesInstanceUID, xray.uids.study_uid + "." + std::to_string(number));
    put(DCM_PatientID, "PUSHED");
    put(DCM_PatientName, "Pushed^Study");
    const auto path = dir / (std::to_string(number) + ".dcm");
    REQUIRE(file.saveFile(path.c_str(), EXS_LittleEndianExplicit).good());
    return path;
}

}  // namespace

TEST_CASE("Orthanc's push of a whole study ends well, and the radiograph is analysed",
          "[system][ignore]") {
    const TempDir dir;
    Orthanc pacs;
    RunningNode node{{.destinations = {pacs.destination()}}};
    pacs.knows("BUCKY", node.dicom_port());
    const auto xray = write_xray(dir.path(), {.seed = 81});
    const std::vector<std::filesystem::path> study{
        companion(dir, xray, "1.2.840.10008.5.1.4.1.1.88.67", 1),  // X-Ray Radiation Dose SR
        xray.file,
        companion(dir, xray, "1.2.840.10008.5.1.4.1.1.88.59", 2),  // Key Object Selection
        companion(dir, xray, "1.2.840.10008.5.1.4.1.1.11.1", 3),   // Grayscale Presentation State
        companion(dir, xray, "1.2.840.10008.5.1.4.1.1.104.1", 4),  // Encapsulated PDF
    };
    CHECK(pacs.push(study));
    CHECK_FALSE(node.verdict_line(xray.uids.sop_instance_uid).empty());
    CHECK(pacs.wait_for_results(xray.uids.study_uid, 1).reports.size() == 1);
    const auto shown = node.bucky({"study", "show", xray.uids.study_uid}).output;
    CHECK(shown.find("X-Ray Radiation Dose SR") != std::string::npos);
    CHECK(shown.find("not kept, by scp.ignore") != std::string::npos);
}
