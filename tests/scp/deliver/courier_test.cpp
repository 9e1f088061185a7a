// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "conf/observe/metrics.h"
#include "scp/deliver/courier.h"
#include "scp/wire/part10.h"
#include "storage/outbox.h"
#include "storage/site.h"
#include "tests/scp/images.h"
#include "tests/scp/peer.h"
#include "tests/scp/results.h"
#include "tests/support/poll.h"

using namespace bucky;
using namespace bucky::scp;
using namespace bucky::test;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t kDayMs = 24 * 3600 * 1000;

}  // namespace

TEST_CASE("a result is delivered byte for byte, once, and the journal says so", "[scp]") {
    Results results(3);  // native pictures
    const Peer pacs;
    auto to = pacs.destination();
    to.picture_syntax = PictureSyntax::uncompressed;
    auto courier = results.courier_to(to);
    CHECK(deliver_all(courier) == 3);
    CHECK_FALSE(courier.deliver_next());
    const auto stored = pacs.stored();
    REQUIRE(stored.size() == 3);
    for (std::size_t i = 0; i < 3; ++i) {
        CHECK(dataset_bytes(stored[i]) == dataset_bytes(results.files[i]));
        CHECK(results.jobs()[i].state == storage::JobState::done);
    }
    CHECK(results.told("result.sent") == std::vector<std::string>(3, "to pacs"));
}

TEST_CASE("the delivery time is measured from the last byte of the study", "[scp]") {
    const auto within_8_s = [] {
        const auto total = metrics::total("bucky_last_byte_to_delivered_seconds");
        std::uint64_t results = 0;
        for (std::size_t at = 0; at < total.buckets.size(); ++at) {
            if (total.bounds[at] == 8) results = total.buckets[at];
        }
        return results;
    };
    const auto before = within_8_s();
    Results results;
    results.clock.advance_ms(7000);
    const Peer pacs;
    auto courier = results.courier_to(pacs.destination());
    REQUIRE(deliver_all(courier) == 1);
    CHECK(within_8_s() == before + 1);
}

TEST_CASE("a warning counts as delivered and is reported", "[scp]") {
    Results results;
    const Peer pacs("status=B000");
    auto courier = results.courier_to(pacs.destination());
    CHECK(deliver_all(courier) == 1);
    CHECK(results.job().state == storage::JobState::done);
    REQUIRE(results.told("result.sent").size() == 1);
    CHECK_THAT(results.told("result.sent")[0], Catch::Contains("coercion of data elements"));
}

TEST_CASE("a refusal is parked with the peer's own words", "[scp]") {
    for (const auto* status : {"A900", "C001"}) {
        INFO(status);
        Results results;
        const Peer pacs(std::string{"status="} + status);
        auto courier = results.courier_to(pacs.destination());
        CHECK(deliver_all(courier) == 1);
        CHECK(results.job().state == storage::JobState::parked);
        CHECK_THAT(results.job().last_error, Catch::Contains(status));
        CHECK_THAT(results.job().last_error, Catch::Contains("told to say so"));
        CHECK(results.told("result.refused").size() == 1);
    }
}

TEST_CASE("a peer that lacks a resource is tried again at doubled intervals until it accepts",
          "[scp]") {
    Results results;
    const Peer pacs("status=A700,first=3");
    auto courier = results.courier_to(pacs.destination());
    std::int64_t expected_ms = 5000;
    for (int attempt = 1; attempt <= 3; ++attempt) {
        INFO(attempt);
        CHECK(deliver_all(courier) == 1);
        const auto job = results.job();
        CHECK(job.state == storage::JobState::ready);
        CHECK(job.attempt == attempt);
        const auto waits_ms = job.not_before_ms - results.clock.now_ms();
        CHECK(waits_ms >= expected_ms * 8 / 10);
        CHECK(waits_ms <= expected_ms * 12 / 10);
        results.clock.advance_ms(waits_ms);
        expected_ms *= 2;
    }
    CHECK(deliver_all(courier) == 1);
    CHECK(results.job().state == storage::JobState::done);
    CHECK(pacs.stored().size() == 1);
    REQUIRE(results.told("result.retry").size() >= 1);
    CHECK_THAT(results.told("result.retry")[0], Catch::Contains("A700"));
}

