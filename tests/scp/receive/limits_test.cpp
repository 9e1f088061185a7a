// SPDX-License-Identifier: Apache-2.0
// Every limit of the FrontDoor and of a session, reached: the answer is transient and counted, and
// other callers are not affected.
#include <csignal>
#include <list>
#include <string>

#include <sys/resource.h>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <catch2/catch.hpp>

#include "conf/observe/metrics.h"
#include "storage/job_queue.h"
#include "storage/site.h"
#include "tests/scp/images.h"
#include "tests/scp/test_front_door.h"
#include "tests/support/poll.h"
#include "tests/support/process.h"
#include "tests/support/wire_client.h"

using namespace bucky;
using namespace bucky::test;
using namespace std::chrono_literals;

namespace {

constexpr int kAccepted = 2;  // PDU types, PS3.8 9.3

/// How often a limit was reached, from /metrics.
int reached(const std::string& limit) {
    const auto text = metrics::text();
    const auto line = "bucky_limit_reached_total{limit=\"" + limit + "\"} ";
    const auto at = text.find(line);
    return at == std::string::npos ? 0 : std::stoi(text.substr(at + line.size()));
}

std::vector<std::uint8_t> image_bytes(const TestFrontDoor& door, const ImageOf& image) {
    return dataset_bytes(write_image(door.dir() / "image.dcm", image));
}

/// One C-STORE on an association of its own; returns the status.
int store(const TestFrontDoor& door, const ImageOf& image, const std::string& calling = "XRAY1",
          const std::string& called = "BUCKY") {
    WireClient client(door.port());
    REQUIRE(client.associate({kCr, kExplicitLittleEndian, called, calling}) == kAccepted);
    const auto status = client.store(image.sop_instance, image_bytes(door, image));
    client.release();
    REQUIRE(status.has_value());
    return *status;
}

/// While it exists, write(2) fails beyond so many bytes of a file, like a full disk.
class FileSizeLimit {
public:
    explicit FileSizeLimit(rlim_t bytes) : ignored_(std::signal(SIGXFSZ, SIG_IGN)) {
        REQUIRE(::getrlimit(RLIMIT_FSIZE, &before_) == 0);
        const rlimit now{bytes, before_.rlim_max};
        REQUIRE(::setrlimit(RLIMIT_FSIZE, &now) == 0);
    }
    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;
    ~FileSizeLimit() {
        (void)::setrlimit(RLIMIT_FSIZE, &before_);
        (void)std::signal(SIGXFSZ, ignored_);
    }

private:
    rlimit before_{};
    void (*ignored_)(int);
};

std::string text_of(const TestFrontDoor& door, const storage::Sql& sql) {
    storage::Database db =
        storage::Site{door.settings().node.data_dir}.open(storage::Database::Mode::read_only);
    auto row = db.prepare(sql);
    return row.step() ? row.text(0) : "";
}

}  // namespace

TEST_CASE("a caller at its limit of associations is told to try later, others are not", "[scp]") {
    TestFrontDoor door(
        [](conf::Settings& settings) { settings.scp.max_associations_per_peer = 2; });
    WireClient one(door.port()), other(door.port()), neighbour(door.port());
    REQUIRE(one.associate({}) == kAccepted);
    REQUIRE(other.associate({}) == kAccepted);
    const auto before = reached("associations_per_peer");
    const auto third =
        run({"echoscu", "-v", "-aet", "XRAY1", "-aec", "BUCKY", "127.0.0.1", door.port_text()});
    CHECK(third.status != 0);
    CHECK_THAT(third.output,
               Catch::Contains("Rejected Transient") && Catch::Contains("Local Limit Exceeded"));
    CHECK(reached("associations_per_peer") == before + 1);
    CHECK(neighbour.associate({.calling = "XRAY2"}) == kAccepted);
    CHECK(one.echo() == 0);

    one.release();
    CHECK(poll_until([&] { return WireClient{door.port()}.associate({}) == kAccepted; }, 60s));
}

