// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmnet/scu.h>
#include <catch2/catch.hpp>

#include "scp/wire/contexts.h"
#include "scp/wire/part10.h"
#include "scp/wire/start.h"
#include "storage/site.h"
#include "tests/scp/images.h"
#include "tests/scp/test_front_door.h"
#include "tests/support/poll.h"
#include "tests/support/process.h"
#include "tests/support/wire_client.h"
#include "tests/support/wrapped_deflations.h"

using namespace bucky;
using namespace bucky::test;
using namespace std::chrono_literals;

namespace {

Finished storescu(const TestFrontDoor& door, const std::vector<std::string>& files,
                  const std::string& option = "-R") {
    std::vector<std::string> command{"storescu", "-v",    option,      "-aet",          "XRAY1",
                                     "-aec",     "BUCKY", "127.0.0.1", door.port_text()};
    command.insert(command.end(), files.begin(), files.end());
    return run(command);
}

void call(DcmSCU& scu, const TestFrontDoor& door) {
    scu.setPeerHostName("127.0.0.1");
    scu.setPeerPort(static_cast<Uint16>(door.port()));
    scu.setPeerAETitle("BUCKY");
    scu.setAETitle("XRAY1");
}

bool spool_is_empty(const TestFrontDoor& door) {
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator{door.settings().spool_dir()}) {
        if (entry.is_regular_file()) return false;
    }
    return true;
}

/// One C-STORE of `dataset` as CR in explicit VR little endian; returns the status.
int store(const TestFrontDoor& door, const std::vector<std::uint8_t>& dataset,
          const std::string& sop_instance = ImageOf{}.sop_instance) {
    WireClient client(door.port());
    REQUIRE(client.associate({kCr, kExplicitLittleEndian}) == 2);
    const auto status = client.store(sop_instance, dataset);
    REQUIRE(status.has_value());
    CHECK(client.store("1.2.3.4", dataset_bytes(write_image(door.dir() / "next.dcm",
                                                            {.sop_instance = "1.2.3.4"}))) == 0);
    client.release();
    return *status;
}

std::vector<std::uint8_t> image_bytes(const TestFrontDoor& door, const ImageOf& image) {
    return dataset_bytes(write_image(door.dir() / "image.dcm", image));
}

}  // namespace

TEST_CASE("an image is kept byte for byte in each native transfer syntax", "[scp]") {
    TestFrontDoor door;
    int number = 0;
    for (const auto& syntax : scp::transfer_syntaxes()) {
        if (!syntax.is_native()) continue;
        INFO(syntax.name);
        ImageOf image;
        image.sop_instance += "." + std::to_string(++number);
        image.transfer_syntax = syntax.uid;
        auto dataset = image_bytes(door, image);
        if (dataset.size() % 2 != 0) dataset.push_back(0);  // PS3.5 A.5: the deflated stream
        WireClient client(door.port());
        REQUIRE(client.associate({kCr, std::string{syntax.uid}}) == 2);
        REQUIRE(client.store(image.sop_instance, dataset) == 0);
        client.release();
        const auto kept = door.kept();
        REQUIRE(kept.size() == static_cast<std::size_t>(number));
        CHECK(kept.back().sop_instance == image.sop_instance);
        CHECK(kept.back().transfer_syntax == syntax.uid);
        CHECK(kept.back().calling_ae == "XRAY1");
        CHECK(kept.back().address == "127.0.0.1");
        CHECK(kept.back().accession_number == "A123");
        CHECK(dataset_bytes(kept.back().file) == dataset);
    }
}

TEST_CASE("a kept image is a DICOM file that other programs read", "[scp]") {
    TestFrontDoor door;
    const auto file = write_image(door.dir() / "image.dcm");
    const auto sent = storescu(door, {file.string()});
    INFO(sent.output);
    REQUIRE(sent.status == 0);
    const auto kept = door.kept();
    REQUIRE(kept.size() == 1);
    CHECK(run({"dcmftest", kept[0].file.string()}).status == 0);
    const auto dump = run({"dcmdump", "-M", kept[0].file.string()});
    CHECK(dump.status == 0);
    CHECK_THAT(dump.output, Catch::Contains("BUCKY_0_1"));
    CHECK_THAT(dump.output, Catch::Contains("[XRAY1]"));
    CHECK_THAT(dump.output, !Catch::Contains("W: ") && !Catch::Contains("E: "));
}

TEST_CASE("each image kept notifies the workers", "[scp]") {
    TestFrontDoor door;
    const auto before = door.work().rings();
    CHECK(storescu(door, {write_image(door.dir() / "image.dcm").string()}).status == 0);
    CHECK(door.work().rings() > before);
}

