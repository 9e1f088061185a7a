// SPDX-License-Identifier: Apache-2.0
// A modality requests storage commitment from the node (PS3.4 Annex J). tools/fake_modality, built
// on DCMTK, stores, requests, and waits for the report on the same association or on a new one.
#include <chrono>
#include <filesystem>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include <netinet/in.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>

#include "conf/base/limits.h"
#include "conf/observe/metrics.h"
#include "scp/receive/commitment_scp.h"
#include "scp/wire/contexts.h"
#include "scp/wire/status.h"
#include "scp/wire/unique_fd.h"
#include "storage/owed_commitments.h"
#include "storage/site.h"
#include "tests/scp/images.h"
#include "tests/scp/test_front_door.h"
#include "tests/support/places.h"
#include "tests/support/poll.h"
#include "tests/support/process.h"
#include "tests/support/wire_client.h"
#include "tools/fake_pacs/port.h"

using namespace bucky;
using namespace bucky::scp;
using namespace bucky::test;

namespace {

/// A port that accepts connections and sends nothing.
class SilentPeer {
public:
    SilentPeer() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* any = reinterpret_cast<sockaddr*>(&address);
        REQUIRE(::bind(fd_.get(), any, size) == 0);
        REQUIRE(::listen(fd_.get(), 16) == 0);
        REQUIRE(::getsockname(fd_.get(), any, &size) == 0);
        port_ = ntohs(address.sin_port);
    }
    int port() const { return port_; }

private:
    UniqueFd fd_;
    int port_ = 0;
};

void put(Bytes& to, std::uint16_t group, std::uint16_t element, std::string value) {
    if (value.size() % 2 != 0) value.push_back('\0');
    const auto size = static_cast<std::uint32_t>(value.size());
    for (const std::uint32_t part : {std::uint32_t{group}, std::uint32_t{element}}) {
        to.push_back(static_cast<std::uint8_t>(part));
        to.push_back(static_cast<std::uint8_t>(part >> 8U));
    }
    for (int at = 0; at < 4; ++at) to.push_back(static_cast<std::uint8_t>(size >> (8 * at)));
    to.insert(to.end(), value.begin(), value.end());
}

/// An N-ACTION data set with so many instances, implicit VR little endian.
Bytes commitment_request(const std::string& transaction, int instances) {
    Bytes items;
    for (int i = 1; i <= instances; ++i) {
        Bytes item;
        put(item, 0x0008, 0x1150, kCr);
        put(item, 0x0008, 0x1155, "1.2.9." + std::to_string(i));
        put(items, 0xFFFE, 0xE000, std::string(item.begin(), item.end()));
    }
    Bytes made;
    put(made, 0x0008, 0x1195, transaction);
    put(made, 0x0008, 0x1199, std::string(items.begin(), items.end()));
    return made;
}

Bytes empty_items(int count) {
    std::string items;
    for (int i = 0; i < count; ++i) items.append("\xFE\xFF\x00\xE0\0\0\0\0", 8);
    Bytes made;
    put(made, 0x0008, 0x1195, "2.25.1");
    put(made, 0x0008, 0x1199, items);
    return made;
}

/// A node's FrontDoor and CommitmentScp, and a modality whose reports go to port `callback`.
struct Ward {
    explicit Ward(int port = fake::free_port(),
                  const std::function<void(conf::Settings&)>& more = {})
        : callback(port),
          door([&](conf::Settings& settings) {
              settings.peers = {{"XRAY1", ""}, {"STRANGER", ""}};
              settings.peers[0].host = "127.0.0.1";
              settings.peers[0].port = callback;
              if (more) more(settings);
          }),
          scp(door.settings(), clock, door.work(), give_up.get()) {}

    Finished modality(std::vector<std::string> more) const {
        std::vector<std::string> words{fake_modality_program().string(), "--to",
                                       "127.0.0.1:" + door.port_text(), "--port",
                                       std::to_string(callback)};
        words.insert(words.end(), more.begin(), more.end());
        return run(words);
    }
    /// The same, with a thread that sends the reports that are due.
    Finished modality_called_back(std::vector<std::string> more) {
        const std::jthread reports([&](std::stop_token stop) { scp.run(std::move(stop)); });
        auto heard = modality(std::move(more));
        (void)::eventfd_write(give_up.get(), 1);  // do not wait for peers
        return heard;
    }
    std::string image(const std::string& uid) const {
        return write_image(door.dir() / (uid + ".dcm"), {.sop_instance = uid}).string();
    }
    std::vector<storage::OwedCommitment> owed() {
        storage::Database db = storage::Site{door.settings().node.data_dir}.open();
        return storage::OwedCommitments(db, clock, door.settings().node.data_dir).owed(10);
    }

    int callback;
    const UniqueFd give_up{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    SystemClock clock;
    TestFrontDoor door;
    CommitmentScp scp;
};

}  // namespace

