// SPDX-License-Identifier: Apache-2.0
// Syslog over TLS (RFC 5425) to a server made with other software, with valid and invalid
// certificates on both sides.
#include "tools/bucky/audit/syslog.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <catch2/catch.hpp>

#include "conf/base/error.h"
#include "scp/wire/start.h"
#include "tests/support/syslog_server.h"
#include "tests/support/test_pki.h"

using namespace bucky;
using namespace bucky::test;
using namespace std::chrono_literals;

namespace {

conf::AuditSettings to(std::uint16_t port, const std::string& host = "127.0.0.1") {
    scp::start_wire();
    conf::AuditSettings told;
    told.syslog = "tls://" + host + ':' + std::to_string(port);
    told.ca = pki().authority.certificate();
    return told;
}

std::string why_not(Syslog& line) {
    try {
        line.send("x");
        return "it was taken";
    } catch (const Error& error) {
        CHECK(error.fault() == Fault::unavailable);  // tried again: an admin can mend it
        return error.what();
    }
}

std::string why_not(const conf::AuditSettings& told) {
    Syslog line{told};
    return why_not(line);
}

}  // namespace

TEST_CASE("over TLS messages of any length are counted in octets", "[tools][audit][tls]") {
    SyslogServer server{pki().peer()};
    for (const auto* host : {"127.0.0.1", "localhost"}) {  // its certificate names both
        Syslog line{to(server.port(), host)};
        line.send("one\ntwo");
        line.send(std::string(100'000, 'x'));
        CHECK(server.next_message(20s) == "one\ntwo");
        CHECK(server.next_message(20s) == std::string(100'000, 'x'));
    }
}

TEST_CASE("a syslog server of an authority that is not ours gets no message",
          "[tools][audit][tls]") {
    SyslogServer server{pki().unknown()};
    CHECK_THAT(why_not(to(server.port())), Catch::Contains("connect to audit.syslog 127.0.0.1:" +
                                                           std::to_string(server.port())) &&
                                               Catch::Contains("is of no authority in audit.ca"));
    auto told = to(server.port());
    told.ca.clear();  // the system's authorities did not issue it either
    CHECK_THAT(why_not(told), Catch::Contains("of no authority"));
    CHECK_FALSE(server.next_message(0s));
}

TEST_CASE("a syslog server under another name than its certificate's gets no message",
          "[tools][audit][tls]") {
    SyslogServer server{pki().elsewhere()};
    for (const auto* host : {"127.0.0.1", "localhost"}) {
        CHECK_THAT(why_not(to(server.port(), host)),
                   Catch::Contains("is made out to elsewhere.example, not to " + std::string{host} +
                                   ": set audit.tls_name"));
    }
    CHECK_FALSE(server.next_message(0s));
    auto told = to(server.port());
    told.tls_name = "elsewhere.example";
    Syslog line{told};
    line.send("by its other name");
    CHECK(server.next_message(20s) == "by its other name");
}

TEST_CASE("a syslog server that wants a certificate gets messages from who shows it alone",
          "[tools][audit][tls]") {
    SyslogServer server{pki().peer(), pki().authority.certificate()};
    CHECK_THAT(why_not(to(server.port())),
               Catch::Contains("it wants a certificate of ours: set audit.certificate"));
    auto told = to(server.port());
    told.certificate = pki().unknown().certificate;
    told.key = pki().unknown().key;
    CHECK_THAT(why_not(told), Catch::Contains("it does not know the authority of our certificate"));
    CHECK_FALSE(server.next_message(0s));
    told.certificate = pki().node().certificate;
    told.key = pki().node().key;
    Syslog line{told};
    line.send("from a friend");
    CHECK(server.next_message(20s) == "from a friend");
}

TEST_CASE("a syslog server that went away is called again when it is back, and not before",
          "[tools][audit][tls]") {
    auto server = std::make_optional<SyslogServer>(pki().peer());
    const auto port = server->port();
    Syslog line{to(port)};
    line.send("before");
    CHECK(server->next_message(20s) == "before");
    server.reset();
    CHECK_THAT(why_not(line), Catch::Contains("Connection refused: nobody listens there"));
    server.emplace(pki().peer(), std::filesystem::path{}, port);
    line.send("after");
    CHECK(server->next_message(20s) == "after");
}

TEST_CASE("a syslog server that does not answer in TLS is left after a while",
          "[tools][audit][tls]") {
    boost::asio::io_context io;
    boost::asio::ip::tcp::acceptor silent{io, {boost::asio::ip::make_address("127.0.0.1"), 0}};
    Syslog line{to(silent.local_endpoint().port()), 50ms};
    CHECK_THAT(why_not(line), Catch::Contains("did not finish the TLS handshake in time"));
}

TEST_CASE("a certificate that cannot be read is named", "[tools][audit][tls]") {
    SyslogServer server{pki().peer()};
    auto told = to(server.port());
    told.certificate = pki().node().key;
    CHECK_THAT(why_not(told), Catch::Contains("certificate " + told.certificate.string()));
}