TEST_CASE("the limit of associations per address holds for all AE titles together", "[scp]") {
    TestFrontDoor door(
        [](conf::Settings& settings) { settings.scp.max_associations_per_address = 3; });
    const auto before = reached("associations_per_address");
    std::list<WireClient> callers;
    int accepted = 0;
    for (int i = 1; i <= 5; ++i) {
        accepted +=
            callers.emplace_back(door.port()).associate({.calling = "X" + std::to_string(i)}) ==
            kAccepted;
    }
    CHECK(accepted == 3);
    CHECK(reached("associations_per_address") == before + 2);
    const auto more =
        run({"echoscu", "-v", "-aet", "X9", "-aec", "BUCKY", "127.0.0.1", door.port_text()});
    CHECK_THAT(more.output, Catch::Contains("Rejected Transient"));
    WireClient neighbour(door.port(), "127.0.0.2");
    CHECK(neighbour.associate({}) == kAccepted);
    callers.front().release();
    CHECK(poll_until([&] { return WireClient{door.port()}.associate({}) == kAccepted; }, 60s));
}

TEST_CASE("a [[peer]] row with max_associations has them, whatever else calls from its address",
          "[scp]") {
    TestFrontDoor door([](conf::Settings& settings) {
        settings.scp.max_associations_per_address = 1;
        settings.peers = {{"GATEWAY", ""}, {"", ""}};
        settings.peers[0].max_associations = 3;
    });
    std::list<WireClient> gateway;
    for (int i = 0; i < 3; ++i) {
        CHECK(gateway.emplace_back(door.port()).associate({.calling = "GATEWAY"}) == kAccepted);
    }
    WireClient other(door.port()), one_more(door.port());
    CHECK(other.associate({}) == kAccepted);
    CHECK(one_more.associate({.calling = "XRAY2"}) != kAccepted);
}

TEST_CASE("a caller that fills the queue leaves the others their share", "[scp]") {
    TestFrontDoor door([](conf::Settings& settings) {
        settings.inference.queue_max = 32;  // 16 for all, 2 for each of 8
    });
    const auto send_all = [&](const std::string& calling, int images) {
        WireClient client(door.port());
        REQUIRE(client.associate({kCr, kExplicitLittleEndian, "BUCKY", calling}) == kAccepted);
        int taken = 0;
        for (int i = 0; i < images; ++i) {
            static int last = 0;
            const auto uid = "1.1." + std::to_string(++last);
            const auto status = client.store(uid, image_bytes(door, {.sop_instance = uid}));
            CHECK((status == 0 || status == 0xA700));
            taken += status == 0;
        }
        client.release();
        return taken;
    };
    const auto before = reached("queue_share");
    CHECK(send_all("PACS", 20) == 16);
    CHECK(reached("queue_share") == before + 4);
    CHECK(send_all("XRAY1", 3) == 2);
    CHECK(send_all("XRAY2", 3) == 2);
    CHECK(send_all("PACS", 1) == 0);
    for (int i = 3; i <= 8; ++i) CHECK(send_all("XRAY" + std::to_string(i), 3) == 2);
    CHECK(send_all("XRAY9", 1) == 0);  // its quota was used up
}

