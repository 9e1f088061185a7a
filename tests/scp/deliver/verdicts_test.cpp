// SPDX-License-Identifier: Apache-2.0
// What a courier makes of a transport's verdicts and failures, whatever the transport.
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "conf/base/error.h"
#include "conf/dicom/result_kinds.h"
#include "conf/dicom/transfer_syntaxes.h"
#include "scp/deliver/courier.h"
#include "storage/holds.h"
#include "storage/peer_classes.h"
#include "storage/site.h"
#include "tests/scp/deliver/fake_sender.h"
#include "tests/scp/results.h"
#include "tests/support/poll.h"

using namespace bucky;
using namespace bucky::scp;
using namespace bucky::test;
using namespace std::chrono_literals;

namespace {

const std::string kNoOtherClass{sop_class::kSegmentation};
const std::string k3dSr{kReportClasses[0]};

std::string study(int number) {
    return "1.2.826.0.1.3680043.9." + std::to_string(number);
}

/// Results that wait for "pacs", which a fake transport reaches: one in each of the studies 1, 2...
struct Delivery : Results {
    explicit Delivery(std::vector<std::string> classes = {kNoOtherClass}) : Results(Empty{}) {
        for (const auto& one : classes) {
            add(study(++studies), 1, one);
            clock.advance_ms(1);
        }
        destination.name = "pacs";
    }
    Courier courier() {
        return {settings, destination, clock, work, std::make_unique<FakeSender>(script)};
    }
    storage::Job job_of(int number) {
        return jobs(storage::Lane::deliver("pacs"), study(number)).at(0);
    }
    bool is_waiting(int number) {
        return !jobs(storage::Lane::deliver("pacs"), study(number)).empty();
    }
    std::optional<bool> takes(std::string_view sop_class) {
        storage::Database db = storage::Site{settings.node.data_dir}.open();
        return storage::PeerClasses(db, clock).takes("pacs", sop_class);
    }

    int studies = 0;
    conf::DestinationSettings destination;
    Script script;
};

SendOutcome answer(SendVerdict verdict, const std::string& words) {
    return {.verdict = verdict, .status = "E1", .words = words};
}

}  // namespace

TEST_CASE("each verdict of a transport ends, repeats or parks the job", "[scp][delivery]") {
    struct Row {
        SendVerdict verdict;
        storage::JobState state;
        std::string event, told;
    };
    for (const auto& [verdict, state, event, told] : {
             Row{SendVerdict::delivered, storage::JobState::done, "result.sent", "to pacs: why"},
             Row{SendVerdict::already_there, storage::JobState::done, "result.sent",
                 "to pacs: why"},
             Row{SendVerdict::try_later, storage::JobState::ready, "result.retry", "to pacs: why"},
             Row{SendVerdict::refused, storage::JobState::parked, "result.refused", "by pacs: why"},
             Row{SendVerdict::class_not_accepted, storage::JobState::parked, "result.refused",
                 "by pacs: why"},
         }) {
        INFO(event << ' ' << static_cast<int>(verdict));
        Delivery delivery;
        delivery.script.send = [verdict = verdict] { return answer(verdict, "why"); };
        auto courier = delivery.courier();
        REQUIRE(courier.deliver_next());
        CHECK(delivery.job().state == state);
        CHECK(delivery.told(event) == std::vector<std::string>{told});
        CHECK(delivery.script.sent.size() == 1);
    }
}

TEST_CASE("nothing is sent to a destination that is held, and all of it when it is released",
          "[scp][delivery]") {
    Delivery delivery({kNoOtherClass, kNoOtherClass});
    storage::Holds holds{delivery.settings.node.data_dir};
    holds.hold("pacs", delivery.clock);
    holds.hold("other", delivery.clock);
    auto courier = delivery.courier();  // after a restart, too
    CHECK_FALSE(courier.deliver_next());
    CHECK(delivery.script.sent.empty());
    CHECK(holds.all().at("pacs") == delivery.clock.now_ms());
    CHECK(holds.release("pacs"));
    CHECK_FALSE(holds.release("pacs"));
    CHECK(courier.deliver_next());
    CHECK(courier.deliver_next());
    CHECK(delivery.script.sent.size() == 2);
}

