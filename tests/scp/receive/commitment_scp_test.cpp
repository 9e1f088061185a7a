// SPDX-License-Identifier: Apache-2.0
// A modality demands storage commitment of the node (PS3.4 Annex J): tools/fake_modality, built on
// DCMTK, stores, asks, and waits for the report on the association it holds or on a new one.
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "scp/receive/commitment_scp.h"
#include "storage/owed_commitments.h"
#include "tests/scp/images.h"
#include "tests/scp/test_front_door.h"
#include "tests/support/http.h"
#include "tests/support/places.h"
#include "tests/support/poll.h"
#include "tests/support/process.h"

using namespace bucky;
using namespace bucky::scp;
using namespace bucky::test;

namespace {

/// A node's door and pledger, and a modality that it knows how to call back at `callback`.
struct Ward {
    explicit Ward(int port = free_port())
        : callback(port),
          door([&](conf::Settings& settings) {
              settings.peers = {{"XRAY1", ""}, {"STRANGER", ""}};
              settings.peers[0].host = "127.0.0.1";
              settings.peers[0].port = callback;
          }),
          pledger(door.settings(), clock, door.work()) {}

    Finished modality(std::vector<std::string> more) const {
        std::vector<std::string> words{fake_modality_program().string(), "--to",
                                       "127.0.0.1:" + door.port_text(), "--port",
                                       std::to_string(callback)};
        words.insert(words.end(), more.begin(), more.end());
        return run(words);
    }
    /// The same, while a thread reports what is due.
    Finished modality_called_back(std::vector<std::string> more) {
        const std::jthread reports([&](std::stop_token stop) { pledger.run(std::move(stop)); });
        return modality(std::move(more));
    }
    std::string image(const std::string& uid) const {
        return write_image(door.dir() / (uid + ".dcm"), {.sop_instance = uid}).string();
    }
    std::vector<storage::OwedCommitment> owed() {
        storage::Database db(door.settings().database_file());
        return storage::OwedCommitments(db, clock, door.settings().node.data_dir).owed(10);
    }

    int callback;
    SystemClock clock;
    TestFrontDoor door;
    CommitmentScp pledger;
};

}  // namespace

TEST_CASE("a modality that holds the association hears on it that its images are kept",
          "[scp][commitment]") {
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

TEST_CASE("only what is really here is promised: row, class and file", "[scp][commitment]") {
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

    storage::Database db(ward.door.settings().database_file());
    storage::OwedCommitments pledges(db, ward.clock, ward.door.settings().node.data_dir);
    storage::OwedCommitment asked;
    asked.transaction = Uid{"1.2.3"};
    asked.requester = "XRAY1";
    asked.id = pledges.take(
        asked,
        {{Uid{kCr}, Uid{"1.2.9.1"}}, {Uid{kCr}, Uid{"1.2.9.2"}}, {Uid{"1.2.3"}, Uid{"1.2.9.1"}}},
        ward.clock.now_ms() + 1000);
    const auto answer = pledges.answer(asked);
    REQUIRE(answer.failed.size() == 1);
    CHECK(answer.failed[0].object.sop_instance == Uid{"1.2.9.2"});
    CHECK(answer.failed[0].reason == 0x0110);  // the row is here, its file is not
    CHECK(answer.kept.size() == 1);
    asked.id = pledges.take(asked, {{Uid{"1.2.3"}, Uid{"1.2.9.1"}}}, ward.clock.now_ms() + 1000);
    CHECK(pledges.answer(asked).failed.at(0).reason == 0x0119);  // of another class
}

TEST_CASE("a modality that is not there is called again, and one without an address is told of",
          "[scp][commitment]") {
    Ward ward;
    CHECK(ward.modality({"--wait", "0", ward.image("1.2.9.1")}).status == 1);
    REQUIRE(poll_until([&] { return ward.pledger.report_next(); }, 60s));
    REQUIRE(ward.owed().size() == 1);
    CHECK_THAT(ward.owed()[0].last_error, Catch::Contains("Connection refused"));
    CHECK(ward.owed()[0].attempt == 1);

    CHECK(ward.modality({"--ae", "STRANGER", "--wait", "0", "--also", "1.2.9.1"}).status == 1);
    REQUIRE(poll_until([&] { return ward.pledger.report_next(); }, 60s));
    CHECK_THAT(ward.owed().at(1).last_error,
               Catch::Contains("give its [[peer]] row host and port"));
}