TEST_CASE("the same image again is answered with success and kept once", "[scp]") {
    TestFrontDoor door;
    const auto file = write_image(door.dir() / "image.dcm").string();
    CHECK(storescu(door, {file, file}).status == 0);
    CHECK(storescu(door, {file}).status == 0);
    CHECK(door.kept().size() == 1);
}

TEST_CASE("a dataset that contradicts its request is A900, and the next image is taken", "[scp]") {
    TestFrontDoor door;
    CHECK(store(door, image_bytes(door, {}), "1.2.826.0.1.3680043.9.1.999") == 0xA900);
    CHECK(store(door, image_bytes(door, {.sop_class = UID_CTImageStorage})) == 0xA900);
}

TEST_CASE("a dataset that cannot be parsed is C000, and the next image is taken", "[scp]") {
    TestFrontDoor door;
    auto cut = image_bytes(door, {});
    cut.resize(cut.size() - 100);
    CHECK(store(door, cut) == 0xC000);
    CHECK(store(door, {'n', 'o', ' ', 'D', 'I', 'C', 'O', 'M'}) == 0xC000);
    CHECK(store(door, {}) == 0xC000);
    CHECK(store(door, image_bytes(door, {.study = ""})) == 0xC000);
    CHECK(store(door, image_bytes(door, {.series = ""})) == 0xC000);
    CHECK(store(door, image_bytes(door, {.study = "not.a.uid"})) == 0xC000);
    CHECK(store(door, image_bytes(door, {}), "../../etc/passwd") == 0xC000);
}

