// SPDX-License-Identifier: Apache-2.0
#include "storage/senders.h"

#include <catch2/catch.hpp>

#include "tests/storage/data_folder.h"

using namespace bucky;
using namespace bucky::storage;
using namespace bucky::storage::test;

TEST_CASE("the time of a sender's last image is known, also when numbers of rows come again",
          "[storage]") {
    DataFolder node;
    Senders senders;
    CHECK(senders.look(node.db).empty());
    const auto first = node.send({.sop_instance = "1.1"});
    CHECK(senders.look(node.db).at("XRAY1") == kStartMs);
    node.clock.advance_ms(1000);
    const auto second = node.send({.sop_instance = "1.2"});
    CHECK(senders.look(node.db).at("XRAY1") == kStartMs + 1000);

    // The node deletes old images; SQLite gives the number of a deleted last row again.
    node.db.prepare({"test.unbound", "PRAGMA foreign_keys = OFF"}).run();
    node.db.prepare({"test.deleted", "DELETE FROM instance"}).run();
    node.db.prepare({"test.done", "DELETE FROM job"}).run();
    CHECK(senders.look(node.db).at("XRAY1") == kStartMs + 1000);
    node.clock.advance_ms(1000);
    const auto third = node.send({.sop_instance = "1.3", .study = "1.2.3.2"});
    CHECK(third.instance_id <= second.instance_id);
    CHECK(first.instance_id < second.instance_id);
    CHECK(senders.look(node.db).at("XRAY1") == kStartMs + 2000);
}