TEST_CASE("a modality that holds its association open gets the report on it", "[scp][commitment]") {
    Ward ward;
    const auto heard = ward.modality(
        {"--hold", "60", "--wait", "0", ward.image("1.2.9.1"), ward.image("1.2.9.2")});
    INFO(heard.output);
    CHECK(heard.status == 0);
    CHECK_THAT(heard.output, Catch::Contains("action 0000") && Catch::Contains("held 1.2.9.1") &&
                                 Catch::Contains("held 1.2.9.2") &&
                                 Catch::Contains("report same") && Catch::Contains("type 1") &&
                                 Catch::Contains("transaction 2.25.4711"));
    CHECK(poll_until([&] { return ward.owed().empty(); }, 60s));
}

TEST_CASE("a modality that releases the association is called back, in the role of SCP",
          "[scp][commitment]") {
    Ward ward;
    const auto heard = ward.modality_called_back({"--wait", "60", ward.image("1.2.9.1")});
    INFO(heard.output);
    CHECK(heard.status == 0);
    CHECK_THAT(heard.output,
               Catch::Contains("held 1.2.9.1") && Catch::Contains("report new SCP type 1"));
    CHECK(poll_until([&] { return ward.owed().empty(); }, 60s));
}

TEST_CASE("only instances with row, class and file are committed to", "[scp][commitment]") {
    Ward ward;
    const auto lost = ward.image("1.2.9.2");
    ward.modality({"--hold", "60", "--wait", "0", lost});
    for (const auto& kept : ward.door.kept()) std::filesystem::remove(kept.file);
    const auto heard = ward.modality({ward.image("1.2.9.1"), "--hold", "60", "--wait", "0",
                                      "--also", "1.2.9.2", "--also", "1.2.9.99"});
    INFO(heard.output);
    CHECK_THAT(heard.output, Catch::Contains("held 1.2.9.1") &&
                                 Catch::Contains("failed 0112 1.2.9.99") &&
                                 Catch::Contains("type 2"));
    CHECK_THAT(heard.output, !Catch::Contains("held 1.2.9.2"));

    storage::Database db = storage::Site{ward.door.settings().node.data_dir}.open();
    storage::OwedCommitments all_owed(db, ward.clock, ward.door.settings().node.data_dir);
    storage::OwedCommitment asked;
    asked.transaction = Uid{"1.2.3"};
    asked.requester = "XRAY1";
    asked.id = all_owed.take(
        asked,
        {{Uid{kCr}, Uid{"1.2.9.1"}}, {Uid{kCr}, Uid{"1.2.9.2"}}, {Uid{"1.2.3"}, Uid{"1.2.9.1"}}},
        ward.clock.now_ms() + 1000);
    const auto answer = all_owed.answer(asked);
    REQUIRE(answer.failed.size() == 1);
    CHECK(answer.failed[0].object.sop_instance == Uid{"1.2.9.2"});
    CHECK(answer.failed[0].reason == 0x0110);  // the row exists, the file does not
    CHECK(answer.kept.size() == 1);
    asked.id = all_owed.take(asked, {{Uid{"1.2.3"}, Uid{"1.2.9.1"}}}, ward.clock.now_ms() + 1000);
    CHECK(all_owed.answer(asked).failed.at(0).reason == 0x0119);  // of another SOP class
}

TEST_CASE("a caller that is switched off pauses alone: reports to others do not wait for it",
          "[scp][commitment]") {
    Ward ward;
    storage::Database db = storage::Site{ward.door.settings().node.data_dir}.open();
    storage::OwedCommitments all_owed(db, ward.clock, ward.door.settings().node.data_dir);
    const auto ask = [&](const char* requester, const char* transaction) {
        storage::OwedCommitment asked;
        asked.requester = requester;
        asked.called_ae = "BUCKY";
        asked.transaction = Uid{transaction};
        all_owed.take(asked, {{Uid{kCr}, Uid{"1.2.9.1"}}}, ward.clock.now_ms() - 1000);
    };
    ask("XRAY1", "2.25.1");
    ask("XRAY1", "2.25.2");
    ask("XRAY1", "2.25.3");
    ask("STRANGER", "2.25.4");
    CHECK(ward.scp.report_next());
    CHECK(ward.scp.report_next());
    CHECK_FALSE(ward.scp.report_next());  // both pause, and no further attempt was made
    const auto owed = ward.owed();
    REQUIRE(owed.size() == 4);
    CHECK(owed[0].attempt + owed[1].attempt + owed[2].attempt == 1);
    CHECK(owed[3].attempt == 1);
}

