// SPDX-License-Identifier: Apache-2.0
// Setting the clock neither delays owed reports nor gives them up.
#include <catch2/catch.hpp>

#include "conf/observe/log.h"
#include "scp/receive/commitment_scp.h"
#include "scp/wire/start.h"
#include "storage/database.h"
#include "storage/owed_commitments.h"
#include "storage/site.h"
#include "tests/support/temp_dir.h"
#include "tools/fake_pacs/port.h"

using namespace bucky;
using namespace bucky::test;

TEST_CASE("an owed report waits for its pause, whatever the clock is set to", "[scp][commitment]") {
    log::set_level(log::Level::error);
    scp::start_wire();
    constexpr std::int64_t kHourMs = 3'600'000;
    for (const auto by_ms : {-9 * kHourMs, 40 * 24 * kHourMs}) {
        const TempDir dir;
        SettableClock clock{1'800'000'000'000};
        Wakeup work;
        conf::Settings settings;
        settings.node.data_dir = dir.path();
        auto& peer = settings.peers.emplace_back();
        peer.ae_title = "XRAY1";
        peer.host = "127.0.0.1";
        peer.port = fake::free_port();  // nothing listens there
        storage::Database db = storage::Site{settings.node.data_dir}.open();
        storage::OwedCommitments owed(db, clock, dir.path());
        storage::OwedCommitment asked;
        asked.transaction = Uid{"2.25.1"};
        asked.requester = "XRAY1";
        asked.called_ae = "BUCKY";
        owed.take(asked, {}, clock.now_ms());
        scp::CommitmentScp reports(settings, clock, work);

        REQUIRE(reports.report_next());
        clock.step_ms(by_ms);
        CHECK_FALSE(reports.report_next());  // the pause decides
        clock.advance_ms(6000);              // the first pause is 5 s + 20 %
        CHECK(reports.report_next());
        CHECK(owed.owed(10).size() == 1);
    }
}