TEST_CASE("a transport that negotiates no classes finds the accepted one by refusals",
          "[scp][delivery]") {
    Delivery delivery({kReportClasses.begin(), kReportClasses.end()});
    const auto& script = delivery.script;
    auto courier = delivery.courier();
    for (const auto one : kReportClasses) CHECK(script.proposed.contains(one));

    delivery.script.send = [] { return answer(SendVerdict::class_not_accepted, "no such class"); };
    REQUIRE(courier.deliver_next());
    CHECK_FALSE(delivery.is_waiting(1));  // it is made again in the next class
    CHECK_THAT(delivery.told("result.taken_back", study(1)).at(0),
               Catch::Contains("takes no Comprehensive 3D SR, but Comprehensive SR"));
    CHECK(delivery.takes(kReportClasses[0]) == false);
    CHECK_FALSE(delivery.takes(kReportClasses[1]).has_value());

    REQUIRE(courier.deliver_next());
    REQUIRE(courier.deliver_next());
    CHECK(script.sent.size() == 3);
    REQUIRE(courier.deliver_next());  // the last class is refused, too
    CHECK(delivery.job_of(4).state == storage::JobState::parked);
    CHECK(delivery.job_of(4).last_error == "no such class");
}

TEST_CASE("a class that was refused is not sent again", "[scp][delivery]") {
    Delivery delivery({k3dSr, k3dSr});
    delivery.script.send = [] { return answer(SendVerdict::class_not_accepted, "no such class"); };
    auto courier = delivery.courier();
    REQUIRE(courier.deliver_next());
    REQUIRE(courier.deliver_next());
    CHECK(delivery.script.sent.size() == 1);
    CHECK_FALSE(delivery.is_waiting(1));
    CHECK_FALSE(delivery.is_waiting(2));
}

TEST_CASE("what a connection says of the classes is heard before anything is sent",
          "[scp][delivery]") {
    Delivery delivery({k3dSr});
    for (const auto one : kReportClasses) delivery.script.negotiated.emplace(one, false);
    delivery.script.negotiated[std::string{kReportClasses[2]}] = true;
    auto courier = delivery.courier();
    REQUIRE(courier.deliver_next());
    CHECK(delivery.script.sent.empty());
    CHECK_THAT(delivery.told("result.taken_back").at(0), Catch::Contains("but Enhanced SR"));
}

TEST_CASE("a negotiated no is not kept as a refusal once the destination says yes",
          "[scp][delivery]") {
    Delivery delivery({k3dSr, k3dSr});
    for (const auto one : kReportClasses) delivery.script.negotiated.emplace(one, false);
    delivery.script.send = [] { return answer(SendVerdict::class_not_accepted, "not offered"); };
    auto courier = delivery.courier();
    REQUIRE(courier.deliver_next());  // no class is accepted: a person is asked
    CHECK(delivery.job_of(1).state == storage::JobState::parked);

    delivery.script.negotiated[k3dSr] = true;
    delivery.script.send = [] { return answer(SendVerdict::delivered, ""); };
    REQUIRE(courier.deliver_next());
    CHECK(delivery.job_of(2).state == storage::JobState::done);
}

