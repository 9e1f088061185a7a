// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <catch2/catch.hpp>

#include "scp/web/store_answer.h"

using namespace bucky;
using scp::StoredPart;

namespace {

const StoredPart kStored{.sop_class = "1.2", .sop_instance = "1.2.3"};
const StoredPart kWarned{.sop_class = "1.2", .sop_instance = "1.2.4", .warning = 0xB000};
const StoredPart kRefused{.sop_class = "1.2", .sop_instance = "1.2.5", .failure = 0xC000};
const StoredPart kUnknown{.sop_class = "", .sop_instance = "", .failure = 0xC000};
const StoredPart kLater{.sop_class = "1.2", .sop_instance = "1.2.6", .failure = 0xA700};

}  // namespace

TEST_CASE("the status of a request to store says all, some, none, or none now", "[scp][web]") {
    CHECK(scp::status_of({kStored, kStored}) == 200);
    CHECK(scp::status_of({kStored, kWarned}) == 202);
    CHECK(scp::status_of({kStored, kRefused}) == 202);
    CHECK(scp::status_of({kRefused, kUnknown}) == 409);
    CHECK(scp::status_of({kRefused, kLater}) == 503);
}

TEST_CASE("each instance has its answer, in JSON", "[scp][web]") {
    CHECK(scp::to_dicom_json({kStored, kRefused, kUnknown}) ==
          R"({"00081198":{"vr":"SQ","Value":[{"00081150":{"vr":"UI","Value":["1.2"]},)"
          R"("00081155":{"vr":"UI","Value":["1.2.5"]},"00081197":{"vr":"US","Value":[49152]}}]},)"
          R"("00081199":{"vr":"SQ","Value":[{"00081150":{"vr":"UI","Value":["1.2"]},)"
          R"("00081155":{"vr":"UI","Value":["1.2.3"]}}]},)"
          R"("0008119A":{"vr":"SQ","Value":[{"00081197":{"vr":"US","Value":[49152]}}]}})");
    CHECK(scp::to_dicom_json({}) == "{}");
}

TEST_CASE("each instance has its answer, in XML", "[scp][web]") {
    const auto xml = scp::to_dicom_xml({kWarned, kStored});
    CHECK(xml.find(R"(<DicomAttribute tag="00081199" vr="SQ" keyword="ReferencedSOPSequence">)"
                   R"(<Item number="1"><DicomAttribute tag="00081150" vr="UI" )"
                   R"(keyword="ReferencedSOPClassUID"><Value number="1">1.2</Value>)") !=
          std::string::npos);
    CHECK(xml.find(R"(keyword="WarningReason"><Value number="1">45056</Value>)") !=
          std::string::npos);
    CHECK(xml.find(R"(<Item number="2">)") != std::string::npos);
}

TEST_CASE("nothing of a sender's text stands in an answer but well-formed UIDs", "[scp][web]") {
    const StoredPart forged{
        .sop_class = R"("}<x>)", .sop_instance = std::string(65, '1'), .failure = 0xC000};
    CHECK(scp::to_dicom_json({forged}) ==
          R"({"00081198":{"vr":"SQ","Value":[{"00081197":{"vr":"US","Value":[49152]}}]}})");
    CHECK(scp::to_dicom_xml({forged}).find("<x>") == std::string::npos);
}