TEST_CASE("beyond the queue's length images are refused for now, until one has its verdict",
          "[scp]") {
    TestFrontDoor door([](conf::Settings& settings) {
        settings.inference.queue_max = 2;
        settings.inference.queue_reserved_percent = 0;
    });
    REQUIRE(store(door, {.sop_instance = "1.1"}) == 0);
    REQUIRE(store(door, {.sop_instance = "1.2"}) == 0);
    const auto before = reached("queue");
    CHECK(store(door, {.sop_instance = "1.3"}) == 0xA700);
    CHECK(reached("queue") == before + 1);
    CHECK(door.kept().size() == 2);

    storage::Database db = storage::Site{door.settings().node.data_dir}.open();
    const SystemClock clock;
    storage::JobQueue jobs(db, clock);
    REQUIRE(jobs.finish(*jobs.claim(storage::Lane::infer(), 60'000)));
    CHECK(store(door, {.sop_instance = "1.3"}) == 0);
}

TEST_CASE("an instance above the size limit is refused, and the next one is not", "[scp]") {
    TestFrontDoor door([](conf::Settings& settings) { settings.scp.max_instance_mb = 1; });
    WireClient client(door.port());
    REQUIRE(client.associate({kCr, kExplicitLittleEndian}) == kAccepted);
    const auto before = reached("instance_bytes");
    CHECK(client.store("1.1", image_bytes(door, {.sop_instance = "1.1", .side = 1100})) == 0xA700);
    CHECK(reached("instance_bytes") == before + 1);
    CHECK(client.store("1.2", image_bytes(door, {.sop_instance = "1.2", .side = 1000})) == 0);
}

TEST_CASE("a refusal below the free-space floor is counted, too", "[scp]") {
    TestFrontDoor door([](conf::Settings& settings) { settings.storage.min_free_mb = 1LL << 40; });
    const auto before = reached("disk");
    CHECK(store(door, {}) == 0xA700);
    CHECK(reached("disk") == before + 1);
}

TEST_CASE("a write error in the middle of an image costs only that image", "[scp]") {
    TestFrontDoor door;
    const auto large = image_bytes(door, {.sop_instance = "1.1", .side = 2100});
    const auto small = image_bytes(door, {.sop_instance = "1.2"});
    WireClient client(door.port());
    REQUIRE(client.associate({kCr, kExplicitLittleEndian}) == kAccepted);
    const FileSizeLimit four_mb(4U << 20U);
    CHECK(client.store("1.1", large) == 0xA700);
    CHECK(client.store("1.2", small) == 0);
    CHECK(client.store("1.1", large) == 0xA700);
    client.release();
    CHECK(door.kept().size() == 1);
}

TEST_CASE("the same UID with other content is answered as the config says, and kept apart",
          "[scp]") {
    for (const auto& [answer, status] :
         {std::pair{ConflictAnswer::accept, 0x0000}, {ConflictAnswer::refuse, 0xC000}}) {
        TestFrontDoor door([&](conf::Settings& settings) { settings.scp.conflicting = answer; });
        REQUIRE(store(door, {}) == 0);
        CHECK(store(door, {.side = 17}) == status);
        CHECK(store(door, {.side = 17}) == 0);  // the same image again: stored already
        CHECK(store(door, {}) == 0);
        const auto kept = door.kept();
        REQUIRE(kept.size() == 2);
        CHECK_FALSE(kept[0].conflicting);
        CHECK(kept[1].conflicting);
        CHECK(dataset_bytes(kept[0].file) == image_bytes(door, {}));
    }
}

TEST_CASE("an object of our own equipment is answered with success and starts nothing", "[scp]") {
    TestFrontDoor door;
    const auto file = write_image(door.dir() / "ours.dcm", {});
    const auto put = [&](const DcmTagKey& tag, const char* value) {
        DcmFileFormat format;
        REQUIRE(format.loadFile(file.c_str()).good());
        format.loadAllDataIntoMemory();
        REQUIRE(format.getDataset()->putAndInsertString(tag, value).good());
        REQUIRE(format.saveFile(file.c_str()).good());
    };
    const auto send = [&] {
        WireClient client(door.port());
        REQUIRE(client.associate({kCr, kExplicitLittleEndian}) == kAccepted);
        const auto status = client.store(ImageOf{}.sop_instance, dataset_bytes(file));
        client.release();
        return status;
    };
    put(DCM_Manufacturer, "Bucky");
    put(DCM_ManufacturerModelName, "Bucky AI modality");
    CHECK(send() == 0);
    CHECK(door.kept().empty());
    CHECK(text_of(door, {"test.told", "SELECT event FROM journal"}) == "image.own_result");
    put(DCM_ManufacturerModelName, "Bucky stand");  // another product
    CHECK(send() == 0);
    CHECK(door.kept().size() == 1);
}

TEST_CASE("the tenant is that of the [[peer]] row, else the called title, else the caller",
          "[scp]") {
    TestFrontDoor door([](conf::Settings& settings) {
        settings.scp.check_called_ae = false;
        settings.peers = {{"XRAY1", "", "site-1", true}, {"", "", "", false}};
    });
    const auto tenant = [&] {
        return text_of(door, {"test.tenant", R"sql(
            SELECT tenant || ' ' || urgent FROM job ORDER BY id DESC LIMIT 1)sql"});
    };
    REQUIRE(store(door, {.sop_instance = "1.1"}) == 0);
    CHECK(tenant() == "site-1 1");
    REQUIRE(store(door, {.sop_instance = "1.2"}, "XRAY2", "CENTRE7") == 0);
    CHECK(tenant() == "CENTRE7 0");
    REQUIRE(store(door, {.sop_instance = "1.3"}, "XRAY2") == 0);
    CHECK(tenant() == "XRAY2 0");
}
