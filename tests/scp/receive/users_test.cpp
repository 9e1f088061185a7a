// SPDX-License-Identifier: Apache-2.0
#include <fstream>

#include <catch2/catch.hpp>

#include "scp/receive/users.h"
#include "tests/scp/images.h"
#include "tests/scp/test_front_door.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

using namespace bucky;
using namespace bucky::test;

namespace {

// The output of crypt() for "through-the-wall" (yescrypt) and for "x ray" (SHA-512).
constexpr auto kUsers =
    "# radiology\n"
    "xray1:$y$j75$HybTFkXmI3lGmfGTN5S3h/$66RBIqhSLkTLP3EMqmOsOtGy"
    "yvive2Yfg0Kmt4kAmp5\n"
    "old:$6$rounds=1000$fAzgKsmZ8b26kiu/$j14K.VgY8/0BAda74czX8wf9"
    "fMAtJRplwmyGtYo2sQ3GY/0tel3ENojR76QDUWdEo.SfNCBQc.nkwvNQn6j2H/\n";

std::filesystem::path users_file(const TempDir& dir) {
    const auto file = dir / "users";
    std::ofstream{file} << kUsers;
    return file;
}

}  // namespace

TEST_CASE("a user is accepted with the passcode of its hash", "[scp][users]") {
    const TempDir dir;
    const scp::Users users(users_file(dir));
    CHECK(users.knows("xray1", "through-the-wall"));
    CHECK_FALSE(users.knows("xray1", "through-the-wal"));
    CHECK_FALSE(users.knows("xray1", ""));
    CHECK_FALSE(users.knows("xray1", std::string_view{"through-the-wall\0more", 21}));
    CHECK_FALSE(users.knows("nobody", "through-the-wall"));
    CHECK_FALSE(users.knows("", ""));
    CHECK(users.knows("old", "x ray"));
}

TEST_CASE("a passcode that is not hashed is an error that names the line", "[scp][users]") {
    const TempDir dir;
    const auto refuses = [&](const std::string& text) {
        std::ofstream{dir / "users"} << text;
        CHECK_THROWS_WITH(scp::Users(dir / "users"), Catch::Contains("users:1"));
    };
    refuses("xray1:through-the-wall\n");
    refuses("xray1\n");
    refuses(":$y$j9T$salt$hash\n");
    CHECK_THROWS_WITH(scp::Users(dir / "nowhere"), Catch::Contains("cannot be read"));
}

TEST_CASE("where users are configured, a caller without a valid name and passcode is rejected",
          "[scp][users]") {
    const TempDir dir;
    TestFrontDoor door([&](conf::Settings& settings) { settings.scp.users = users_file(dir); });
    const auto file = write_image(dir / "image.dcm");
    const auto store = [&](std::vector<std::string> who) {
        std::vector<std::string> command{"storescu", "-aec", "BUCKY"};
        command.insert(command.end(), who.begin(), who.end());
        command.insert(command.end(), {"127.0.0.1", door.port_text(), file.string()});
        return run(command);
    };
    CHECK(store({}).status != 0);
    CHECK(store({"-usr", "xray1"}).status != 0);
    const auto wrong = store({"-usr", "xray1", "-pwd", "open sesame"});
    CHECK(wrong.status != 0);
    CHECK_THAT(wrong.output, Catch::Contains("Rejected Permanent"));
    CHECK(door.kept().empty());
    CHECK(store({"-usr", "xray1", "-pwd", "through-the-wall"}).status == 0);
    CHECK(store({"-usr", "xray1", "-pwd", "through-the-wall", "-rsp"}).status == 0);
    CHECK(door.kept().size() == 1);
}
