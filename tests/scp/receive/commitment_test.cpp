// SPDX-License-Identifier: Apache-2.0
// A destination is asked for storage commitment of what it received (PS3.4 Annex J). The peer
// (tools/fake_pacs, on DCMTK) is independent of the node's code. It reports what it really holds,
// or misbehaves as told.
#include <chrono>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "scp/deliver/commitment_scu.h"
#include "scp/deliver/courier.h"
#include "scp/wire/part10.h"
#include "storage/commitments.h"
#include "storage/database.h"
#include "storage/site.h"
#include "tests/scp/peer.h"
#include "tests/scp/results.h"
#include "tests/scp/test_front_door.h"
#include "tests/support/poll.h"

using namespace bucky;
using namespace bucky::scp;
using namespace bucky::test;

namespace {

const storage::Lane kCommitLane = storage::Lane::commit("pacs");

conf::DestinationSettings committing(const Peer& peer) {
    auto destination = peer.destination();
    destination.commitment = true;
    destination.commitment_timeout_s = 60;
    return destination;
}

/// A study's results on their way to a peer, with the courier and the commitment SCU.
struct Journey {
    Journey(Results& of, const Peer& peer)
        : results(of),
          destination(committing(peer)),
          scu(of.settings, destination, of.clock, of.work) {}

    /// Delivers until nothing is due, or so many times. Then the association is released, because
    /// the peer serves one at a time.
    int deliver(int at_most = 1000) const {
        auto courier = results.courier_to(destination);
        int count = 0;
        while (count < at_most && courier.deliver_next()) ++count;
        return count;
    }
    /// Runs both until nothing is due.
    void run() {
        bool any = true;
        while (any) {
            any = deliver() > 0;
            any = scu.commit_next() || any;
        }
    }

    std::vector<storage::Job> jobs() { return results.jobs(kCommitLane); }
    std::size_t promised() {
        storage::Database db = storage::Site{results.settings.node.data_dir}.open();
        std::size_t count = 0;
        for (const auto& line : storage::Commitments(db, results.clock).of_study(kStudy)) {
            count += line.promised_at_ms > 0;
        }
        return count;
    }

    Results& results;
    const conf::DestinationSettings destination;
    CommitmentScu scu;
};

std::size_t asked(const Peer& peer) {
    const auto output = peer.output();
    std::size_t count = 0;
    for (auto at = output.find("commitment "); at != std::string::npos;
         at = output.find("commitment ", at + 1)) {
        ++count;
    }
    return count;
}

std::set<std::string> transactions(const Peer& peer) {
    std::set<std::string> found;
    const auto output = peer.output();
    for (auto at = output.find("commitment "); at != std::string::npos;
         at = output.find("commitment ", at + 1)) {
        found.insert(output.substr(at + 11, output.find(' ', at + 11) - at - 11));
    }
    return found;
}

}  // namespace

TEST_CASE("a destination is asked for commitment once it has the study's last object",
          "[scp][commitment]") {
    Results results(3);
    const Peer pacs;
    Journey journey(results, pacs);
    CHECK(journey.deliver(2) == 2);
    CHECK(journey.jobs().empty());
    CHECK(journey.deliver() == 1);
    REQUIRE(journey.jobs().size() == 1);
    journey.run();
    CHECK(journey.jobs()[0].state == storage::JobState::done);
    CHECK(journey.promised() == 3);
    CHECK(poll_until([&] { return asked(pacs) == 1; }, 60s));
    CHECK(results.told("commitment.asked") == std::vector<std::string>{"to keep 3 objects"});
    CHECK(results.told("commitment.promised") == std::vector<std::string>{"to keep 3 objects"});
}

TEST_CASE("a destination without commitment in the config is not asked", "[scp][commitment]") {
    Results results(1);
    const Peer pacs;
    auto courier = results.courier_to(pacs.destination());
    CHECK(courier.deliver_next());
    CHECK(results.jobs(kCommitLane).empty());
}

TEST_CASE("a report on a new association is accepted, in the role of SCP", "[scp][commitment]") {
    Results results(2);
    TestFrontDoor door([&](conf::Settings& settings) {
        settings.node.data_dir = results.dir.path();
        settings.peers = {{"XRAY1", ""}};  // a destination may report although no row names it
        conf::DestinationSettings destination;
        destination.name = "pacs";
        destination.ae_title = AeTitle{"FAKEPACS"};
        destination.host = "127.0.0.1";
        destination.commitment = true;
        settings.destinations = {destination};
    });
    const Peer pacs("", 0, "127.0.0.1:" + door.port_text());
    Journey journey(results, pacs);
    journey.run();
    CHECK(journey.jobs().at(0).state == storage::JobState::done);
    CHECK(journey.promised() == 2);
    CHECK(poll_until(
        [&] { return pacs.output().find("reported 0000 role SCP") != std::string::npos; }, 60s));
}

TEST_CASE("a report of an unknown request is refused and changes nothing", "[scp][commitment]") {
    Results results(1);
    storage::Database db = storage::Site{results.settings.node.data_dir}.open();
    storage::Commitments commitments(db, results.clock);
    const CommitmentAnswer answer{Uid{"1.2.3"}, {{Uid{"1.2"}, Uid{"1.2.9.1"}}}, {}};
    CHECK_FALSE(commitments.answered("pacs", answer));
    CHECK(commitments.of_study(kStudy).empty());
}

