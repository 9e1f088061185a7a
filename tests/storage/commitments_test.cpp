// SPDX-License-Identifier: Apache-2.0
#include "storage/commitments.h"

#include <catch2/catch.hpp>

#include "storage/owed_commitments.h"
#include "tests/storage/data_folder.h"

namespace bucky::storage::test {
namespace {

/// A study with a report and a picture, both delivered to "pacs"; returns the last job.
Job delivered(DataFolder& node) {
    node.send({.sop_instance = "1.2.3.4"});
    node.give_verdict();
    node.clock.advance_ms(5000);
    REQUIRE(node.studies.make_due_reports() == 1);
    REQUIRE(node.put(*node.jobs.claim(Lane::report(), 1000), "this"));
    const auto first = node.jobs.claim(Lane::deliver("pacs"), 1000);
    REQUIRE(node.jobs.finish(*first));
    const auto last = node.jobs.claim(Lane::deliver("pacs"), 1000);
    return *last;
}

}  // namespace

TEST_CASE("the transaction that ends a study's last delivery makes the commit job",
          "[storage][commitment]") {
    DataFolder node;
    Commitments commitments{node.db, node.clock};
    const auto last = delivered(node);
    commitments.delivery_ended(last, "pacs");
    CHECK_FALSE(node.jobs.claim(Lane::commit("pacs"), 1000));  // one delivery is still open
    {
        Database::Transaction open{node.db};
        REQUIRE(node.jobs.finish(last));
        commitments.delivery_ended(last, "pacs");
    }  // rolled back: both or none
    CHECK_FALSE(node.jobs.claim(Lane::commit("pacs"), 1000));
    {
        Database::Transaction open{node.db};
        REQUIRE(node.jobs.finish(last));
        commitments.delivery_ended(last, "pacs");
        commitments.delivery_ended(last, "pacs");  // a second call changes nothing
        open.commit();
    }
    CHECK(node.studies.line(kStudy)->commitments_open == 1);
    CHECK(node.jobs.claim(Lane::commit("pacs"), 1000));
    CHECK(commitments.unpromised("pacs", kStudy).size() == 2);
    CHECK(commitments.unpromised("archive", kStudy).empty());
}

TEST_CASE("a refused delivery does not prevent commitment for the others",
          "[storage][commitment]") {
    DataFolder node;
    Commitments commitments{node.db, node.clock};
    const auto last = delivered(node);
    REQUIRE(node.jobs.park(last, "no"));
    commitments.delivery_ended(last, "pacs");
    CHECK(node.jobs.claim(Lane::commit("pacs"), 1000));
    CHECK(commitments.unpromised("pacs", kStudy).size() == 1);
}

TEST_CASE("an answer records the promises and failures that it names, and makes the job due",
          "[storage][commitment]") {
    DataFolder node;
    Commitments commitments{node.db, node.clock};
    const auto last = delivered(node);
    node.jobs.finish(last);
    commitments.delivery_ended(last, "pacs");
    const auto job = node.jobs.claim(Lane::commit("pacs"), 1000);
    const auto objects = commitments.unpromised("pacs", kStudy);
    const Uid transaction{"2.25.1"};
    commitments.asking("pacs", kStudy, transaction, objects);
    node.jobs.retry_later(*job, node.clock.now_ms() + 60'000, "asked");
    CHECK_FALSE(commitments.is_answered(transaction));

    CHECK(commitments.answered("pacs", {transaction, {objects[0]}, {{objects[1], 0x0112}}}));
    CHECK(commitments.is_answered(transaction));
    CHECK(node.jobs.claim(Lane::commit("pacs"), 1000));
    const auto lines = commitments.of_study(kStudy);
    REQUIRE(lines.size() == 2);
    CHECK((lines[0].promised_at_ms > 0) != (lines[1].promised_at_ms > 0));
    CHECK(commitments.unpromised("pacs", kStudy) == std::vector<ObjectReference>{objects[1]});

    CHECK(commitments.deliver_again("pacs", kStudy, node.clock.now_ms()) == 1);
    CHECK(commitments.deliver_again("pacs", kStudy, node.clock.now_ms()) == 0);
    CHECK(commitments.on_the_way("pacs", kStudy));
    CHECK(commitments.unpromised("pacs", kStudy).empty());
    CHECK(node.jobs.claim(Lane::deliver("pacs"), 1000)->subject == objects[1].sop_instance.str());
}

TEST_CASE("a repeated request of a caller is owed once, and a settled one is removed",
          "[storage][commitment]") {
    DataFolder node;
    OwedCommitments all_owed{node.db, node.clock, node.dir.path()};
    node.send({.sop_instance = "1.2.3.4"});
    OwedCommitment asked;
    asked.transaction = Uid{"2.25.1"};
    asked.requester = "XRAY1";
    const Uid sop_class{"1.2.840.10008.5.1.4.1.1.1.1"};
    asked.id = all_owed.take(asked, {{sop_class, Uid{"1.2.3.4"}}}, kStartMs);
    CHECK(all_owed.take(asked, {{sop_class, Uid{"1.2.3.4"}}}, kStartMs) == asked.id);
    asked.requester = "XRAY2";
    CHECK(all_owed.take(asked, {{sop_class, Uid{"1.2.3.5"}}}, kStartMs + 1) != asked.id);
    CHECK(all_owed.owed(10).size() == 2);

    const auto due = all_owed.next(kStartMs + 60'000);
    REQUIRE(due);
    CHECK(due->id == asked.id);
    CHECK(all_owed.answer(*due).kept.size() == 1);
    CHECK_FALSE(all_owed.next(kStartMs + 60'000));
    all_owed.settled(due->id);
    node.clock.advance_ms(1);
    const auto other = all_owed.next(kStartMs + 60'000);
    REQUIRE(other);
    CHECK(all_owed.answer(*other).failed.at(0).reason == 0x0112);
    all_owed.settled(other->id);
    CHECK_FALSE(all_owed.next_due_ms());
}

}  // namespace bucky::storage::test
