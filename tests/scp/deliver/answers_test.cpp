// SPDX-License-Identifier: Apache-2.0
// A peer's answer counts only if it names the object that was sent and comes in time.
#include <chrono>
#include <string>

#include <catch2/catch.hpp>

#include "scp/deliver/courier.h"
#include "scp/deliver/dimse_sender.h"
#include "scp/wire/start.h"
#include "tests/scp/images.h"
#include "tests/scp/peer.h"
#include "tests/scp/results.h"

using namespace bucky;
using namespace bucky::scp;
using namespace bucky::test;
using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

namespace {

const AeTitle kUs{"BUCKY"};

struct Sending {
    Sending() { start_wire(); }
    TempDir dir;
    SendOutcome to(const Peer& peer, const std::string& uid) const {
        DimseSender sender(peer.target(), kUs);
        return sender.send(write_image(dir / (uid + ".dcm"), {.sop_instance = uid}));
    }
};

}  // namespace

TEST_CASE("a command set that never ends costs no more than the time an answer has", "[scp]") {
    for (const auto* behave : {"endless-answer", "drip-answer"}) {
        INFO(behave);
        const Peer pacs(behave);  // response_timeout_s is 2
        const Sending sending;
        const auto began = Steady::now();
        const auto outcome = sending.to(pacs, "1.2.9.1");
        CHECK(Steady::now() - began < 20s);
        CHECK(outcome.verdict == SendVerdict::try_later);
        INFO(outcome.words);
        CHECK_THAT(outcome.words, Catch::Contains("did not answer"));
    }
}

TEST_CASE("a success for another object or another message does not count", "[scp]") {
    const Sending sending;
    const Peer other_object("other-object");
    const auto first = sending.to(other_object, "1.2.9.1");
    CHECK(first.verdict == SendVerdict::try_later);
    CHECK_THAT(first.words, Catch::Contains("answered 0000 for another object, 1.2.3.4.5.6.7"));
    const Peer other_message("other-message");
    const auto second = sending.to(other_message, "1.2.9.1");
    CHECK(second.verdict == SendVerdict::try_later);
    CHECK_THAT(second.words, Catch::Contains("answered something that was not asked"));
}

TEST_CASE("an object that got the answer for another one is sent again on a new association",
          "[scp]") {
    Results results;
    const Peer pacs("other-object,first=1");
    auto courier = results.courier_to(pacs.destination());
    REQUIRE(courier.deliver_next());
    CHECK(results.job().state == storage::JobState::ready);
    CHECK(results.told("result.sent").empty());
    results.clock.advance_ms(10'000);
    REQUIRE(courier.deliver_next());
    CHECK(results.job().state == storage::JobState::done);
}

TEST_CASE("an association that was kept long after an answer is released normally", "[scp]") {
    const Sending sending;
    const Peer pacs;
    auto target = pacs.target();
    target.response_timeout = 2s;
    DimseSender sender(target, kUs);
    const auto first = write_image(sending.dir / "1.dcm", {.sop_instance = "1.2.9.1"});
    const auto second = write_image(sending.dir / "2.dcm", {.sop_instance = "1.2.9.2"});
    CHECK(sender.send(first).verdict == SendVerdict::delivered);
    CHECK(sender.send(second).verdict == SendVerdict::delivered);
    sender.release();
    CHECK(pacs.stored().size() == 2);
}
