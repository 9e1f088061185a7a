// SPDX-License-Identifier: Apache-2.0
#include "storage/turns.h"

#include <catch2/catch.hpp>

#include "tests/storage/data_folder.h"

namespace bucky::storage::test {
namespace {

/// `count` images of a tenant, each in a study of its own.
void send_many(DataFolder& node, const std::string& tenant, int count, bool urgent = false) {
    static int number = 0;
    for (int at = 0; at < count; ++at) {
        const auto uid = "1.7." + std::to_string(++number);
        node.send({.sop_instance = uid + ".1", .study = uid, .tenant = tenant, .urgent = urgent});
    }
}

/// The tenant of each claimed image, until none is left.
std::string order(DataFolder& node) {
    std::string tenants;
    while (const auto job = node.jobs.claim(Lane::infer(), 60'000)) {
        auto row = node.db.prepare({"test.tenant", "SELECT tenant FROM job WHERE id = :id"});
        row.bind(":id", job->id).step();
        tenants += row.text(0);
        node.jobs.finish(*job);
    }
    return tenants;
}

/// A result for "pacs", created now.
void make_result(DataFolder& node, const std::string& tenant, bool urgent = false) {
    static int number = 0;
    const auto uid = "1.8." + std::to_string(++number);
    node.send({.sop_instance = uid + ".1", .study = uid, .tenant = tenant, .urgent = urgent});
    node.db
        .prepare({"test.result", R"sql(
            INSERT INTO job (lane, subject, study, state, created_at_ms, submitted_at_ms,
                             not_before_ms, tenant, urgent)
            SELECT 'deliver:pacs', key, key, 'ready', :now_ms, :now_ms, :now_ms, tenant, urgent
              FROM study WHERE key = :study)sql"})
        .bind(":study", uid)
        .bind(":now_ms", node.clock.now_ms())
        .run();
    node.clock.advance_ms(1);
}

std::string tenant_of(DataFolder& node, const std::optional<Job>& job) {
    if (!job) return "-";
    auto row = node.db.prepare({"test.tenant", "SELECT tenant FROM job WHERE id = :id"});
    row.bind(":id", job->id).step();
    return row.text(0);
}

}  // namespace

TEST_CASE("new results for one destination are sent by tenants in turn, urgent ones first",
          "[storage]") {
    DataFolder node;
    const auto since_ms = node.clock.now_ms();
    for (int result = 0; result < 4; ++result) make_result(node, "A");
    make_result(node, "B");
    make_result(node, "C", true);
    make_result(node, "B");
    std::string order;
    while (const auto job = node.jobs.claim_new(Lane::deliver("pacs"), 60'000, since_ms)) {
        order += tenant_of(node, job);
        node.jobs.finish(*job);
    }
    CHECK(order == "CABABAA");
}

TEST_CASE(
    "of a tenant the result made first goes first, however often it was tried, and what is "
    "older waits for the backlog's turn",
    "[storage]") {
    DataFolder node;
    const auto lane = Lane::deliver("pacs");
    make_result(node, "A");
    const auto since_ms = node.clock.now_ms();
    make_result(node, "A");
    make_result(node, "A");
    const auto first = node.jobs.claim_new(lane, 60'000, since_ms);
    REQUIRE(first);
    CHECK(first->created_at_ms == since_ms);
    node.jobs.retry_later(*first, node.clock.now_ms() + 500, "later");
    node.clock.advance_ms(1000);  // due last, created first
    const auto again = node.jobs.claim_new(lane, 60'000, since_ms);
    REQUIRE(again);
    CHECK(again->id == first->id);
    CHECK(again->attempt == 2);
    REQUIRE(node.jobs.claim_new(lane, 60'000, since_ms));
    CHECK_FALSE(node.jobs.claim_new(lane, 60'000, since_ms));
    const auto old = node.jobs.claim_oldest(lane, 60'000, since_ms);
    REQUIRE(old);
    CHECK(old->created_at_ms < since_ms);
    CHECK_FALSE(node.jobs.claim_oldest(lane, 60'000, since_ms));
}

TEST_CASE("tenants take turns, whatever the order and number of their jobs", "[storage]") {
    DataFolder node;
    send_many(node, "A", 6);
    send_many(node, "B", 2);
    send_many(node, "C", 3);
    CHECK(order(node) == "ABCABCACAAA");
}

TEST_CASE("5,000 old images of one site delay another site's new one by one claim", "[storage]") {
    DataFolder node;
    {
        // The rows of 5,000 sent images, without their files.
        send_many(node, "flood", 1);
        Database::Transaction transaction(node.db);
        node.db
            .prepare({"test.flood", R"sql(
            INSERT INTO job (lane, subject, study, state, created_at_ms, submitted_at_ms,
                             not_before_ms, tenant)
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4999)
            SELECT 'infer', 'old ' || i, study, 'ready', 1, 1, 1, 'flood'
              FROM n, (SELECT study FROM job LIMIT 1))sql"})
            .run();
        transaction.commit();
    }
    REQUIRE(node.jobs.open(Lane::infer()) == 5000);
    for (int at = 0; at < 3; ++at) REQUIRE(node.jobs.claim(Lane::infer(), 60'000));  // under way
    node.clock.advance_ms(1000);
    node.send({.sop_instance = "1.2.9", .study = "1.2", .tenant = "other"});
    int claims = 1;
    while (node.jobs.claim(Lane::infer(), 60'000)->study != "1.2") ++claims;
    CHECK(claims <= 2);
}

TEST_CASE("reports and deliveries wait in their sender's queue, too", "[storage]") {
    DataFolder node;
    send_many(node, "A", 3);
    send_many(node, "B", 1);
    while (node.give_verdict()) {
    }
    node.clock.advance_ms(3000);
    REQUIRE(node.studies.make_due_reports() == 4);
    std::string tenants;
    while (const auto job = node.jobs.claim(Lane::report(), 60'000)) {
        auto row = node.db.prepare({"test.tenant", "SELECT tenant FROM job WHERE id = :id"});
        row.bind(":id", job->id).step();
        tenants += row.text(0);
        node.put(*job, job->study);
    }
    CHECK(tenants == "ABAA");
    CHECK(node.count({"test.deliver", R"sql(
        SELECT count(*) FROM job WHERE lane = 'deliver:pacs' AND tenant = 'A')sql"}) == 6);
}

TEST_CASE("urgent images go first, and do not starve the rest", "[storage]") {
    DataFolder node;
    send_many(node, "a", 4);
    send_many(node, "U", 10, true);
    CHECK(order(node) == "UUUUaUUUUaUUaa");
}

TEST_CASE("urgent senders take turns among themselves", "[storage]") {
    DataFolder node;
    send_many(node, "U", 3, true);
    send_many(node, "V", 2, true);
    CHECK(order(node) == "UVUVU");
}

TEST_CASE("a tenant without a job that is due is skipped", "[storage]") {
    DataFolder node;
    send_many(node, "A", 1);
    send_many(node, "B", 1);
    const auto first = node.jobs.claim(Lane::infer(), 60'000);
    REQUIRE(first);
    node.jobs.retry_later(*first, node.clock.now_ms() + 5000, "not now");
    CHECK(order(node) == "B");
    node.clock.advance_ms(5000);
    CHECK(order(node) == "A");
}

TEST_CASE("images of a study that is run again wait in its sender's queue", "[storage]") {
    DataFolder node;
    send_many(node, "A", 1, true);
    node.finish_all();
    const auto study = node.studies.recent(1).at(0).study;
    REQUIRE(node.studies.retry(study) == 1);
    CHECK(node.count({"test.retry", R"sql(
        SELECT count(*) FROM job
         WHERE lane = 'infer' AND state = 'ready' AND tenant = 'A' AND urgent)sql"}) == 1);
}

TEST_CASE("whether a lane has open jobs is known without counting", "[storage]") {
    DataFolder node;
    CHECK(node.jobs.open(Lane::infer()) == 0);
    send_many(node, "A", 3);
    CHECK(node.jobs.open(Lane::infer()) == 3);
    const auto job = node.jobs.claim(Lane::infer(), 60'000);
    CHECK(node.jobs.open(Lane::infer()) == 3);
    node.jobs.park(*job, "no");
    CHECK(node.jobs.open(Lane::infer()) == 3);
    while (node.give_verdict()) {
    }
    CHECK(node.jobs.open(Lane::infer()) == 1);
    CHECK(node.jobs.resubmit(Lane::infer()) == 1);
    CHECK(node.give_verdict());
    CHECK(node.jobs.open(Lane::infer()) == 0);
}

}  // namespace bucky::storage::test
