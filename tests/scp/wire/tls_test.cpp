// SPDX-License-Identifier: Apache-2.0
// TLS for incoming and outgoing associations, with independent programs as peers, and one of each
// kind of invalid certificate.
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "conf/base/error.h"
#include "conf/observe/metrics.h"
#include "scp/deliver/dimse_sender.h"
#include "scp/deliver/echo.h"
#include "scp/wire/start.h"
#include "tests/scp/images.h"
#include "tests/scp/test_front_door.h"
#include "tests/support/poll.h"
#include "tests/support/process.h"
#include "tests/support/test_pki.h"
#include "tests/support/wire_client.h"

using namespace bucky;
using namespace bucky::test;
using namespace std::chrono_literals;

namespace {

conf::ListenerSettings tls_listener(ClientCertificates client_certificates) {
    conf::ListenerSettings made;
    made.listen = "127.0.0.1";
    made.port = 0;
    made.certificate = pki().node().certificate;
    made.key = pki().node().key;
    made.client_certificates = client_certificates;
    made.ca = pki().authority.certificate();
    made.crl = pki().crl();
    return made;
}

/// The plain listener, then TLS listeners that require, request, and ignore client certificates.
struct Doors : TestFrontDoor {
    explicit Doors(const std::function<void(conf::Settings&)>& change = {})
        : TestFrontDoor([&](conf::Settings& settings) {
              for (const auto what : {ClientCertificates::required, ClientCertificates::asked,
                                      ClientCertificates::off}) {
                  settings.listeners.push_back(tls_listener(what));
              }
              if (change) change(settings);
          }) {}
    enum Which : std::size_t { plain, required, asked, off };
};

std::vector<std::string> as(const Identity& identity) {
    return {"+tls", identity.key.string(), identity.certificate.string(), "+cf",
            pki().authority.certificate().string()};
}

int dcmtk(const std::string& program, const std::vector<std::string>& options, int port,
          const std::vector<std::string>& files = {}) {
    std::vector<std::string> command{program, "-aec", "BUCKY"};
    command.insert(command.end(), options.begin(), options.end());
    command.insert(command.end(), {"127.0.0.1", std::to_string(port)});
    command.insert(command.end(), files.begin(), files.end());
    return run(command).status;
}

/// The output of `openssl s_client` for a handshake with a listener.
std::string s_client(int port, const std::vector<std::string>& options) {
    std::vector<std::string> command{"openssl", "s_client", "-brief", "-connect",
                                     "127.0.0.1:" + std::to_string(port)};
    command.insert(command.end(), options.begin(), options.end());
    std::string line;
    for (const auto& word : command) line += "'" + word + "' ";
    return run({"sh", "-c", line + "</dev/null 2>&1"}).output;
}

/// `openssl s_server` on a port of its own, for one connection after the other.
class SslServer {
public:
    SslServer(const Identity& identity, const std::vector<std::string>& options)
        : process_(command(identity, options)) {
        const auto line = process_.wait_for_line("ACCEPT ", 20s);
        if (!line) throw std::runtime_error("s_server did not start: " + process_.output());
        port_ = std::stoi(line->substr(line->rfind(':') + 1));
    }
    int port() const { return port_; }

private:
    static std::vector<std::string> command(const Identity& identity,
                                            const std::vector<std::string>& options) {
        std::string line = "exec openssl s_server -accept 127.0.0.1:0 -cert '" +
                           identity.certificate.string() + "' -key '" + identity.key.string() + "'";
        for (const auto& word : options) line += " '" + word + "'";
        return {"sh", "-c", line + " -www </dev/null 2>&1"};
    }
    Process process_;
    int port_ = 0;
};

scp::Target over_tls(int port) {
    scp::Target target{.name = "pacs",
                       .ae = AeTitle{"BUCKY"},
                       .host = "127.0.0.1",
                       .port = static_cast<std::uint16_t>(port),
                       .connect_timeout = 5s,
                       .response_timeout = 5s};
    target.tls = scp::Target::Tls{.certificate = {},
                                  .key = {},
                                  .ca = pki().authority.certificate(),
                                  .crl = pki().crl(),
                                  .name = "127.0.0.1"};
    return target;
}

std::string why_not(const scp::Target& target) {
    try {
        (void)scp::echo(target, AeTitle{"XRAY1"});
        return "it answered";
    } catch (const Error& error) {
        CHECK(error.fault() == Fault::unavailable);  // tried again, because an admin can correct it
        return error.what();
    }
}

}  // namespace

