// SPDX-License-Identifier: Apache-2.0
// Text from the network is written into logs and onto terminals as text: each event is one
// printable line, whatever control characters, line ends and escape sequences it holds.
#include <algorithm>
#include <string>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <catch2/catch.hpp>

#include "tests/support/process.h"
#include "tests/support/running_node.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wire_client.h"
#include "tests/support/xray.h"

using namespace bucky::test;

namespace {

/// A line end, a window title, a cleared screen; ESC [ as one byte and in UTF-8.
const std::string kEvil =
    "x\n2026-01-01T00:00:00.000Z info forged.line a=b\x1b]0;t\x07\x1b[2J\x9b"
    "31m\xc2\x9b"
    "1m\r\t\x7f";

void put_big(Bytes& to, std::size_t value, int bytes) {
    for (int at = bytes - 1; at >= 0; --at) {
        to.push_back(static_cast<std::uint8_t>(value >> (8 * at)));
    }
}

/// A normal A-ASSOCIATE-RQ with one more sub-item at the end of its user information (PS3.7 D.3.3):
/// the lengths of the PDU and the item are adapted.
Bytes with_sub_item(const Proposal& proposal, std::uint8_t type, const std::string& content) {
    Bytes request = WireClient::associate_request(proposal);
    std::size_t user = 6 + 68;
    while (request[user] != 0x50) {
        user += 4 + (std::size_t{request[user + 2]} << 8U) + request[user + 3];
    }
    Bytes item{type, 0};
    put_big(item, content.size(), 2);
    item.insert(item.end(), content.begin(), content.end());
    request.insert(request.end(), item.begin(), item.end());
    Bytes lengths;
    put_big(lengths, request.size() - 6, 4);
    put_big(lengths, request.size() - user - 4, 2);
    std::copy_n(lengths.begin(), 4, request.begin() + 2);
    std::copy_n(lengths.begin() + 4, 2, request.begin() + static_cast<std::ptrdiff_t>(user) + 2);
    return request;
}

/// No control characters except line ends, neither as bytes nor in UTF-8.
void check_printable(const std::string& text) {
    INFO(text);
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const bool is_control = (byte < 0x20 && byte != '\n') || byte == 0x7F;
        const bool is_c1 =
            byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
        const bool stands_alone = byte >= 0x80 && byte < 0xC0 &&
                                  (i == 0 || static_cast<unsigned char>(text[i - 1]) < 0x80);
        if (is_control || is_c1 || stands_alone) FAIL_CHECK("a control character at " << i);
    }
}

void check_log(RunningNode& node) {
    for (const auto& line : node.process().lines()) {
        check_printable(line);
        if (line.starts_with("2026-01-01")) FAIL_CHECK("a forged line: " << line);
    }
}

/// An X-ray whose texts, except those that identify it, are the attacker's.
Xray evil_xray(const TempDir& dir) {
    auto xray = write_xray(dir.path(), {.seed = 5});
    DcmFileFormat file;
    REQUIRE(file.loadFile(xray.file.c_str()).good());
    file.loadAllDataIntoMemory();
    DcmDataset& dataset = *file.getDataset();
    for (const auto& tag :
         {DCM_PatientName, DCM_PatientID, DCM_PatientComments, DCM_AccessionNumber,
          DCM_StudyDescription, DCM_Manufacturer, DCM_ImageComments, DCM_BodyPartExamined,
          DCM_ViewPosition, DCM_SpecificCharacterSet}) {
        REQUIRE(dataset.putAndInsertString(tag, kEvil.c_str()).good());
    }
    REQUIRE(file.saveFile(xray.file.c_str(), EXS_LittleEndianExplicit).good());
    return xray;
}

}  // namespace

TEST_CASE("names that callers give themselves stay on their line of the log",
          "[system][injection]") {
    RunningNode node;
    WireClient titled{node.dicom_port()};
    CHECK(titled.associate({.calling = kEvil.substr(0, 16)}) == 3);
    CHECK(node.logged("an AE title is not well formed"));

    WireClient versioned{node.dicom_port()};
    versioned.send(with_sub_item({}, 0x55, kEvil.substr(0, 16)));
    INFO(node.process().output());
    CHECK(node.logged("association.accepted"));

    WireClient of_class{node.dicom_port()};
    of_class.send(with_sub_item({.calling = "CLASS"}, 0x52, kEvil));
    WireClient proposing{node.dicom_port()};
    CHECK(proposing.associate({.sop_class = kEvil, .transfer_syntax = kEvil}) != 2);
    WireClient storing{node.dicom_port()};
    REQUIRE(storing.associate({kDxForPresentation, kExplicitLittleEndian}) == 2);
    CHECK(storing.store(kEvil.substr(0, 60), Bytes(64, 0)) != 0);
    CHECK(node.logged("store.refused"));
    check_log(node);
}

TEST_CASE("what an image says of itself stays words in the log and on the terminal",
          "[system][injection]") {
    const TempDir dir;
    RunningNode node;
    const auto xray = evil_xray(dir);
    REQUIRE(node.store(xray.file) == 0);
    CHECK(node.verdict_line(xray.uids.sop_instance_uid) != "");
    check_log(node);
    for (const auto& command :
         std::vector<std::vector<std::string>>{{"study", "show", xray.uids.study_uid},
                                               {"study", "list"},
                                               {"queue"},
                                               {"status"},
                                               {"explain", xray.file.string()}}) {
        INFO(command.front());
        check_printable(node.bucky(command).output);
    }
}
