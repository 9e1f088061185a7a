// SPDX-License-Identifier: Apache-2.0
// What bad archives do to a query: too many matches, none, wrong ones, huge ones. Real ones stand
// in tests/system/archive_test.cpp.
#include "scp/query/archive.h"

#include <chrono>
#include <optional>
#include <string>

#include <catch2/catch.hpp>

#include "conf/base/error.h"
#include "tests/scp/peer.h"

using namespace bucky;
using namespace bucky::scp;
using namespace bucky::test;

namespace {

conf::ArchiveSettings archive_of(const Peer& peer, std::int64_t matches_max = 10'000) {
    const auto there = peer.destination();
    conf::ArchiveSettings made;
    made.name = "pacs";
    made.ae_title = there.ae_title;
    made.host = there.host;
    made.port = there.port;
    made.connect_timeout_s = there.connect_timeout_s;
    made.response_timeout_s = there.response_timeout_s;
    made.fetch_timeout_s = there.response_timeout_s;
    made.matches_max = matches_max;
    return made;
}

StudyQuery today() {
    return {.from = "20261130", .to = "20261130", .modalities = {"CR", "DX"}};
}

/// What a query says when it throws; "" when it does not.
template <typename Ask>
std::string said(Ask&& ask, std::optional<Fault>* fault = nullptr) {
    try {
        ask();
    } catch (const Error& error) {  // the words are the subject of these tests
        if (fault != nullptr) *fault = error.fault();
        return error.what();
    }
    return "";
}

}  // namespace

TEST_CASE("a study that has both modalities is named once", "[scp][query]") {
    const Peer peer{"find=3"};
    Archive archive{archive_of(peer), AeTitle{"BUCKY"}};
    const auto found = archive.studies(today());
    CHECK(found.rows.size() == 3);
    CHECK_FALSE(found.is_cut);
    CHECK(found.unfit == 0);
    CHECK(archive.studies(today()).rows.size() == 3);  // on the same association
}

TEST_CASE("of an archive that answers without end, no more is read than is allowed, and it says so",
          "[scp][query]") {
    const Peer peer{"find=10000"};
    Archive archive{archive_of(peer, 100), AeTitle{"BUCKY"}};
    auto query = today();
    query.modalities = {"CR"};
    const auto found = archive.studies(query);
    CHECK(found.rows.size() == 100);
    CHECK(found.is_cut);
}

TEST_CASE("10,000 matches are read where they are allowed", "[scp][query]") {
    const Peer peer{"find=10000"};
    Archive archive{archive_of(peer), AeTitle{"BUCKY"}};
    auto query = today();
    query.modalities = {"CR"};
    const auto found = archive.studies(query);
    CHECK(found.rows.size() == 10'000);
    CHECK_FALSE(found.is_cut);
}

TEST_CASE("studies that were not asked for are counted and left out", "[scp][query]") {
    const Peer peer{"find=5,find-wrong"};
    Archive archive{archive_of(peer), AeTitle{"BUCKY"}};
    const auto found = archive.studies(today());
    CHECK(found.rows.empty());
    CHECK(found.unfit == 10);
}

TEST_CASE("an archive that never answers a query ends it in time", "[scp][query]") {
    const Peer peer{"find-never"};
    Archive archive{archive_of(peer), AeTitle{"BUCKY"}};
    const auto began = std::chrono::steady_clock::now();
    std::optional<Fault> fault;
    CHECK_THAT(said([&] { (void)archive.studies(today()); }, &fault),
               Catch::Contains("did not answer in time"));
    CHECK(fault == Fault::unavailable);
    CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds{20});
}

TEST_CASE("a match of a megabyte is not kept in memory", "[scp][query]") {
    const Peer peer{"find=1,find-huge"};
    Archive archive{archive_of(peer), AeTitle{"BUCKY"}};
    CHECK_THAT(said([&] { (void)archive.studies(today()); }),
               Catch::Contains("a match has some hundred"));
}

TEST_CASE("a query that is refused for good says so, and one that may pass is tried again",
          "[scp][query]") {
    std::optional<Fault> fault;
    const Peer mistaken{"find-status=C000"};
    Archive refusing{archive_of(mistaken), AeTitle{"BUCKY"}};
    CHECK_THAT(said([&] { (void)refusing.studies(today()); }, &fault), Catch::Contains("C000"));
    CHECK(fault == Fault::unsupported);
    const Peer full{"find-status=A700"};
    Archive busy{archive_of(full), AeTitle{"BUCKY"}};
    CHECK_THAT(said([&] { (void)busy.studies(today()); }, &fault), Catch::Contains("A700"));
    CHECK(fault == Fault::unavailable);
}

TEST_CASE("what an archive does not send has its reason, in words that say what to do",
          "[scp][query]") {
    const Uid study{"1.2.3"}, series{"1.2.3.4"};
    const Peer unknown{"move-status=A801"};
    Archive strange{archive_of(unknown), AeTitle{"BUCKY"}};
    CHECK_THAT(strange.fetch(study, series, AeTitle{"BUCKY"}).trouble,
               Catch::Contains("A801") && Catch::Contains("register this node's AE title"));
    const Peer vanished{""};  // between the query and the fetch
    Archive empty{archive_of(vanished), AeTitle{"BUCKY"}};
    const auto fetched = empty.fetch(study, series, AeTitle{"BUCKY"});
    CHECK(fetched.sent == 0);
    CHECK_THAT(fetched.trouble, Catch::Contains("nothing of this any more"));
}
