// SPDX-License-Identifier: Apache-2.0
// How a tenant receives: callers use its AE title, its callers are admitted, and its quota is
// counted for it alone.
#include <catch2/catch.hpp>

#include "storage/site.h"
#include "storage/studies.h"
#include "tests/scp/images.h"
#include "tests/scp/test_front_door.h"
#include "tests/support/wire_client.h"

using namespace bucky;
using namespace bucky::test;

namespace {

constexpr int kAccepted = 2, kRejected = 3;

conf::TenantSettings tenant(const char* ae_title) {
    conf::TenantSettings row;
    row.ae_title = AeTitle{ae_title};
    return row;
}

int calls(const TestFrontDoor& door, const std::string& called,
          const std::string& calling = "XRAY1") {
    WireClient client(door.port());
    return client.associate({.called = called, .calling = calling});
}

/// The statuses of so many different images sent to `called`.
std::vector<int> statuses_of(const TestFrontDoor& door, const std::string& called, int images) {
    WireClient client(door.port());
    REQUIRE(client.associate({kCr, kExplicitLittleEndian, called}) == kAccepted);
    std::vector<int> statuses;
    for (int i = 1; i <= images; ++i) {
        const auto uid = "1.2.826.0.1.3680043.9.1." + std::to_string(i);
        const auto image =
            dataset_bytes(write_image(door.dir() / "image.dcm", {.sop_instance = uid}));
        statuses.push_back(client.store(uid, image).value_or(-1));
    }
    return statuses;
}

}  // namespace

TEST_CASE("a tenant is called by its own title, and unknown titles and callers are rejected",
          "[scp][tenants]") {
    const TestFrontDoor door([](conf::Settings& settings) {
        settings.tenants = {tenant("NORTH"), tenant("SOUTH")};
        settings.tenants[1].callers = {"XRAY2"};
    });
    CHECK(calls(door, "BUCKY") == kAccepted);
    CHECK(calls(door, "NORTH") == kAccepted);
    CHECK(calls(door, "EAST") == kRejected);
    CHECK(calls(door, "SOUTH", "XRAY2") == kAccepted);
    CHECK(calls(door, "SOUTH", "XRAY1") == kRejected);
}

TEST_CASE("images above a tenant's rate are refused for now, and another tenant's are accepted",
          "[scp][tenants]") {
    const TestFrontDoor door([](conf::Settings& settings) {
        settings.tenants = {tenant("NORTH"), tenant("SOUTH")};
        settings.tenants[0].images_per_minute = 2;
    });
    CHECK(statuses_of(door, "NORTH", 3) == std::vector<int>{0, 0, 0xA700});
    CHECK(statuses_of(door, "SOUTH", 3) == std::vector<int>{0, 0, 0});
    CHECK(statuses_of(door, "BUCKY", 3) == std::vector<int>{0, 0, 0});
}

TEST_CASE("a tenant's full queue is its own: images of other tenants are accepted",
          "[scp][tenants]") {
    const TestFrontDoor door([](conf::Settings& settings) {
        settings.tenants = {tenant("NORTH"), tenant("SOUTH")};
        settings.tenants[0].queue_max = 2;
    });
    CHECK(statuses_of(door, "NORTH", 3) == std::vector<int>{0, 0, 0xA700});
    CHECK(statuses_of(door, "NORTH", 1) == std::vector<int>{0xA700});  // nothing is analysed yet
    CHECK(statuses_of(door, "SOUTH", 3) == std::vector<int>{0, 0, 0});
    const SystemClock clock;
    storage::Database db =
        storage::Site{door.settings().node.data_dir}.open(storage::Database::Mode::existing);
    storage::Studies studies{db, clock};
    CHECK(studies.waiting("NORTH") == 2);
    CHECK(studies.waiting("SOUTH") == 3);
    CHECK(studies.waiting("") == 0);  // images without an owner are not counted by owner
}
