// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/audit/syslog.h"

#include <istream>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>

#include <catch2/catch.hpp>

#include "conf/base/error.h"

using namespace bucky;
namespace asio = boost::asio;
using asio::ip::tcp;
using asio::ip::udp;

namespace {

conf::AuditSettings to(const std::string& scheme, std::uint16_t port,
                       const std::string& host = "127.0.0.1") {
    conf::AuditSettings told;
    told.syslog = scheme + "://" + host + ':' + std::to_string(port);
    return told;
}

/// One message in RFC 6587 framing: its length, a space, and its bytes.
template <typename Stream>
std::string next_frame(Stream& stream, asio::streambuf& buffer) {
    asio::read_until(stream, buffer, ' ');
    std::istream in{&buffer};
    std::size_t length = 0;
    in >> length;
    in.get();
    if (buffer.size() < length) {
        asio::read(stream, buffer, asio::transfer_exactly(length - buffer.size()));
    }
    std::string message(length, '\0');
    in.read(message.data(), static_cast<std::streamsize>(length));
    return message;
}

class Listening {
public:
    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
    tcp::socket accept() { return acceptor_.accept(); }

private:
    asio::io_context io_;
    tcp::acceptor acceptor_{io_, {asio::ip::make_address("127.0.0.1"), 0}};
};

}  // namespace

TEST_CASE("a syslog message has the header that RFC 5424 and PS3.15 A.6 want", "[tools][audit]") {
    const AuditSource source{"BUCKY", "ward 7", "4711"};
    CHECK(syslog_message("<AuditMessage/>", source, 1'795'444'200'123) ==
          "<85>1 2026-11-23T14:30:00.123Z ward7 bucky 4711 DICOM+RFC3881 - "
          "\xEF\xBB\xBF<AuditMessage/>");
}

TEST_CASE("over UDP a message is a datagram", "[tools][audit]") {
    asio::io_context io;
    udp::socket server{io, {asio::ip::make_address("127.0.0.1"), 0}};
    Syslog line{to("udp", server.local_endpoint().port())};
    line.send("the first");
    line.send("the second");
    std::string heard(100, '\0');
    heard.resize(server.receive(asio::buffer(heard)));
    CHECK(heard == "the first");
}

TEST_CASE("what is longer than a datagram can be is refused for good, and the next one goes",
          "[tools][audit]") {
    constexpr std::size_t kLongest = 65'507;  // 64 KiB without the headers of IPv4 and UDP
    asio::io_context io;
    udp::socket server{io, {asio::ip::make_address("127.0.0.1"), 0}};
    Syslog line{to("udp", server.local_endpoint().port())};
    try {
        line.send(std::string(kLongest + 1, 'x'));
        FAIL("it was sent");
    } catch (const Error& error) {
        CHECK(error.fault() == Fault::bad_input);
        CHECK_THAT(error.what(), Catch::Contains("a message of 65508 bytes is longer than") &&
                                     Catch::Contains("tcp:// or tls:// takes it"));
    }
    line.send(std::string(kLongest, 'y'));
    std::string heard(kLongest + 1, '\0');
    CHECK(server.receive(asio::buffer(heard)) == kLongest);
}

TEST_CASE("over TCP messages are counted in octets, and a connection that ended is made again",
          "[tools][audit]") {
    Listening server;
    Syslog line{to("tcp", server.port())};
    {
        line.send("one\ntwo");
        auto connection = server.accept();
        line.send(std::string(100'000, 'x'));
        asio::streambuf buffer;
        CHECK(next_frame(connection, buffer) == "one\ntwo");
        CHECK(next_frame(connection, buffer) == std::string(100'000, 'x'));
    }
    line.send("after that");
    auto connection = server.accept();
    asio::streambuf buffer;
    CHECK(next_frame(connection, buffer) == "after that");
}

TEST_CASE("a syslog server that is not there is named, with what is wrong", "[tools][audit]") {
    std::uint16_t port = 0;
    {
        const Listening gone;
        port = gone.port();
    }
    Syslog line{to("tcp", port)};
    CHECK_THROWS_WITH(line.send("x"),
                      Catch::Contains("connect to audit.syslog 127.0.0.1:" + std::to_string(port) +
                                      ": Connection refused"));
}
