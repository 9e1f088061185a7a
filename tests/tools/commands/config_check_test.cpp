// SPDX-License-Identifier: Apache-2.0
// What `bucky config check` reads, and what it says.
#include <cstdlib>
#include <filesystem>
#include <string>

#include <catch2/catch.hpp>

#include "conf/file/read.h"
#include "tests/support/test_pki.h"
#include "tests/tools/commands/command_line.h"
#include "tools/bucky/shared/files.h"

using namespace bucky;
using namespace bucky::test;

TEST_CASE("config check is quiet about a good file and throws all that is wrong with a bad one",
          "[tools]") {
    const Visited visited;
    CHECK_THAT(visited.ask({"config", "check"}).text, Catch::EndsWith("bucky.toml: good\n"));
    const auto shown = visited.ask({"config", "show"}).text;
    CHECK_THAT(shown, Catch::Contains("port = 11112  # bucky.toml:10\n"));
    CHECK(conf::to_toml(conf::read_settings_text(shown, visited.config())) ==
          read_text(visited.config()));
    CHECK(bucky_command({"config", "example"}).text == conf::example_config());

    // certificates and keys are read as the node would read them
    const auto &node = pki().node(), &other = pki().xray1();
    const auto with = [&](const Identity& identity, const std::filesystem::path& key) {
        const auto file = (visited.dir / "tls.toml").string();
        write_file(file,
                   read_text(visited.config()) +
                       "\n[[listener]]\nport = 0\nclient_certificates = \"off\"\ncertificate = \"" +
                       identity.certificate.string() + "\"\nkey = \"" + key.string() + "\"\n");
        return bucky_command({"config", "check", file}).text;
    };
    CHECK_THAT(with(node, node.key), Catch::EndsWith("good\n"));
    CHECK_THROWS_WITH(with(node, other.key),
                      Catch::Contains("listener.1: key " + other.key.string()));
    const auto bad = (visited.dir / "bad.toml").string();
    write_file(bad, "[scp]\nport = 70000\n");
    CHECK_THROWS_AS(bucky_command({"config", "check", bad}), conf::ConfigError);

    // what the reader finds and what only the packages can tell, in one go
    write_file(bad, read_text(visited.config()) +
                        "[[tenant]]\nae_title = \"NORTH\"\ndestinations = [\"nowhere\"]\n"
                        "[[tenant]]\nae_title = \"NORTH\"\ndestinations = [\"pacs\"]\n"
                        "[[threshold]]\ntenant = \"NORTH\"\nmodel = \"cxr-phantom\"\n"
                        "version = \"1.1.0\"\nsha256 = \"" +
                        std::string(64, 'a') + "\"\nfinding = \"nodule\"\nvalue = 0.5\n");
    CHECK_THROWS_WITH(bucky_command({"config", "check", bad}),
                      Catch::Contains("there is no destination \"nowhere\"") &&
                          Catch::Contains("\"NORTH\" names two tenants") &&
                          Catch::Contains("is for other weights than those of cxr-phantom"));
}

TEST_CASE("config check reads the admin token as the node would, and leaves credentials to systemd",
          "[tools]") {
    using std::filesystem::perms;
    const TempDir dir;
    const auto token = (dir / "token").string(), file = (dir / "bucky.toml").string();
    const auto check = [&](const std::string& where, const std::string& listen = "127.0.0.1:0") {
        write_file(file, "[node]\nae_title = \"BUCKY\"\ndata_dir = \"" + dir.path().string() +
                             "\"\n[admin]\nlisten = \"" + listen + "\"\ntoken_file = \"" + where +
                             "\"\n[inference]\nmodels = [\"" + phantom_model().string() + "\"]\n");
        return bucky_command({"config", "check", file}).text;
    };
    CHECK_THROWS_WITH(check(token), Catch::Contains("bucky.toml:6: admin.token_file: " + token +
                                                    " cannot be read"));
    CHECK_THAT(check(token, ""), Catch::EndsWith("good\n"));  // nobody is asked for it
    write_file(token, "");
    std::filesystem::permissions(token, perms::owner_read | perms::owner_write);
    CHECK_THROWS_WITH(check(token), Catch::Contains("fewer than 16"));
    write_file(token, "correct-horse-battery\n");
    CHECK_THAT(check(token), Catch::EndsWith("good\n"));
    std::filesystem::permissions(token, perms::others_read, std::filesystem::perm_options::add);
    CHECK_THROWS_WITH(check(token), Catch::Contains("open to everyone") &&
                                        !Catch::Contains("correct-horse-battery"));
    REQUIRE(::unsetenv("CREDENTIALS_DIRECTORY") == 0);
    CHECK_THAT(check("credential:admin-token"), Catch::EndsWith("good\n"));
    REQUIRE(::setenv("CREDENTIALS_DIRECTORY", dir.path().c_str(), 1) == 0);
    CHECK_THAT(check("credential:admin-token"), Catch::EndsWith("good\n"));
    CHECK_THROWS_WITH(check("credential:token"), Catch::Contains("open to everyone"));
    REQUIRE(::unsetenv("CREDENTIALS_DIRECTORY") == 0);
}