TEST_CASE(
    "a sender that throws while it connects pauses the lane, or parks the object that it names",
    "[scp][delivery]") {
    Delivery delivery({kNoOtherClass, kNoOtherClass, kNoOtherClass});
    auto& script = delivery.script;
    auto courier = delivery.courier();
    SECTION("nobody is there") {
        script.connect = [] { throw Error(Fault::unavailable, "nobody is there"); };
        CHECK(courier.deliver_next());
        CHECK_FALSE(courier.deliver_next());
        CHECK(delivery.job_of(1).last_error == "nobody is there");
        CHECK(delivery.job_of(2).attempt == 0);
    }
    SECTION("it is rejected for good: a person may change that") {
        script.connect = [] { throw Error(Fault::unsupported, "who are you"); };
        CHECK(courier.deliver_next());
        CHECK_FALSE(courier.deliver_next());
    }
    SECTION("something in a library") {
        script.connect = [] { throw std::runtime_error("resolver says 7"); };
        CHECK(courier.deliver_next());
        CHECK_FALSE(courier.deliver_next());
        CHECK(delivery.job_of(1).last_error == "resolver says 7");
    }
    SECTION("the file is at fault") {
        script.connect = [] { throw Error(Fault::bad_input, "not a DICOM file"); };
        CHECK(courier.deliver_next());
        CHECK(delivery.job_of(1).state == storage::JobState::parked);
        script.connect = [] {};
        CHECK(courier.deliver_next());
        CHECK(courier.deliver_next());
        CHECK(delivery.job_of(3).state == storage::JobState::done);
        return;
    }
    CHECK(script.sent.empty());
    CHECK(delivery.job_of(1).state == storage::JobState::ready);

    script.connect = [] {};  // the destination is back
    delivery.clock.advance_ms(6000);
    (void)deliver_all(courier);
    for (int one = 1; one <= 3; ++one) {
        CHECK(delivery.job_of(one).state == storage::JobState::done);
    }
}

TEST_CASE("a sender that stops half way is tried again after its own wait, not after the lease",
          "[scp][delivery]") {
    for (const bool throws : {false, true}) {
        INFO(throws);
        Delivery delivery({kNoOtherClass, kNoOtherClass, kNoOtherClass});
        auto& script = delivery.script;
        script.send = [&]() -> SendOutcome {
            if (throws) throw std::runtime_error("broken pipe");
            script.connected = false;
            return {.words = "broken pipe"};
        };
        auto courier = delivery.courier();
        REQUIRE(courier.deliver_next());
        CHECK_FALSE(script.connected);
        CHECK(delivery.job_of(1).state == storage::JobState::ready);
        CHECK(delivery.job_of(1).last_error == "broken pipe");
        CHECK(delivery.job_of(1).not_before_ms - delivery.clock.now_ms() <= 6000);

        // one may be the object's fault, two in a row are the destination's
        REQUIRE(courier.deliver_next());
        CHECK_FALSE(courier.deliver_next());
        CHECK(delivery.job_of(3).attempt == 0);

        script.send = [] { return answer(SendVerdict::delivered, ""); };
        delivery.clock.advance_ms(13'000);  // the second wait is 10 s + 20 %
        (void)deliver_all(courier);
        for (int one = 1; one <= 3; ++one) {
            CHECK(delivery.job_of(one).state == storage::JobState::done);
        }
        CHECK(script.connects == 3);
    }
}

TEST_CASE("a courier asks its sender for what the destination wants", "[scp][delivery]") {
    Delivery delivery;
    delivery.destination.picture_syntax = PictureSyntax::jpeg_lossless;
    delivery.destination.character_set = "ISO_IR 100";
    const auto courier = delivery.courier();
    CHECK(delivery.script.preferred ==
          std::map<std::string, std::string>{
              {std::string{kPictureClasses[0]}, std::string{transfer_syntax::kJpegLosslessSv1}},
              {std::string{kPictureClasses[1]}, std::string{transfer_syntax::kJpegLosslessSv1}}});
    CHECK(delivery.script.character_set == "ISO_IR 100");
}

TEST_CASE("one connection carries what waits, and is released when nothing does",
          "[scp][delivery]") {
    Delivery delivery({kNoOtherClass, kNoOtherClass, kNoOtherClass});
    auto courier = delivery.courier();
    (void)deliver_all(courier);
    CHECK(delivery.script.connects == 1);
    CHECK(delivery.script.releases == 0);
    std::jthread thread([&](std::stop_token stop) { courier.run(std::move(stop)); });
    thread.request_stop();
    delivery.work.ring();
    thread.join();
    CHECK(delivery.script.releases == 1);
}