TEST_CASE("a file of nested sequences that would crash DCMTK's parser is refused", "[scp]") {
    TestFrontDoor door;
    WireClient client(door.port());
    REQUIRE(client.associate({kCr, kImplicitLittleEndian}) == 2);
    CHECK(client.store("1.2.3", nested_sequences(300'000)) == 0xC000);
    CHECK(client.echo() == 0);
}

TEST_CASE("no refused instance stays on the disk", "[scp]") {
    TestFrontDoor door;
    WireClient client(door.port());
    REQUIRE(client.associate({kCr, kExplicitLittleEndian}) == 2);
    CHECK(client.store("1.2.3", image_bytes(door, {})) == 0xA900);
    client.release();
    CHECK(poll_until([&] { return spool_is_empty(door); }, 60s));
}

TEST_CASE("below the free-space floor the answer is A700 and says so", "[scp]") {
    TestFrontDoor door([](conf::Settings& settings) { settings.storage.min_free_mb = 1LL << 40; });
    const auto file = write_image(door.dir() / "image.dcm").string();
    const auto sent = storescu(door, {file, file}, "+C");
    CHECK_THAT(sent.output, Catch::Contains("OutOfResources"));
    WireClient client(door.port());
    REQUIRE(client.associate({kCr, kExplicitLittleEndian}) == 2);
    CHECK(client.store(ImageOf{}.sop_instance, image_bytes(door, {})) == 0xA700);
    CHECK(client.store(ImageOf{}.sop_instance, image_bytes(door, {})) == 0xA700);
    CHECK(client.echo() == 0);
}

TEST_CASE("a class that is not accepted is refused as a context", "[scp]") {
    TestFrontDoor door;
    WireClient client(door.port());
    CHECK(client.associate({"1.2.840.10008.5.1.4.38.1", kExplicitLittleEndian}) == 3);  // Hanging
    WireClient video(door.port());
    CHECK(video.associate({kCr, "1.2.840.10008.1.2.4.100"}) == 3);  // MPEG2
}

TEST_CASE("a class that was not negotiated for its context is 0122", "[scp]") {
    TestFrontDoor door;
    scp::start_wire();
    DcmSCU scu;
    call(scu, door);
    scu.addPresentationContext(kCr, {UID_LittleEndianExplicitTransferSyntax});
    REQUIRE(scu.initNetwork().good());
    REQUIRE(scu.negotiateAssociation().good());
    const auto context = scu.findPresentationContextID(kCr, UID_LittleEndianExplicitTransferSyntax);
    DcmFileFormat report;
    const auto file = write_image(door.dir() / "sr.dcm", {.sop_class = kComprehensive3dSr});
    REQUIRE(report.loadFile(file.c_str()).good());
    Uint16 status = 0;
    REQUIRE(scu.sendSTORERequest(context, "", report.getDataset(), status).good());
    CHECK(status == 0x0122);
    const auto good = write_image(door.dir() / "cr.dcm");
    REQUIRE(report.loadFile(good.c_str()).good());
    REQUIRE(scu.sendSTORERequest(context, "", report.getDataset(), status).good());
    CHECK(status == 0x0000);
    scu.releaseAssociation();
}

TEST_CASE("an operation that is not offered is 0211, and the association stays open", "[scp]") {
    TestFrontDoor door;
    scp::start_wire();
    DcmSCU scu;
    call(scu, door);
    scu.addPresentationContext(kCr, {UID_LittleEndianExplicitTransferSyntax});
    scu.addPresentationContext(UID_VerificationSOPClass, {UID_LittleEndianImplicitTransferSyntax});
    REQUIRE(scu.initNetwork().good());
    REQUIRE(scu.negotiateAssociation().good());
    const auto context = scu.findPresentationContextID(kCr, UID_LittleEndianExplicitTransferSyntax);
    DcmDataset query;
    REQUIRE(query.putAndInsertString(DCM_QueryRetrieveLevel, "STUDY").good());
    OFList<QRResponse*> responses;
    (void)scu.sendFINDRequest(context, &query, &responses);
    REQUIRE(responses.size() == 1);
    CHECK(responses.front()->m_status == 0x0211);
    for (auto* response : responses) delete response;
    CHECK(scu.sendECHORequest(0).good());
    scu.releaseAssociation();
}

TEST_CASE("an association cut in the middle of an image leaves no file and harms no other",
          "[scp]") {
    TestFrontDoor door;
    {
        WireClient client(door.port());
        REQUIRE(client.associate({kCr, kExplicitLittleEndian}) == 2);
        client.send({"\x04\0\0\0\x10\0", 6});
    }
    CHECK(poll_until([&] { return door.door().open_associations() == 0; }, 60s));
    CHECK(storescu(door, {write_image(door.dir() / "image.dcm").string()}).status == 0);
}

TEST_CASE("a released association closes its study before the caller closes its socket", "[scp]") {
    TestFrontDoor door([](conf::Settings& settings) { settings.study.quiet_s = 60; });
    const auto file = write_image(door.dir() / "image.dcm");
    WireClient client(door.port());
    REQUIRE(client.associate({kCr, kExplicitLittleEndian}) == 2);
    REQUIRE(client.store(ImageOf{}.sop_instance, dataset_bytes(file)) == 0);
    client.release();  // answered; the socket stays open

    storage::Database db =
        storage::Site{door.settings().node.data_dir}.open(storage::Database::Mode::read_only);
    auto study = db.prepare({"test.due", "SELECT due_at_ms - last_image_ms FROM study"});
    REQUIRE(study.step());
    CHECK(study.integer(0) < 60'000);
}

TEST_CASE("the proposer's own order decides the transfer syntax", "[scp]") {
    TestFrontDoor door;
    scp::start_wire();
    const auto accepted = [&](const OFList<OFString>& proposed, const char* wanted) {
        DcmSCU scu;
        call(scu, door);
        scu.addPresentationContext(kCr, proposed);
        REQUIRE(scu.initNetwork().good());
        REQUIRE(scu.negotiateAssociation().good());
        const bool found = scu.findPresentationContextID(kCr, wanted) != 0;
        scu.releaseAssociation();
        return found;
    };
    const char* const implicit = UID_LittleEndianImplicitTransferSyntax;
    const char* const big = UID_BigEndianExplicitTransferSyntax;
    const char* const lossless = UID_JPEGLSLosslessTransferSyntax;
    const char* const video = UID_MPEG2MainProfileAtMainLevelTransferSyntax;
    CHECK(accepted({implicit, big, lossless}, implicit));
    CHECK(accepted({big, lossless, implicit}, big));
    CHECK(accepted({lossless, implicit, big}, lossless));
    CHECK(accepted({video, lossless, implicit}, lossless));  // the first that is accepted
}

TEST_CASE("16 associations at once lose nothing", "[scp]") {
    TestFrontDoor door;
    constexpr int kSenders = 16;
    constexpr int kEach = 10;
    std::vector<std::thread> senders;
    std::atomic<int> stored{0};
    for (int sender = 0; sender < kSenders; ++sender) {
        std::vector<std::vector<std::uint8_t>> images;
        for (int i = 0; i < kEach; ++i) {
            images.push_back(image_bytes(
                door, {.sop_instance = "1.2." + std::to_string(sender) + "." + std::to_string(i)}));
        }
        senders.emplace_back([&, sender, images] {
            WireClient client(door.port());
            if (client.associate({kCr, kExplicitLittleEndian}) != 2) return;
            for (int i = 0; i < kEach; ++i) {
                const auto uid = "1.2." + std::to_string(sender) + "." + std::to_string(i);
                if (client.store(uid, images[static_cast<std::size_t>(i)]) == 0) ++stored;
            }
            client.release();
        });
    }
    for (auto& sender : senders) sender.join();
    CHECK(stored == kSenders * kEach);
    CHECK(door.kept().size() == kSenders * kEach);
}

TEST_CASE("an image in a transfer syntax that is younger than DCMTK is kept byte for byte",
          "[scp][htj2k]") {
    TestFrontDoor door;
    std::size_t number = 0;
    for (const auto syntax : {transfer_syntax::kHtj2kLossless, transfer_syntax::kHtj2kRpclLossless,
                              transfer_syntax::kHtj2k}) {
        INFO(syntax);
        ImageOf image;
        image.sop_instance += "." + std::to_string(++number);
        const auto dataset = image_bytes(door, image);  // its pixels do not matter here
        WireClient client(door.port());
        REQUIRE(client.associate({kCr, std::string{syntax}}) == 2);
        REQUIRE(client.store(image.sop_instance, dataset) == 0);
        const auto again = client.store(image.sop_instance, dataset);
        CHECK(again.value_or(0xFFFF) == 0);
        client.release();
        const auto kept = door.kept();
        REQUIRE(kept.size() == number);
        CHECK(kept.back().transfer_syntax == syntax);
        CHECK(scp::read_part10_header(kept.back().file).transfer_syntax == syntax);
        CHECK(dataset_bytes(kept.back().file) == dataset);
    }
}

TEST_CASE("an image with an odd number of bytes costs itself and not the association",
          "[scp][odd]") {
    TestFrontDoor door;
    auto dataset = image_bytes(door, {});
    dataset.push_back(0);
    CHECK(store(door, dataset) == 0xC000);
    dataset.resize(dataset.size() - 2);
    CHECK(store(door, dataset) == 0xC000);
    CHECK(store(door, {dataset.begin(), dataset.begin() + 1}) == 0xC000);
    dataset.resize(20001);
    CHECK(store(door, dataset) == 0xC000);
    CHECK(store(door, std::vector<std::uint8_t>(131071, 0xFF)) == 0xC000);
    CHECK(door.kept().size() == 1);  // the one that store() sends after each
}

TEST_CASE("odd fragments of an even data set are put together", "[scp][odd]") {
    TestFrontDoor door;
    const auto dataset = image_bytes(door, {});
    WireClient client(door.port());
    REQUIRE(client.associate({kCr, kExplicitLittleEndian}) == 2);
    client.cut_datasets_at(33);
    CHECK(client.store(ImageOf{}.sop_instance, dataset) == 0);
    client.release();
    REQUIRE(door.kept().size() == 1);
    CHECK(dataset_bytes(door.kept()[0].file) == dataset);
}

TEST_CASE("a deflated data set of an odd length needs no padding", "[scp][odd][deflated]") {
    TestFrontDoor door;
    const auto plain = image_bytes(door, {});
    for (const auto& [what, stream] : wrapped_deflations({plain.begin(), plain.end()})) {
        INFO(what);
        for (const bool odd : {false, true}) {
            std::vector<std::uint8_t> bytes(stream.begin(), stream.end());
            if ((bytes.size() % 2 != 0) != odd) bytes.push_back(0);
            WireClient client(door.port());
            REQUIRE(client.associate({kCr, std::string{scp::kDeflatedLittleEndian}}) == 2);
            CHECK(client.store(ImageOf{}.sop_instance, bytes) == 0);
            client.release();
        }
    }
    CHECK(door.kept().size() == 1);  // each has the same content
}

TEST_CASE("a deflated data set that is spoilt is refused for good", "[scp][deflated]") {
    TestFrontDoor door;
    const auto plain = image_bytes(door, {});
    for (const auto& [what, stream] : wrapped_deflations({plain.begin(), plain.end()})) {
        INFO(what);
        WireClient client(door.port());
        REQUIRE(client.associate({kCr, std::string{scp::kDeflatedLittleEndian}}) == 2);
        const std::vector<std::uint8_t> half(
            stream.begin(), stream.begin() + static_cast<long>(stream.size() / 4 * 2));
        CHECK(client.store(ImageOf{}.sop_instance, half) == 0xC000);
        CHECK(client.store(ImageOf{}.sop_instance, std::vector<std::uint8_t>(500, 0xFF)) == 0xC000);
        CHECK(client.store(ImageOf{}.sop_instance, {}) == 0xC000);
        client.release();
    }
    CHECK(door.kept().empty());
}
