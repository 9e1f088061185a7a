// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/syslog.h"

#include <chrono>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/write.hpp>

#include <fmt/format.h>

#include "conf/base/clock.h"
#include "conf/base/error.h"
#include "conf/endpoint.h"

namespace bucky {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using asio::ip::udp;
using ErrorCode = boost::system::error_code;

constexpr std::chrono::seconds kPatience{5};
constexpr std::size_t kDatagramMax = 65'000;  // of 65,507 that IPv4 leaves

/// RFC 5424 6: names of printable ASCII without spaces, at most so long; "-" for none.
std::string name(std::string_view text, std::size_t most) {
    std::string out;
    for (const char c : text.substr(0, most)) {
        if (c > ' ' && c <= '~') out += c;
    }
    return out.empty() ? "-" : out;
}

/// RFC 6587 3.4.1
std::string counted(const std::string& message) {
    return fmt::format("{} {}", message.size(), message);
}

}  // namespace

std::string syslog_message(std::string_view audit_message, const AuditSource& source,
                           std::int64_t now_ms) {
    constexpr int kPriority = 10 * 8 + 5;
    constexpr std::string_view kUtf8 = "\xEF\xBB\xBF";  // RFC 5424 6.4
    return fmt::format("<{}>1 {} {} bucky {} DICOM+RFC3881 - {}{}", kPriority, iso_utc(now_ms),
                       name(source.host, 255), name(source.process, 128), kUtf8, audit_message);
}

/// Each operation is waited for with an end: Asio's own has none.
class Syslog::Line {
public:
    Line(std::string host, std::string port) : host_(std::move(host)), port_(std::move(port)) {}
    Line(const Line&) = delete;
    Line& operator=(const Line&) = delete;
    virtual ~Line() = default;
    virtual void send(const std::string& message) = 0;

protected:
    /// `start` begins one operation that ends by the handler it is given.
    template <typename Start>
    void await(std::string_view doing, Start start) {
        ErrorCode result = asio::error::timed_out;
        start([&result](const ErrorCode& failed, auto&&...) { result = failed; });
        io_.restart();
        io_.run_for(kPatience);
        if (!io_.stopped()) {
            close();
            io_.run();  // the handler is called, for the last time
            result = asio::error::timed_out;
        }
        if (!result) return;
        close();
        throw Error(Fault::unavailable, "{} audit.syslog {}:{}: {}", doing, host_, port_,
                    result.message());
    }

    template <typename Protocol>
    typename Protocol::resolver::results_type resolve() {
        typename Protocol::resolver resolver{io_};
        ErrorCode failed;
        auto found = resolver.resolve(host_, port_, failed);
        if (failed) {
            throw Error(Fault::unavailable, "audit.syslog {}: {}", host_, failed.message());
        }
        return found;
    }

    virtual void close() = 0;

    asio::io_context io_;
    const std::string host_, port_;
};

namespace {

class UdpLine final : public Syslog::Line {
public:
    using Line::Line;

    void send(const std::string& message) override {
        if (message.size() > kDatagramMax) return;  // no try makes it shorter
        if (!socket_.is_open()) {
            await("reach", [this](auto done) {
                asio::async_connect(socket_, resolve<udp>(), std::move(done));
            });
        }
        await("write to",
              [&](auto done) { socket_.async_send(asio::buffer(message), std::move(done)); });
    }

private:
    void close() override {
        ErrorCode ignored;
        socket_.close(ignored);
    }
    udp::socket socket_{io_};
};

/// What a server has closed meanwhile is seen before the next message is given to it.
bool is_alive(tcp::socket& socket) {
    if (!socket.is_open()) return false;
    ErrorCode failed;
    char unasked = 0;
    socket.non_blocking(true, failed);
    const auto got = socket.receive(asio::buffer(&unasked, 1), tcp::socket::message_peek, failed);
    return failed == asio::error::would_block || (!failed && got > 0);
}

class TcpLine final : public Syslog::Line {
public:
    using Line::Line;

    void send(const std::string& message) override {
        if (!is_alive(socket_)) {
            close();
            await("connect to", [this](auto done) {
                asio::async_connect(socket_, resolve<tcp>(), std::move(done));
            });
        }
        const auto frame = counted(message);
        await("write to",
              [&](auto done) { asio::async_write(socket_, asio::buffer(frame), std::move(done)); });
    }

private:
    void close() override {
        ErrorCode ignored;
        socket_.close(ignored);
    }
    tcp::socket socket_{io_};
};

std::unique_ptr<Syslog::Line> line_to(const conf::AuditSettings& told) {
    const std::string_view where = told.syslog;
    const auto scheme = where.substr(0, where.find("://"));
    const auto endpoint = conf::parse_endpoint(where.substr(scheme.size() + 3));
    if (!endpoint) throw Error(Fault::bad_input, "audit.syslog {} names no host and port", where);
    auto port = std::to_string(endpoint->port);
    if (scheme == "udp") return std::make_unique<UdpLine>(endpoint->host, std::move(port));
    return std::make_unique<TcpLine>(endpoint->host, std::move(port));
}

}  // namespace

Syslog::Syslog(const conf::AuditSettings& told) : line_(line_to(told)) {}

Syslog::~Syslog() = default;

void Syslog::send(const std::string& message) {
    line_->send(message);
}

}  // namespace bucky