TEST_CASE(
    "an object that a destination lost is delivered again under its own UID, and asked for again",
    "[scp][commitment]") {
    Results results(2);
    const Peer pacs("commit-forget=1");
    Journey journey(results, pacs);
    journey.run();
    CHECK(journey.jobs().at(0).state == storage::JobState::done);
    CHECK(journey.promised() == 2);
    CHECK(poll_until([&] { return asked(pacs) == 2; }, 60s));
    const auto stored = pacs.stored();  // the first two are missing
    REQUIRE(stored.size() == 2);
    CHECK(read_part10_header(stored[0]).sop_instance == "1.2.9.1");
    CHECK(read_part10_header(stored[1]).sop_instance == "1.2.9.2");
    REQUIRE(results.told("commitment.failed").size() == 2);
    CHECK_THAT(results.told("commitment.failed")[0], Catch::Contains("no such object instance"));
}

TEST_CASE("a destination that keeps losing objects is asked at longer intervals, then parked",
          "[scp][commitment]") {
    Results results(1);
    const Peer pacs("commit-forget=1000");
    Journey journey(results, pacs);
    for (int minute = 0; minute < 60; ++minute) {
        journey.run();
        results.clock.advance_ms(60'000);
    }
    CHECK(asked(pacs) >= 5);
    CHECK(asked(pacs) <= 16);  // 5, 10, 20 ... 900 s
    CHECK(journey.jobs().at(0).state == storage::JobState::ready);
    results.clock.advance_ms(8LL * 24 * 3600 * 1000);
    journey.run();
    CHECK(journey.jobs().at(0).state == storage::JobState::parked);
    CHECK_THAT(journey.jobs().at(0).last_error, Catch::Contains("does not keep what it takes"));
}

TEST_CASE("a report that does not come is requested again after its time", "[scp][commitment]") {
    Results results(1);
    const Peer pacs("commit-ignore=1");
    Journey journey(results, pacs);
    journey.run();
    CHECK(journey.jobs().at(0).state == storage::JobState::ready);
    CHECK_THAT(journey.jobs().at(0).last_error, Catch::Contains("has not come yet"));
    results.clock.advance_ms(59'000);
    journey.run();
    CHECK(poll_until([&] { return asked(pacs) == 1; }, 60s));
    results.clock.advance_ms(2'000);
    journey.run();
    CHECK(journey.jobs().at(0).state == storage::JobState::done);
    // Each request has its own Transaction UID.
    CHECK(poll_until([&] { return transactions(pacs).size() == 2; }, 60s));
}

TEST_CASE("an answer to an older request counts for its successes, not for its failures",
          "[scp][commitment]") {
    Results results(2);
    const Peer pacs("commit-never");
    Journey journey(results, pacs);
    journey.run();
    results.clock.advance_ms(61'000);
    journey.run();
    REQUIRE(poll_until([&] { return transactions(pacs).size() == 2; }, 60s));
    const auto both = transactions(pacs);
    storage::Database db = storage::Site{results.settings.node.data_dir}.open();
    storage::Commitments commitments(db, results.clock);
    const Uid sop_class{"1.2.840.10008.5.1.4.1.1.1"};
    for (const auto& transaction : both) {  // one of them is the older request
        CHECK(commitments.answered("pacs", {Uid{transaction}, {{sop_class, Uid{"1.2.9.1"}}}, {}}));
    }
    CHECK(journey.promised() == 1);
    const auto lines = commitments.of_study(kStudy);
    CHECK_FALSE(commitments.answered("other", {Uid{*both.begin()}, {}, {}}));
    CHECK(commitments.unpromised("pacs", kStudy).size() == 1);
}

TEST_CASE("a destination without storage commitment parks the job with what to change",
          "[scp][commitment]") {
    Results results(1);
    const Peer pacs("no-commitment");
    Journey journey(results, pacs);
    journey.run();
    CHECK(journey.jobs().at(0).state == storage::JobState::parked);
    CHECK_THAT(journey.jobs().at(0).last_error, Catch::Contains("set commitment = false"));
    CHECK(results.job().state == storage::JobState::done);  // it was delivered nevertheless
}

TEST_CASE("a request that is refused for good is parked, one that is refused for now is repeated",
          "[scp][commitment]") {
    for (const auto& [status, state] :
         {std::pair{"0122", storage::JobState::parked}, {"0213", storage::JobState::ready}}) {
        INFO(status);
        Results results(1);
        const Peer pacs(std::string{"commit-status="} + status);
        Journey journey(results, pacs);
        journey.run();
        CHECK(journey.jobs().at(0).state == state);
        CHECK_THAT(journey.jobs().at(0).last_error, Catch::Contains(status));
    }
}

TEST_CASE("a destination that cannot be reached costs one commitment attempt for all studies",
          "[scp][commitment]") {
    Results results(1);
    conf::DestinationSettings destination;
    {
        const Peer pacs;
        results.add("1.2.826.0.1.3680043.9.2", 1);
        Journey journey(results, pacs);
        journey.deliver();
        destination = committing(pacs);
    }
    CommitmentScu scu(results.settings, destination, results.clock, results.work);
    CHECK(scu.commit_next());
    CHECK_FALSE(scu.commit_next());
}
