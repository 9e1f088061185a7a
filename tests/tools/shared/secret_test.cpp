// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/shared/secret.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>

#include "conf/base/error.h"
#include "tests/support/temp_dir.h"

using namespace bucky;

namespace {

constexpr std::string_view kToken = "correct-horse-battery";

std::string secret_file(const std::filesystem::path& file, std::string_view content,
                        std::filesystem::perms mode = std::filesystem::perms::owner_read) {
    std::ofstream{file} << content;
    std::filesystem::permissions(file, mode);
    return file.string();
}

}  // namespace

TEST_CASE("a secret is read from a file, or from the credential that systemd hands over",
          "[tools]") {
    const test::TempDir dir;
    const auto file = secret_file(dir / "token", std::string{kToken} + "\n");
    CHECK(read_secret(file) == kToken);
    ::unsetenv("CREDENTIALS_DIRECTORY");
    CHECK_THROWS_WITH(read_secret("credential:token"), Catch::Contains("no credentials"));
    ::setenv("CREDENTIALS_DIRECTORY", dir.path().c_str(), 1);
    CHECK(read_secret("credential:token") == kToken);
    ::unsetenv("CREDENTIALS_DIRECTORY");
}

TEST_CASE("a secret that everyone may read, or that is none, is refused without its words",
          "[tools]") {
    using std::filesystem::perms;
    const test::TempDir dir;
    CHECK_THROWS_WITH(read_secret((dir / "nothing").string()), Catch::Contains("cannot be read"));
    const auto open = secret_file(dir / "open", kToken, perms::owner_read | perms::others_read);
    CHECK_THROWS_WITH(read_secret(open),
                      Catch::Contains("open to everyone") && !Catch::Contains(std::string{kToken}));
    CHECK_THROWS_WITH(read_secret(secret_file(dir / "short", "hunter2\n")),
                      Catch::Contains("fewer than 16") && !Catch::Contains("hunter2"));
}

TEST_CASE("a token is shown as a bearer token or as the password of any user", "[tools]") {
    const std::string token{kToken};
    CHECK(shows_token("Bearer " + token, token));
    CHECK(shows_token("bearer " + token, token));
    CHECK(shows_token("Basic YWRtaW46Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5", token));  // admin:...
    CHECK(shows_token("Basic OmNvcnJlY3QtaG9yc2UtYmF0dGVyeQ==", token));      // nobody:...
    for (const auto* wrong :
         {"", "Bearer", "Bearer ", "Bearer correct-horse-batterx", "Bearer correct-horse-battery ",
          "Bearer correct", "Basic", "Basic ", "Basic !!!!", "Basic Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5",
          "Digest correct-horse-battery", "correct-horse-battery"}) {
        INFO(wrong);
        CHECK_FALSE(shows_token(wrong, token));
    }
}