TEST_CASE("an association that breaks is not an answer: the object is sent again", "[scp]") {
    for (const auto* behave : {"abort,first=1", "drop,first=1", "no-answer,first=1"}) {
        INFO(behave);
        Results results;
        const Peer pacs(behave);
        auto courier = results.courier_to(pacs.destination());
        CHECK(deliver_all(courier) == 1);
        CHECK(results.job().state == storage::JobState::ready);
        results.clock.advance_ms(10'000);
        CHECK(deliver_all(courier) == 1);
        CHECK(results.job().state == storage::JobState::done);
        // The peer kept the first copy: it gets the same object twice, under the same UID.
        const auto stored = pacs.stored();
        REQUIRE(stored.size() == 2);
        CHECK(read_part10_header(stored[0]).sop_instance ==
              read_part10_header(stored[1]).sop_instance);
    }
}

TEST_CASE("a dead destination costs one attempt for all its jobs, not one each", "[scp]") {
    Results results(20);
    const auto destination = gone_destination();
    auto courier = results.courier_to(destination);
    CHECK(deliver_all(courier) == 1);  // the lane pauses: 19 were not tried
    std::int64_t expected_ms = 5000;
    for (int failure = 2; failure <= 5; ++failure) {
        results.clock.advance_ms(expected_ms * 7 / 10);
        CHECK(deliver_all(courier) == 0);
        results.clock.advance_ms(expected_ms / 2);
        CHECK(deliver_all(courier) == 1);
        expected_ms *= 2;
    }
    int tried = 0;
    for (const auto& job : results.jobs()) {
        CHECK(job.state == storage::JobState::ready);
        tried += job.attempt;
    }
    CHECK(tried == 5);
    REQUIRE(!results.told("result.retry").empty());
    CHECK_THAT(results.told("result.retry")[0], Catch::Contains("Connection refused"));

    // The peer is reachable again, and everything is delivered.
    const Peer back("", static_cast<int>(destination.port));
    results.clock.advance_ms(kDayMs);
    CHECK(deliver_all(courier) == 20);
    CHECK(back.stored().size() == 20);
}

TEST_CASE("resubmitting ends the pause of a destination", "[scp]") {
    Results results(3);
    const auto destination = gone_destination();
    auto courier = results.courier_to(destination);
    CHECK(deliver_all(courier) == 1);
    const Peer back("", static_cast<int>(destination.port));
    CHECK(deliver_all(courier) == 0);
    results.clock.advance_ms(1);
    storage::Database db = storage::Site{results.settings.node.data_dir}.open();
    CHECK(storage::JobQueue(db, results.clock).resubmit(storage::Lane::deliver("pacs")) == 1);
    CHECK(deliver_all(courier) == 3);
}

TEST_CASE("a peer that breaks every association pauses the lane from the second time", "[scp]") {
    Results results(10);
    const Peer pacs("drop");
    auto courier = results.courier_to(pacs.destination());
    CHECK(deliver_all(courier) == 2);
    CHECK(deliver_all(courier) == 0);
}

TEST_CASE("one object that breaks the association does not hold up the others", "[scp]") {
    Results results(5);
    const Peer pacs("drop,first=1");
    auto courier = results.courier_to(pacs.destination());
    CHECK(deliver_all(courier) == 5);
    CHECK(results.jobs()[0].state == storage::JobState::ready);
    for (std::size_t i = 1; i < 5; ++i) CHECK(results.jobs()[i].state == storage::JobState::done);
}

TEST_CASE("a rejected association is reported to the admin and tried again", "[scp]") {
    Results results(2);
    const Peer pacs("reject");
    auto courier = results.courier_to(pacs.destination());
    CHECK(deliver_all(courier) == 1);
    for (const auto& job : results.jobs()) CHECK(job.state == storage::JobState::ready);
    CHECK_THAT(results.told("result.retry").at(0), Catch::Contains("check ae_title"));
}

TEST_CASE("an object that could not be delivered within its days is parked", "[scp]") {
    Results results;
    auto destination = gone_destination();
    destination.give_up_days = 2;
    auto courier = results.courier_to(destination);
    CHECK(deliver_all(courier) == 1);
    CHECK(results.job().state == storage::JobState::ready);
    results.clock.advance_ms(2 * kDayMs);
    CHECK(deliver_all(courier) == 1);
    CHECK(results.job().state == storage::JobState::parked);
    CHECK_THAT(results.job().last_error, Catch::Contains("given up after 2 days"));
}

TEST_CASE("a context that the peer does not accept parks the object, not its companions", "[scp]") {
    Results results(2);
    std::filesystem::remove(results.files[0]);
    const Peer pacs;
    auto courier = results.courier_to(pacs.destination());
    storage::Database db = storage::Site{results.settings.node.data_dir}.open();
    storage::Spool spool(results.settings.results_dir());
    const auto first = storage::Outbox(db, spool, results.clock).result("1.2.9.1");
    REQUIRE(first);
    write_bytes(first->file, {'x'});
    CHECK(deliver_all(courier) == 2);
    CHECK(results.jobs()[0].state == storage::JobState::parked);
    CHECK_THAT(results.jobs()[0].last_error, Catch::Contains("not a DICOM file"));
    CHECK(results.jobs()[1].state == storage::JobState::done);
}

TEST_CASE("run() delivers what is there, what comes, and stops when asked", "[scp]") {
    Results results(2);
    const Peer pacs;
    auto courier = results.courier_to(pacs.destination());
    std::jthread thread([&](std::stop_token stop) { courier.run(std::move(stop)); });
    CHECK(poll_until([&] { return pacs.stored().size() == 2; }, 60s));
    CHECK(poll_until(
        [&] {
            for (const auto& job : results.jobs()) {
                if (job.state != storage::JobState::done) return false;
            }
            return true;
        },
        60s));
    const auto began = std::chrono::steady_clock::now();
    thread.request_stop();
    thread.join();
    CHECK(std::chrono::steady_clock::now() - began < 2s);
}