TEST_CASE("plain and TLS listeners run side by side, and each speaks only its own protocol",
          "[scp][tls]") {
    Doors doors;
    const auto good = as(pki().xray1());
    for (const auto door : {Doors::required, Doors::asked, Doors::off}) {
        INFO(door);
        CHECK(dcmtk("echoscu", good, doors.port(door)) == 0);
    }
    CHECK(dcmtk("echoscu", {}, doors.port(Doors::plain)) == 0);
    CHECK(dcmtk("echoscu", {}, doors.port(Doors::required)) != 0);
    CHECK(dcmtk("echoscu", good, doors.port(Doors::plain)) != 0);
    CHECK_THAT(metrics::text(), Catch::Contains("door_plain_on_tls_port"));
    CHECK_THAT(metrics::text(), Catch::Contains("door_tls_on_plain_port"));
}

TEST_CASE("images arrive unchanged through TLS", "[scp][tls]") {
    Doors doors;
    const auto file = write_image(doors.dir() / "large.dcm", {.side = 2048});
    auto target = over_tls(doors.port(Doors::required));
    target.tls->certificate = pki().xray1().certificate;
    target.tls->key = pki().xray1().key;
    scp::DimseSender sender(target, AeTitle{"XRAY1"});
    REQUIRE(sender.send(file).verdict == SendVerdict::delivered);
    sender.release();
    const auto kept = doors.kept();
    REQUIRE(kept.size() == 1);
    const bool same =
        dataset_bytes(kept[0].file) == dataset_bytes(file);  // 4 MB: must not be printed
    CHECK(same);

    const auto other =
        write_image(doors.dir() / "other.dcm", {.sop_instance = "1.2.826.0.1.3680043.9.1.2"});
    CHECK(dcmtk("storescu", as(pki().xray1()), doors.port(Doors::required), {other.string()}) == 0);
    CHECK(doors.kept().size() == 2);
}

TEST_CASE("client certificates are required, requested or ignored as configured", "[scp][tls]") {
    Doors doors;
    auto& all = pki();
    const std::vector<std::string> without{"+tla", "+cf", all.authority.certificate().string()};
    CHECK(dcmtk("echoscu", without, doors.port(Doors::required)) != 0);
    CHECK(dcmtk("echoscu", without, doors.port(Doors::asked)) == 0);
    CHECK(dcmtk("echoscu", without, doors.port(Doors::off)) == 0);
    for (const auto* bad : {&all.expired(), &all.revoked(), &all.self_signed(), &all.unknown()}) {
        INFO(bad->certificate);
        CHECK(dcmtk("echoscu", as(*bad), doors.port(Doors::required)) != 0);
        CHECK(dcmtk("echoscu", as(*bad), doors.port(Doors::asked)) != 0);
        CHECK(dcmtk("echoscu", as(*bad), doors.port(Doors::off)) == 0);
    }
}

TEST_CASE("TLS 1.2 and 1.3 with the suites of BCP 195 are accepted, and nothing older or weaker",
          "[scp][tls]") {
    Doors doors;
    const int port = doors.port(Doors::off);
    CHECK_THAT(s_client(port, {"-tls1_3"}), Catch::Contains("TLSv1.3"));
    CHECK_THAT(s_client(port, {"-tls1_2"}), Catch::Contains("TLSv1.2"));
    const auto refused = [&](const std::vector<std::string>& options) {
        return s_client(port, options).find("CONNECTION ESTABLISHED") == std::string::npos;
    };
    CHECK(refused({"-tls1_1", "-cipher", "ALL:@SECLEVEL=0"}));
    CHECK(refused({"-tls1", "-cipher", "ALL:@SECLEVEL=0"}));
    CHECK(refused({"-tls1_2", "-cipher", "AES128-SHA:@SECLEVEL=0"}));
    CHECK(refused({"-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0"}));
    CHECK(refused({"-tls1_2", "-cipher", "eNULL:aNULL:@SECLEVEL=0"}));
}

