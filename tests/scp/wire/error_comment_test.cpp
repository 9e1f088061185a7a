// SPDX-License-Identifier: Apache-2.0
// An Error Comment (0000,0902) may be read by every caller: it names no path, host, limit or errno
// of this machine, whatever went wrong.
#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "scp/wire/status.h"
#include "tests/scp/images.h"
#include "tests/scp/test_front_door.h"
#include "tests/support/database_file.h"
#include "tests/support/wire_client.h"

using namespace bucky;
using namespace bucky::scp;
using namespace bucky::test;

namespace {

constexpr Fault kFaults[] = {Fault::bad_input, Fault::unsupported, Fault::unavailable,
                             Fault::exhausted, Fault::corrupt,     Fault::bug};

Fault fault_of(int status) {
    switch (status) {
        case 0xC000: return Fault::bad_input;
        case 0x0122: return Fault::unsupported;
        case 0xA700: return Fault::exhausted;  // or unavailable
        case 0xA900: return Fault::corrupt;
        default: return Fault::bug;
    }
}

std::string unpadded(std::string text) {
    while (!text.empty() && (text.back() == ' ' || text.back() == '\0')) text.pop_back();
    return text;
}

/// One image refused by a FrontDoor; its status and comment.
struct Refused {
    int status = 0;
    std::string comment;
};

Refused refused(const TestFrontDoor& door, const std::vector<std::uint8_t>& dataset,
                const std::string& sop_instance = ImageOf{}.sop_instance) {
    WireClient client(door.port());
    REQUIRE(client.associate({kCr, kExplicitLittleEndian}) == 2);
    const auto status = client.store(sop_instance, dataset).value_or(-1);
    return {status, unpadded(client.comment())};
}

std::vector<std::uint8_t> image_bytes(const TestFrontDoor& door, const ImageOf& image = {}) {
    return dataset_bytes(write_image(door.dir() / "image.dcm", image));
}

}  // namespace

TEST_CASE("each fault has an Error Comment of its own that names nothing of this machine",
          "[scp][hostile]") {
    std::set<std::string_view> said;
    for (const auto fault : kFaults) {
        const auto comment = error_comment(fault);
        INFO(comment);
        CHECK((!comment.empty() && comment.size() <= 64));  // PS3.6: LO
        CHECK(comment.find_first_of("/\\%0123456789") == std::string_view::npos);
        CHECK(said.insert(comment).second);
    }
}

TEST_CASE("for every refusal the caller gets the comment of the fault and no more",
          "[scp][hostile]") {
    std::vector<Refused> all;
    const auto told = [&](const Refused& one) { all.push_back(one); };
    {
        const TestFrontDoor door;
        auto cut = image_bytes(door);
        cut.resize(cut.size() - 100);
        told(refused(door, cut));
        told(refused(door, {}));
        told(refused(door, {'n', 'o', ' ', 'D', 'I', 'C', 'O', 'M'}));
        told(refused(door, image_bytes(door, {.study = ""})));
        told(refused(door, image_bytes(door, {.study = "not.a.uid"})));
        told(refused(door, image_bytes(door), "../../etc/passwd"));
        told(refused(door, image_bytes(door), "1.2.3"));
        told(refused(door, image_bytes(door, {.sop_class = kComprehensive3dSr})));
    }
    {
        const TestFrontDoor door(
            [](conf::Settings& settings) { settings.storage.min_free_mb = 1LL << 40; });
        told(refused(door, image_bytes(door)));
    }
    {
        const TestFrontDoor door(
            [](conf::Settings& settings) { settings.scp.max_instance_mb = 1; });
        told(refused(door, image_bytes(door, {.side = 1100})));
    }
    {
        const TestFrontDoor door([](conf::Settings& settings) {
            settings.peers = {{"XRAY1", ""}};
            settings.peers[0].images_per_minute = 1;
        });
        REQUIRE(refused(door, image_bytes(door)).status == 0);
        told(refused(door, image_bytes(door)));
    }
    {
        const TestFrontDoor door(
            [](conf::Settings& settings) { settings.scp.conflicting = ConflictAnswer::refuse; });
        REQUIRE(refused(door, image_bytes(door)).status == 0);
        told(refused(door, image_bytes(door, {.side = 17})));
    }
    {  // a file in place of the spool folder: the log has an errno and a path
        TestFrontDoor door;
        const auto image = image_bytes(door);
        REQUIRE(refused(door, image, "1.2.3").status == 0xA900);
        std::filesystem::remove_all(door.settings().spool_dir());
        write_bytes(door.settings().spool_dir(), {0});
        told(refused(door, image));
    }
    {  // the database file is not a database
        TestFrontDoor door;
        const auto image = image_bytes(door);
        for (const auto* end : {"", "-wal", "-shm"}) {
            std::filesystem::remove(database_file(door.settings().node.data_dir, end));
        }
        std::filesystem::create_directory(database_file(door.settings().node.data_dir));
        told(refused(door, image));
    }
    for (const auto& one : all) {
        INFO(one.comment);
        CHECK(one.status != 0);
        const bool is_ours = std::any_of(std::begin(kFaults), std::end(kFaults), [&](Fault fault) {
            return dimse_status(fault) == one.status && error_comment(fault) == one.comment;
        });
        CHECK(is_ours);
        CHECK(dimse_status(fault_of(one.status)) == one.status);
    }
}
