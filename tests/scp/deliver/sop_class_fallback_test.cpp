// SPDX-License-Identifier: Apache-2.0
// An archive gets each result in a class that it accepts, from the first association on.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include "conf/dicom/sop_classes.h"
#include "scp/deliver/courier.h"
#include "storage/outbox.h"
#include "storage/peer_classes.h"
#include "storage/site.h"
#include "storage/studies.h"
#include "tests/scp/images.h"
#include "tests/scp/peer.h"
#include "tests/scp/results.h"

using namespace bucky;
using namespace bucky::scp;
using namespace bucky::test;

namespace {

constexpr auto k3dSr = kReportClasses[0];
constexpr auto kTextSr = kReportClasses[3];
constexpr auto kSecondaryCapture = kPictureClasses[0];
constexpr auto kCrPicture = kPictureClasses[1];
constexpr auto kOther = "1.2.826.0.1.3680043.9.2";
constexpr std::int64_t kDayMs = 24LL * 3600 * 1000;

/// Waiting objects of one class for "pacs".
struct Waiting : Results {
    /// One of a study, one of another where that has a class.
    explicit Waiting(std::string_view sop_class, std::string_view other = "") : Results(Empty{}) {
        add(kStudy, 1, std::string{sop_class});
        clock.advance_ms(1);
        if (!other.empty()) add(kOther, 1, std::string{other});
    }
    std::optional<bool> takes(std::string_view sop_class) {
        storage::Database db = storage::Site{settings.node.data_dir}.open();
        return storage::PeerClasses(db, clock).takes("pacs", sop_class);
    }
    bool deliver_next(const Peer& peer) { return courier_to(peer.destination()).deliver_next(); }
    void reword_journal() {
        storage::Database db = storage::Site{settings.node.data_dir}.open();
        db.prepare({"test.reword", "UPDATE journal SET words = 'in other words'"}).run();
    }
    /// The next report still has the object in its old class, because it was being made before.
    void put_again(std::string_view sop_class) {
        storage::Database db = storage::Site{settings.node.data_dir}.open();
        storage::Spool spool(settings.results_dir());
        storage::JobQueue queue(db, clock);
        storage::Studies(db, clock).make_due_reports();
        const auto job = queue.claim(storage::Lane::report(), 60'000);
        REQUIRE(job);
        const std::vector<std::uint8_t> bytes(10);
        const storage::NewResult made[] = {{.sop_instance = Uid{"1.2.9.1"},
                                            .sop_class = Uid{sop_class},
                                            .transfer_syntax = "1.2.840.10008.1.2.1",
                                            .kind = "overlay",
                                            .part10 = bytes}};
        const std::string destinations[] = {"pacs"};
        REQUIRE(storage::Outbox(db, spool, clock).put(*job, made, destinations));
    }
};

}  // namespace

TEST_CASE("all answers of an association are stored before the first object is made again",
          "[scp]") {
    Waiting results(k3dSr);
    const Peer old("text-and-cr");
    REQUIRE(results.deliver_next(old));
    CHECK(results.jobs().empty());
    CHECK(results.told("result.taken_back").size() == 1);
    CHECK(results.takes(k3dSr) == false);
    CHECK(results.takes(kTextSr) == true);
    CHECK(results.takes(kSecondaryCapture) == false);  // no picture has been sent yet
    CHECK(results.takes(kCrPicture) == true);
}

TEST_CASE("an object that was being sent in the old class is made again once more, not parked",
          "[scp]") {
    Waiting results(kSecondaryCapture);
    const Peer old("text-and-cr");
    REQUIRE(results.deliver_next(old));
    results.clock.advance_ms(1000);
    results.put_again(kSecondaryCapture);
    REQUIRE(results.jobs().size() == 1);
    REQUIRE(results.deliver_next(old));
    CHECK(results.jobs().empty());
    CHECK(results.told("result.taken_back").size() == 2);
}

TEST_CASE("a peer that changes its accepted class each time needs attention", "[scp]") {
    Waiting results(kSecondaryCapture, kSecondaryCapture);
    REQUIRE(results.deliver_next(Peer("text-and-cr")));
    results.clock.advance_ms(1000);
    // now it accepts the class
    REQUIRE(results.deliver_next(Peer()));
    results.clock.advance_ms(1000);
    results.put_again(kSecondaryCapture);
    results.reword_journal();  // it is for people; nothing is decided by its words
    REQUIRE(results.deliver_next(Peer("text-and-cr")));
    REQUIRE(results.jobs().size() == 1);
    CHECK(results.job().state == storage::JobState::parked);
    CHECK_THAT(results.job().last_error, Catch::Contains("a while ago it was the other way round"));
}

TEST_CASE("a PACS that accepts a context and answers 0122 to the object gets the next class",
          "[scp]") {
    Waiting results(k3dSr, k3dSr);
    const Peer pacs("not-of=" + std::string{k3dSr});
    REQUIRE(results.deliver_next(pacs));
    CHECK(results.jobs().empty());
    CHECK_THAT(results.told("result.taken_back").at(0),
               Catch::Contains("takes no Comprehensive 3D SR, but Comprehensive SR"));
    CHECK(results.takes(k3dSr) == false);
    CHECK(results.takes(kReportClasses[1]) == true);

    // The next association accepts the context again: that does not count, and nothing is sent.
    REQUIRE(results.deliver_next(pacs));
    CHECK(results.jobs(storage::Lane::deliver("pacs"), kOther).empty());
    CHECK(results.takes(k3dSr) == false);
    CHECK(results.told("result.taken_back", kOther).size() == 1);

    // After a week it is asked again.
    results.clock.advance_ms(7 * kDayMs);
    CHECK(results.takes(k3dSr) == true);
}

TEST_CASE("a PACS that refuses each class by the object parks it with its own words", "[scp]") {
    Waiting results(kCrPicture, kSecondaryCapture);
    const Peer pacs("not-of=" + std::string{kCrPicture} +
                    ",not-of=" + std::string{kSecondaryCapture});
    REQUIRE(results.deliver_next(pacs));  // in the first class...
    REQUIRE(results.deliver_next(pacs));  // ...and in the second
    REQUIRE(results.jobs(storage::Lane::deliver("pacs"), kOther).size() == 1);
    CHECK(results.jobs(storage::Lane::deliver("pacs"), kOther)[0].state ==
          storage::JobState::parked);
    CHECK_THAT(results.jobs(storage::Lane::deliver("pacs"), kOther)[0].last_error,
               Catch::Contains("0122"));
}

TEST_CASE("a class without a fallback is refused as before", "[scp]") {
    constexpr auto kSegmentation = "1.2.840.10008.5.1.4.1.1.66.4";
    Waiting results(kSegmentation);
    REQUIRE(results.deliver_next(Peer(std::string{"not-of="} + kSegmentation)));
    CHECK(results.job().state == storage::JobState::parked);
}