TEST_CASE("a renewed certificate and a new revocation apply from the next caller on",
          "[scp][tls]") {
    Authority authority;
    const TempDir dir;
    const auto first = authority.issue("first");
    const auto caller = authority.issue("caller");
    const auto copy = [&](const std::filesystem::path& from, const char* to) {
        std::filesystem::copy_file(from, dir / to,
                                   std::filesystem::copy_options::overwrite_existing);
    };
    copy(first.certificate, "node.pem");
    copy(first.key, "node.key");
    copy(authority.revocation_list(), "crl.pem");
    TestFrontDoor door([&](conf::Settings& settings) {
        auto listener = tls_listener(ClientCertificates::required);
        listener.certificate = dir / "node.pem";
        listener.key = dir / "node.key";
        listener.ca = authority.certificate();
        listener.crl = dir / "crl.pem";
        settings.listeners.push_back(listener);
    });
    const std::vector<std::string> options{"+tls", caller.key.string(), caller.certificate.string(),
                                           "+cf", authority.certificate().string()};
    REQUIRE(dcmtk("echoscu", options, door.port(1)) == 0);

    std::ofstream{dir / "node.key"} << "no key\n";
    CHECK_THROWS_WITH(door.door().adopt(door.settings()), Catch::Contains("node.key"));
    CHECK(dcmtk("echoscu", options, door.port(1)) == 0);  // the old certificate stays in use

    const auto second = authority.issue("second");
    copy(second.certificate, "node.pem");
    copy(second.key, "node.key");
    door.door().adopt(door.settings());
    CHECK(poll_until(
        [&] {
            const auto said = s_client(
                door.port(1), {"-cert", caller.certificate.string(), "-key", caller.key.string()});
            return said.find("CN = second") != std::string::npos;
        },
        10s));

    authority.revoke(caller);
    copy(authority.revocation_list(), "crl.pem");
    door.door().adopt(door.settings());
    CHECK(poll_until([&] { return dcmtk("echoscu", options, door.port(1)) != 0; }, 10s));
}

TEST_CASE("a file that cannot be a certificate, a key or an authority stops the start, by name",
          "[scp][tls]") {
    const TempDir dir;
    std::ofstream{dir / "nonsense.pem"} << "-----BEGIN CERTIFICATE-----\nAAAA\n";
    const auto refused = [&](std::filesystem::path conf::ListenerSettings::*key) {
        auto listener = tls_listener(ClientCertificates::required);
        listener.*key = dir / "nonsense.pem";
        const auto open = [&] {
            TestFrontDoor door([&](conf::Settings& settings) { settings.listeners = {listener}; });
        };
        CHECK_THROWS_WITH(open(), Catch::Contains("nonsense.pem"));
    };
    refused(&conf::ListenerSettings::certificate);
    refused(&conf::ListenerSettings::key);
    refused(&conf::ListenerSettings::ca);
    refused(&conf::ListenerSettings::crl);
    auto listener = tls_listener(ClientCertificates::required);
    listener.key = pki().xray1().key;  // of another certificate
    const auto open = [&] {
        TestFrontDoor door([&](conf::Settings& settings) { settings.listeners = {listener}; });
    };
    CHECK_THROWS_WITH(open(), Catch::Contains("xray1.key"));
}

TEST_CASE("a caller that stops in the handshake or after it is cut in time, and others are served",
          "[scp][tls]") {
    Doors doors([](conf::Settings& settings) {
        settings.scp.handshake_s = 1;
        settings.scp.artim_s = 1;
        settings.scp.max_associations = 1;
    });
    const int port = doors.port(Doors::off);
    WireClient silent(port), half(port), stops(port), lies(port);
    half.send({"\x16\x03\x01\x02\x00\x01", 6});
    // A whole record that is not a valid ClientHello, and one that is truncated.
    lies.send({"\x16\x03\x01\x00\x04\x01\x00\x00\x00", 9});
    stops.send({"\x16\x03\x01\x00\x04\x01\x00\x02\x00", 9});
    CHECK(dcmtk("echoscu", as(pki().xray1()), port) == 0);  // none of these took the only slot
    CHECK(silent.closed_within(10s));
    CHECK(half.closed_within(10s));
    CHECK(lies.closed_within(10s));
    CHECK(stops.closed_within(10s));
    // A completed handshake that nothing follows.
    Process quiet(
        {"sh", "-c",
         "sleep 60 | openssl s_client -connect 127.0.0.1:" + std::to_string(port) + " 2>&1"});
    CHECK(quiet.wait_for_line(
        [](std::string_view line) {
            return line.find("closed") != line.npos || line.find("errno") != line.npos ||
                   line.find("unexpected eof") != line.npos;
        },
        20s));
    CHECK(poll_until([&] { return doors.door().open_associations() == 0; }, 10s));
}

TEST_CASE("beyond the limit of associations a TLS caller is told to try again later",
          "[scp][tls]") {
    Doors doors([](conf::Settings& settings) { settings.scp.max_associations = 1; });
    WireClient first(doors.port(Doors::plain));
    REQUIRE(first.associate({}) == 2);
    std::vector<std::string> command{"echoscu", "-aec", "BUCKY"};
    const auto options = as(pki().xray1());
    command.insert(command.end(), options.begin(), options.end());
    command.insert(command.end(), {"127.0.0.1", std::to_string(doors.port(Doors::required))});
    const auto second = run(command);
    CHECK(second.status != 0);
    CHECK_THAT(second.output, Catch::Contains("Rejected Transient"));
    first.release();
    CHECK(poll_until([&] { return run(command).status == 0; }, 10s));
}

