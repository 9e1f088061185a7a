// SPDX-License-Identifier: Apache-2.0
// Storage commitment reports that are owed to callers: each separately, and limited per caller.
#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "conf/base/limits.h"
#include "storage/owed_commitments.h"
#include "tests/storage/data_folder.h"
#include "tests/storage/fault_of.h"

namespace bucky::storage::test {
namespace {

const Uid kClass{"1.2.840.10008.5.1.4.1.1.1"};

struct Callers {
    DataFolder node;
    OwedCommitments all_owed{node.db, node.clock, node.dir.path()};
    int transactions = 0;

    static std::vector<ObjectReference> objects(int count) {
        std::vector<ObjectReference> all;
        for (int i = 1; i <= count; ++i) all.push_back({kClass, Uid{"1.2." + std::to_string(i)}});
        return all;
    }
    /// Accepts a request that is due at once; returns its id.
    std::int64_t ask(const std::string& requester, int count = 1,
                     const std::string& address = "10.0.0.1", std::string transaction = {}) {
        if (transaction.empty()) transaction = "2.25." + std::to_string(++transactions);
        OwedCommitment asked;
        asked.transaction = Uid{transaction};
        asked.requester = requester;
        asked.peer_address = address;
        return all_owed.take(asked, objects(count), node.clock.now_ms());
    }
    std::string next(const OwedCommitments::MayCall& may_call = {}) {
        const auto owed = all_owed.next(node.clock.now_ms() + 60'000, may_call);
        return owed ? owed->requester : "";
    }
    /// So many requests of one instance each, from XRAY1, XRAY2 ... in turn, at one address.
    void owe(int requests, int callers, const std::string& address) {
        node.db
            .prepare({"test.owe", R"sql(
                INSERT INTO pledge (transaction_uid, requester, called_ae, peer_address,
                                    asked_at_ms, not_before_ms, objects)
                WITH RECURSIVE n (i) AS
                    (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :requests)
                SELECT :address || '.' || i, 'XRAY' || (i % :callers), 'BUCKY', :address, 1, 1, 1
                  FROM n)sql"})
            .bind(":requests", std::int64_t{requests})
            .bind(":callers", std::int64_t{callers})
            .bind(":address", address)
            .run();
    }
};

}  // namespace

TEST_CASE("a caller that sends requests without end reaches its limit, and others are served",
          "[storage][commitment][hostile]") {
    Callers ward;
    const int requests =
        static_cast<int>(limits::kCommitmentOfCallerMax.objects / limits::kCommitmentObjectsMax);
    const int each = static_cast<int>(limits::kCommitmentObjectsMax);
    for (int i = 0; i < requests; ++i) ward.ask("XRAY1", each);
    CHECK(thrown_by([&] { ward.ask("XRAY1"); }) == Fault::exhausted);
    CHECK(ward.node.count({"test.items", "SELECT count(*) FROM pledge_item"}) ==
          limits::kCommitmentOfCallerMax.objects);
    CHECK_NOTHROW(ward.ask("XRAY2"));
    CHECK_NOTHROW(ward.ask("XRAY1", 5, "10.0.0.1", "2.25.1"));  // replaces its first request
    CHECK_NOTHROW(ward.ask("XRAY1", 100));
}

TEST_CASE("the requests owed to a caller, to an address and in all are bounded",
          "[storage][commitment][hostile]") {
    Callers ward;
    SECTION("to a caller") {
        ward.owe(static_cast<int>(limits::kCommitmentOfCallerMax.requests), 1, "10.0.0.1");
        CHECK(thrown_by([&] { ward.ask("XRAY0", 1, "10.0.0.9"); }) == Fault::exhausted);
        CHECK_NOTHROW(ward.ask("XRAY1"));
    }
    SECTION("to an address, by whatever AE titles") {
        ward.owe(static_cast<int>(limits::kCommitmentOfAddressMax.requests), 64, "10.0.0.66");
        CHECK(thrown_by([&] { ward.ask("NEW", 1, "10.0.0.66"); }) == Fault::exhausted);
        CHECK_NOTHROW(ward.ask("NEW", 1, "10.0.0.1"));
    }
    SECTION("in all") {
        const int some = static_cast<int>(limits::kCommitmentInAllMax.requests) / 5;
        for (int i = 1; i <= 5; ++i) ward.owe(some, 100, "10.0.0." + std::to_string(i));
        CHECK(thrown_by([&] { ward.ask("NEW", 1, "10.0.0.9"); }) == Fault::exhausted);
        CHECK(ward.all_owed.give_up("XRAY7", ward.node.clock.now_ms()) == some / 100 * 5);
        CHECK_NOTHROW(ward.ask("NEW", 1, "10.0.0.9"));
    }
}

TEST_CASE("a caller that may not be called now is skipped, and keeps its turn",
          "[storage][commitment]") {
    Callers ward;
    ward.ask("AWAY");
    ward.ask("AWAY");
    ward.node.clock.advance_ms(10);
    ward.ask("HERE");
    const auto not_away = [](const std::string& requester) { return requester != "AWAY"; };
    CHECK(ward.next(not_away) == "HERE");
    CHECK(ward.next(not_away) == "");
    const auto due_ms = ward.all_owed.next_due_ms([&](const std::string& requester) {
        return requester == "AWAY" ? std::optional{kStartMs + 900'000} : std::nullopt;
    });
    CHECK(due_ms == kStartMs + 900'000);
    CHECK(ward.next() == "AWAY");
    CHECK(ward.next() == "AWAY");
    CHECK(ward.next() == "");
}

TEST_CASE("requests that are too old are given up at once, newer ones are not",
          "[storage][commitment]") {
    Callers ward;
    for (int i = 0; i < 3; ++i) ward.ask("AWAY", 2);
    ward.ask("HERE");
    ward.node.clock.advance_ms(1000);
    ward.ask("AWAY");
    CHECK(ward.all_owed.give_up("AWAY", kStartMs) == 3);
    CHECK(ward.all_owed.owed(10).size() == 2);
    CHECK(ward.node.count({"test.items", "SELECT count(*) FROM pledge_item"}) == 2);
}

}  // namespace bucky::storage::test