TEST_CASE("a report is sent although as many silent callers are tried as calls run at once",
          "[scp][commitment][hostile]") {
    std::list<SilentPeer> silent(limits::kCommitmentCallersAtOnce - 1);
    Ward ward(fake::free_port(), [&](conf::Settings& settings) {
        for (const auto& peer : silent) {
            auto& row = settings.peers.emplace_back();
            row.ae_title = "SILENT" + std::to_string(peer.port());
            row.host = "127.0.0.1";
            row.port = peer.port();
        }
    });
    storage::Database db = storage::Site{ward.door.settings().node.data_dir}.open();
    storage::OwedCommitments all_owed(db, ward.clock, ward.door.settings().node.data_dir);
    for (const auto& peer : silent) {
        for (int i = 0; i < 5; ++i) {
            storage::OwedCommitment asked;
            asked.requester = "SILENT" + std::to_string(peer.port());
            asked.called_ae = "BUCKY";
            asked.transaction = Uid{"2.25." + std::to_string(i + 1)};
            all_owed.take(asked, {{Uid{kCr}, Uid{"1.2.9.1"}}}, ward.clock.now_ms() - 1000);
        }
    }
    const auto heard = ward.modality_called_back({"--wait", "30", ward.image("1.2.9.1")});
    INFO(heard.output);
    CHECK(heard.status == 0);
    CHECK_THAT(heard.output, Catch::Contains("report new SCP type 1"));
}

TEST_CASE("a caller at its limit of owed reports is told to try later, with the reason",
          "[scp][commitment][hostile]") {
    Ward ward;
    storage::Database db = storage::Site{ward.door.settings().node.data_dir}.open();
    storage::OwedCommitments all_owed(db, ward.clock, ward.door.settings().node.data_dir);
    std::vector<ObjectReference> objects;
    for (std::int64_t i = 1; i <= limits::kCommitmentOfCallerMax.objects; ++i) {
        objects.push_back({Uid{kCr}, Uid{"1.2." + std::to_string(i)}});
    }
    storage::OwedCommitment asked;
    asked.requester = "XRAY1";
    asked.transaction = Uid{"2.25.1"};
    all_owed.take(asked, objects, ward.clock.now_ms() + 1'000'000);
    CHECK_THAT(ward.modality({"--wait", "0", "--also", "1.2.9.1"}).output,
               Catch::Contains("action 0213"));
    CHECK_THAT(ward.modality({"--ae", "STRANGER", "--wait", "0", "--also", "1.2.9.1"}).output,
               Catch::Contains("action 0000"));
    CHECK(metrics::text().find("bucky_limit_reached_total{limit=\"commitment\"}") !=
          std::string::npos);

    WireClient client(ward.door.port());
    REQUIRE(client.associate({scp::kCommitmentClass.data(), bucky::test::kImplicitLittleEndian}) ==
            2);
    CHECK(client.ask_commitment(commitment_request("2.25.7", 1)) == 0x0213);
    CHECK(client.comment() == error_comment(Fault::exhausted));
}

TEST_CASE("requests that name too many instances, or would fill the memory, are refused",
          "[scp][commitment][hostile]") {
    Ward ward;
    const auto ask = [&](const Bytes& dataset) {
        WireClient client(ward.door.port());
        REQUIRE(client.associate(
                    {scp::kCommitmentClass.data(), bucky::test::kImplicitLittleEndian}) == 2);
        const auto status = client.ask_commitment(dataset);
        CHECK(client.echo().has_value());  // the association is still open
        return status.value_or(-1);
    };
    CHECK(ask(commitment_request("2.25.1", 100)) == 0);
    CHECK(ask(commitment_request("2.25.2", 10'001)) == 0x0213);
    CHECK(ask(commitment_request("2.25.3", 100'000)) == 0x0213);
    CHECK(ask(empty_items(220'000)) == 0x0213);
    CHECK(ask(empty_items(500'000)) == 0x0115);  // more than the limit for any data set
    CHECK(ask(empty_items(1000)) == 0x0115);
    CHECK(ask(nested_sequences(100'000)) == 0x0115);
    CHECK(ask({}) == 0x0115);
    CHECK(ward.owed().size() == 1);
}

TEST_CASE("a modality that cannot be reached is called again, and one without an address is logged",
          "[scp][commitment]") {
    Ward ward;
    CHECK(ward.modality({"--wait", "0", ward.image("1.2.9.1")}).status == 1);
    REQUIRE(poll_until([&] { return ward.scp.report_next(); }, 60s));
    REQUIRE(ward.owed().size() == 1);
    CHECK_THAT(ward.owed()[0].last_error, Catch::Contains("Connection refused"));
    CHECK(ward.owed()[0].attempt == 1);

    CHECK(ward.modality({"--ae", "STRANGER", "--wait", "0", "--also", "1.2.9.1"}).status == 1);
    REQUIRE(poll_until([&] { return ward.scp.report_next(); }, 60s));
    CHECK_THAT(ward.owed().at(1).last_error,
               Catch::Contains("give its [[peer]] row host and port"));
}