TEST_CASE("a peer identified by its certificate is accepted only with it", "[scp][tls]") {
    Doors doors([](conf::Settings& settings) {
        conf::PeerSettings by_name{"", ""}, by_print{"PRINT", ""};
        by_print.certificate_sha256 = Authority::sha256(pki().node());
        by_name.ae_title = "NAME";
        by_name.certificate_subject = "xray1";
        settings.peers = {by_print, by_name};
    });
    const auto call = [&](const std::string& ae, const Identity& identity) {
        auto options = as(identity);
        options.insert(options.end(), {"-aet", ae});
        return dcmtk("echoscu", options, doors.port(Doors::asked));
    };
    CHECK(call("NAME", pki().xray1()) == 0);
    CHECK(call("NAME", pki().node()) != 0);
    CHECK(call("PRINT", pki().node()) == 0);
    CHECK(call("PRINT", pki().xray1()) != 0);
    CHECK(dcmtk("echoscu", {"-aet", "NAME"}, doors.port(Doors::plain)) != 0);
}

TEST_CASE("a call over TLS is answered, with our certificate where the peer requires one",
          "[scp][tls]") {
    Doors doors;
    auto target = over_tls(doors.port(Doors::off));
    const auto reply = scp::echo(target, AeTitle{"XRAY1"});
    CHECK(reply.status == 0);
    CHECK_THAT(reply.security, Catch::StartsWith("TLSv1.3 "));
    CHECK_THAT(reply.security, Catch::Contains("CN=node,O=Hospital"));

    target = over_tls(doors.port(Doors::required));
    target.tls->certificate = pki().xray1().certificate;
    target.tls->key = pki().xray1().key;
    CHECK(scp::echo(target, AeTitle{"XRAY1"}).status == 0);

    target.tls->name = "localhost";
    CHECK(scp::echo(target, AeTitle{"XRAY1"}).status == 0);
}

TEST_CASE("a callee with an invalid certificate gets no data, and the words say what to change",
          "[scp][tls]") {
    scp::start_wire();
    auto& all = pki();
    const auto words = [&](const Identity& identity, const std::vector<std::string>& options = {}) {
        const SslServer server(identity, options);
        return why_not(over_tls(server.port()));
    };
    CHECK_THAT(words(all.expired()), Catch::Contains("has expired"));
    CHECK_THAT(words(all.self_signed()),
               Catch::Contains("signed by itself") && Catch::Contains("destination.ca"));
    CHECK_THAT(words(all.elsewhere()),
               Catch::Contains("made out to elsewhere.example, not to 127.0.0.1") &&
                   Catch::Contains("destination.tls_name"));
    CHECK_THAT(words(all.unknown()), Catch::Contains("of no authority in destination.ca"));
    CHECK_THAT(words(all.revoked()), Catch::Contains("has been revoked"));
    CHECK_THAT(words(all.node(), {"-tls1_1", "-cipher", "ALL:@SECLEVEL=0"}),
               Catch::Contains("TLS 1.2"));
    CHECK_THAT(words(all.node(), {"-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0"}),
               Catch::Contains("cipher suites"));
}

TEST_CASE("the callee's TLS alert is reported with the key to change", "[scp][tls]") {
    Doors doors;
    auto& all = pki();
    auto target = over_tls(doors.port(Doors::required));
    CHECK_THAT(why_not(target), Catch::Contains("destination.certificate"));
    const auto shown = [&](const Identity& identity) {
        target.tls->certificate = identity.certificate;
        target.tls->key = identity.key;
        return why_not(target);
    };
    CHECK_THAT(shown(all.expired()), Catch::Contains("our certificate has expired"));
    CHECK_THAT(shown(all.revoked()), Catch::Contains("our certificate has been revoked"));
    CHECK_THAT(shown(all.unknown()), Catch::Contains("does not know the authority"));
    CHECK_THAT(why_not(over_tls(doors.port(Doors::plain))), Catch::Contains("plain port"));
    target.tls->ca = "/nowhere/ca.pem";
    CHECK_THAT(why_not(target), Catch::Contains("/nowhere/ca.pem"));
    auto plain = over_tls(doors.port(Doors::off));
    plain.tls.reset();
    CHECK_THAT(why_not(plain),
               Catch::Contains("if that port speaks TLS, set tls of the destination"));
}
