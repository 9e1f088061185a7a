// SPDX-License-Identifier: Apache-2.0
// What `bucky config check` reads, and what it says.
#include <cstdlib>
#include <filesystem>
#include <string>

#include <fmt/format.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <catch2/catch.hpp>

#include "conf/file/read.h"
#include "tests/support/test_pki.h"
#include "tests/tools/commands/command_line.h"
#include "tools/bucky/node/data_lock.h"
#include "tools/bucky/shared/files.h"

using namespace bucky;
using namespace bucky::test;

namespace {

/// What is said before the note that the model of these tests is a demonstration, which ends it.
std::string before_the_note(const std::string& text) {
    const auto at = text.find("! no installed model reads patients (cxr-phantom:");
    CHECK(at != std::string::npos);
    return text.substr(0, at);
}

}  // namespace

TEST_CASE("config check is quiet about a good file and throws all that is wrong with a bad one",
          "[tools]") {
    const Visited visited;
    CHECK_THAT(before_the_note(visited.ask({"config", "check"}).text),
               Catch::EndsWith("bucky.toml: good\n"));
    const auto shown = visited.ask({"config", "show"}).text;
    CHECK_THAT(shown, Catch::Contains("port = 0  # bucky.toml:10\n"));
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
    CHECK_THAT(before_the_note(with(node, node.key)), Catch::EndsWith("good\n"));
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
    CHECK_THAT(before_the_note(check(token, "")),
               Catch::EndsWith("good\n"));  // nobody is asked for it
    write_file(token, "");
    std::filesystem::permissions(token, perms::owner_read | perms::owner_write);
    CHECK_THROWS_WITH(check(token), Catch::Contains("fewer than 16"));
    write_file(token, "correct-horse-battery\n");
    CHECK_THAT(before_the_note(check(token)), Catch::EndsWith("good\n"));
    std::filesystem::permissions(token, perms::others_read, std::filesystem::perm_options::add);
    CHECK_THROWS_WITH(check(token), Catch::Contains("open to everyone") &&
                                        !Catch::Contains("correct-horse-battery"));
    REQUIRE(::unsetenv("CREDENTIALS_DIRECTORY") == 0);
    CHECK_THAT(before_the_note(check("credential:admin-token")), Catch::EndsWith("good\n"));
    REQUIRE(::setenv("CREDENTIALS_DIRECTORY", dir.path().c_str(), 1) == 0);
    CHECK_THAT(before_the_note(check("credential:admin-token")), Catch::EndsWith("good\n"));
    CHECK_THROWS_WITH(check("credential:token"), Catch::Contains("open to everyone"));
    REQUIRE(::unsetenv("CREDENTIALS_DIRECTORY") == 0);
}

TEST_CASE("config check says where serve would end: a port in use, a folder that cannot be made",
          "[tools]") {
    const Visited visited;
    auto settings = visited.settings;
    boost::asio::io_context io;
    const boost::asio::ip::tcp::acceptor other{io, {boost::asio::ip::make_address("127.0.0.1"), 0}};
    settings.scp.listen = "127.0.0.1";
    settings.scp.port = other.local_endpoint().port();
    settings.admin.listen = fmt::format("127.0.0.1:{}", settings.scp.port);
    write_file(visited.dir / "file", "");
    settings.node.data_dir = visited.dir / "file" / "data";
    const auto file = (visited.dir / "bad.toml").string();
    write_file(file, conf::to_toml(settings));
    CHECK_THROWS_WITH(
        bucky_command({"config", "check", file}),
        Catch::Contains(fmt::format("scp.port: cannot listen on 127.0.0.1 port {}: Address already",
                                    settings.scp.port)) &&
            Catch::Contains("admin.listen: cannot listen on") &&
            Catch::Contains("data_dir: " + settings.node.data_dir.string() + " cannot be written"));

    settings = visited.settings;
    settings.scp.listen = "127.0.0.1";
    settings.scp.port = other.local_endpoint().port();
    write_file(file, conf::to_toml(settings));
    const DataLock running{settings.node.data_dir};  // the port is the node's own
    CHECK_THAT(before_the_note(bucky_command({"config", "check", file}).text),
               Catch::EndsWith("good\n"));
}

TEST_CASE("config check reads each package and the gate whole, as serve does", "[tools]") {
    const Visited visited;
    const auto check = [&](const std::filesystem::path& model, const std::filesystem::path& gate) {
        auto settings = visited.settings;
        settings.inference.models = {model};
        settings.inference.gate_model = gate;
        settings.inference.gate = GateMode::warn;
        const auto file = (visited.dir / "models.toml").string();
        write_file(file, conf::to_toml(settings));
        return bucky_command({"config", "check", file}).text;
    };
    const auto gate = phantom_model().parent_path() / "cxr-gate";
    CHECK_THAT(before_the_note(check(phantom_model(), gate)), Catch::EndsWith("good\n"));
    std::filesystem::copy(gate, visited.dir / "gate");
    write_file(visited.dir / "gate" / "weights.ts", "not these");
    CHECK_THROWS_WITH(check(phantom_model(), visited.dir / "gate"),
                      Catch::Contains("inference.models: ") &&
                          Catch::Contains((visited.dir / "gate").string()) &&
                          Catch::Contains("weights.ts has the hash"));
    const auto broken = visited.dir / "broken";
    std::filesystem::copy(phantom_model(), broken);
    write_file(broken / "weights.ts", "not these");
    CHECK_THROWS_WITH(check(broken, gate), Catch::Contains("weights.ts"));
}

TEST_CASE("config check refuses a certificate and a revocation list that are out of date",
          "[tools]") {
    const Visited visited;
    const auto check = [&](const Identity& identity, const std::string& more) {
        const auto file = (visited.dir / "tls.toml").string();
        write_file(file, fmt::format("{}\n[[listener]]\nport = 0\nclient_certificates = \"off\"\n"
                                     "certificate = \"{}\"\nkey = \"{}\"\n{}",
                                     read_text(visited.config()), identity.certificate.string(),
                                     identity.key.string(), more));
        return bucky_command({"config", "check", file}).text;
    };
    CHECK_THROWS_WITH(check(pki().expired(), ""), Catch::Contains("listener.1: the certificate ") &&
                                                      Catch::Contains("expired"));
    Authority authority;
    const auto identity = authority.issue("node");
    const auto listed = [&](const std::filesystem::path& crl) {
        return check(identity, fmt::format("ca = \"{}\"\ncrl = \"{}\"\n",
                                           authority.certificate().string(), crl.string()));
    };
    CHECK_THAT(before_the_note(listed(authority.revocation_list())), Catch::EndsWith("good\n"));
    CHECK_THROWS_WITH(listed(authority.expired_revocation_list()),
                      Catch::Contains("is out of date since"));
}
