// SPDX-License-Identifier: Apache-2.0
// Bad input gets an answer: an error status, or a verdict with a reason. The association, the node
// and the next image are not affected.
#include <functional>
#include <string>
#include <vector>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <catch2/catch.hpp>

#include "inference/findings_json.h"
#include "tests/support/ledger.h"
#include "tests/support/running_node.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wire_client.h"
#include "tests/support/xray.h"

using namespace bucky;
using namespace bucky::test;
using bucky::inference::Verdict;

namespace {

/// A normal radiograph whose dataset `spoil` has changed.
Xray spoiled(const TempDir& dir, std::uint64_t seed,
             const std::function<void(DcmDataset&)>& spoil) {
    const auto xray = write_xray(dir.path(), {.seed = seed});
    DcmFileFormat file;
    REQUIRE(file.loadFile(xray.file.c_str()).good());
    file.loadAllDataIntoMemory();
    spoil(*file.getDataset());
    REQUIRE(file.saveFile(xray.file.c_str(), EXS_LittleEndianExplicit).good());
    return xray;
}

void put(DcmDataset& dataset, const DcmTagKey& tag, const char* value) {
    REQUIRE(dataset.putAndInsertString(tag, value).good());
}

/// One association that sends good and bad images in turn, as a faulty modality would.
class Modality {
public:
    explicit Modality(RunningNode& node) : client_(node.dicom_port()) {
        REQUIRE(client_.associate({kDxForPresentation, kExplicitLittleEndian}) == 2);
    }
    std::optional<int> send(const Xray& xray) {
        return client_.store(xray.uids.sop_instance_uid, dataset_of(xray.file.string()));
    }
    std::optional<int> send(const std::string& sop_instance, const Bytes& dataset) {
        return client_.store(sop_instance, dataset);
    }
    void release() { client_.release(); }

private:
    WireClient client_;
};

}  // namespace

TEST_CASE("an image that cannot be analysed gets a verdict with its reason",
          "[system][bad-input]") {
    const TempDir dir;
    struct Case {
        const char* what;
        std::function<void(DcmDataset&)> spoil;
    };
    const std::vector<Case> cases{
        {"0 x 0",
         [](DcmDataset& ds) {
             ds.putAndInsertUint16(DCM_Rows, 0);
             ds.putAndInsertUint16(DCM_Columns, 0);
         }},
        {"60000 x 60000",
         [](DcmDataset& ds) {
             ds.putAndInsertUint16(DCM_Rows, 60000);
             ds.putAndInsertUint16(DCM_Columns, 60000);
         }},
        {"no pixels", [](DcmDataset& ds) { delete ds.remove(DCM_PixelData); }},
        {"too few pixels",
         [](DcmDataset& ds) {
             const std::vector<Uint16> few(100);
             ds.putAndInsertUint16Array(DCM_PixelData, few.data(), few.size());
         }},
        {"a lateral view", [](DcmDataset& ds) { put(ds, DCM_ViewPosition, "LL"); }},
        {"a knee", [](DcmDataset& ds) { put(ds, DCM_BodyPartExamined, "KNEE"); }},
    };
    RunningNode node;
    Modality modality{node};
    std::vector<Xray> sent;
    for (std::size_t at = 0; at < cases.size(); ++at) {
        sent.push_back(spoiled(dir, 100 + at, cases[at].spoil));
        INFO(cases[at].what);
        CHECK(modality.send(sent.back()) == 0x0000);
    }
    const auto good = write_xray(dir.path(), {.seed = 99});
    CHECK(modality.send(good) == 0x0000);
    modality.release();

    for (std::size_t at = 0; at < cases.size(); ++at) {
        INFO(cases[at].what);
        CHECK_FALSE(node.verdict_line(sent[at].uids.sop_instance_uid).empty());
        const auto result = Ledger{node.data_dir()}.result_of(sent[at].uids.sop_instance_uid);
        REQUIRE(result);
        CHECK((result->verdict == Verdict::not_analysed || result->verdict == Verdict::failed));
        REQUIRE(result->reason);
        CHECK_FALSE(result->reason->text.empty());
    }
    CHECK(field(node.verdict_line(good.uids.sop_instance_uid), "verdict").ends_with("findings"));
    CHECK(node.running());
}

TEST_CASE("a dataset that is none, or another one than was announced, is refused with its status",
          "[system][bad-input]") {
    const TempDir dir;
    RunningNode node;
    Modality modality{node};
    const auto xray = write_xray(dir.path(), {.seed = 5});
    const auto dataset = dataset_of(xray.file.string());
    const auto& uid = xray.uids.sop_instance_uid;

    CHECK(modality.send(uid, Bytes(5000, 0xFF)) == 0xC000);  // not DICOM
    CHECK(modality.send(uid, Bytes{}) == 0xC000);            // nothing
    CHECK(modality.send(uid, Bytes(dataset.begin(), dataset.begin() + 100)) == 0xC000);  // its head
    CHECK(modality.send("2.25.4711", dataset) == 0xA900);  // of another instance
    CHECK(modality.send(xray) == 0x0000);                  // the correct image
    modality.release();
    CHECK_FALSE(node.verdict_line(uid).empty());
}

TEST_CASE("an image whose pixels are cut short gets an error status or a verdict, never silence",
          "[system][bad-input]") {
    const TempDir dir;
    RunningNode node;
    Modality modality{node};
    const auto xray = write_xray(dir.path(), {.seed = 6});
    auto dataset = dataset_of(xray.file.string());
    dataset.resize(dataset.size() / 4 * 2);  // an even length, as PS3.8 requires of a PDV
    const auto status = modality.send(xray.uids.sop_instance_uid, dataset);
    REQUIRE(status);
    if (*status == 0x0000) {
        CHECK_FALSE(node.verdict_line(xray.uids.sop_instance_uid).empty());
        const auto result = Ledger{node.data_dir()}.result_of(xray.uids.sop_instance_uid);
        REQUIRE(result);
        CHECK(result->reason.has_value());
    } else {
        CHECK((*status & 0xF000) == 0xC000);
    }
    CHECK(modality.send(write_xray(dir.path(), {.seed = 8})) == 0x0000);
    modality.release();
    CHECK(node.running());
}
