// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/audit/syslog.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

#include <poll.h>

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
#include "scp/wire/dial.h"
#include "scp/wire/tls_stream.h"

namespace bucky {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using asio::ip::udp;
using ErrorCode = boost::system::error_code;

using Steady = std::chrono::steady_clock;

constexpr std::chrono::seconds kForVerdict{1};  // wait for the server's alert after the handshake

/// RFC 5424 6: names of printable ASCII without spaces and of bounded length; "-" for none.
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

class Syslog::Line {
public:
    Line(conf::Endpoint to, std::chrono::milliseconds patience)
        : to_(std::move(to)), patience_(patience) {}
    Line(const Line&) = delete;
    Line& operator=(const Line&) = delete;
    virtual ~Line() = default;
    virtual void send(const std::string& message) = 0;

protected:
    const conf::Endpoint to_;
    const std::chrono::milliseconds patience_;
};

namespace {

/// Every operation has a deadline, which Asio's own blocking calls lack.
class AsioLine : public Syslog::Line {
public:
    using Line::Line;

protected:
    /// `start` begins one operation that ends by calling the handler it is given.
    template <typename Start>
    void await(std::string_view doing, Start start) {
        const auto result = outcome_of(start);
        if (!result) return;
        close();
        throw Error(Fault::unavailable, "{} audit.syslog {}:{}: {}", doing, to_.host, to_.port,
                    result.message());
    }

    template <typename Start>
    ErrorCode outcome_of(Start start) {
        ErrorCode result = asio::error::timed_out;
        start([&result](const ErrorCode& failed, auto&&...) { result = failed; });
        io_.restart();
        io_.run_for(patience_);
        if (io_.stopped()) return result;
        close();
        io_.run();  // the handler is called, for the last time
        return asio::error::timed_out;
    }

    template <typename Protocol>
    typename Protocol::resolver::results_type resolve() {
        typename Protocol::resolver resolver{io_};
        ErrorCode failed;
        auto found = resolver.resolve(to_.host, std::to_string(to_.port), failed);
        if (failed) {
            throw Error(Fault::unavailable, "audit.syslog {}: {}", to_.host, failed.message());
        }
        return found;
    }

    virtual void close() = 0;

    asio::io_context io_;
};

class UdpLine final : public AsioLine {
public:
    using AsioLine::AsioLine;

    void send(const std::string& message) override {
        if (!socket_.is_open()) {
            await("reach", [this](auto done) {
                asio::async_connect(socket_, resolve<udp>(), std::move(done));
            });
        }
        const auto result = outcome_of(
            [&](auto done) { socket_.async_send(asio::buffer(message), std::move(done)); });
        if (!result) return;
        if (result == asio::error::message_size) {
            throw Error(Fault::bad_input,
                        "a message of {} bytes is longer than a datagram to {}:{} may be: "
                        "audit.syslog with tcp:// or tls:// takes it",
                        message.size(), to_.host, to_.port);
        }
        close();
        throw Error(Fault::unavailable, "write to audit.syslog {}:{}: {}", to_.host, to_.port,
                    result.message());
    }

private:
    void close() override {
        ErrorCode ignored;
        socket_.close(ignored);
    }
    udp::socket socket_{io_};
};

/// Checked before each message: a server may have closed an idle connection.
bool is_alive(tcp::socket& socket) {
    if (!socket.is_open()) return false;
    ErrorCode failed;
    char unasked = 0;
    socket.non_blocking(true, failed);
    const auto got = socket.receive(asio::buffer(&unasked, 1), tcp::socket::message_peek, failed);
    return failed == asio::error::would_block || (!failed && got > 0);
}

class TcpLine final : public AsioLine {
public:
    using AsioLine::AsioLine;

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

/// As for destinations: TLS 1.2 or 1.3, and the server's certificate must match its name.
class TlsLine final : public Syslog::Line {
public:
    TlsLine(conf::Endpoint to, std::chrono::milliseconds patience, const conf::AuditSettings& told)
        : Line(std::move(to), patience),
          files_{told.certificate, told.key, told.ca, told.crl},
          name_(told.tls_name.empty() ? to_.host : told.tls_name) {}
    TlsLine(const TlsLine&) = delete;
    TlsLine& operator=(const TlsLine&) = delete;
    ~TlsLine() override { close(); }

    void send(const std::string& message) override {
        const auto deadline = Steady::now() + patience_;
        if (!stream_ || stream_->readable_now()) {  // a syslog server never sends: it has closed
            close();
            open(deadline);
        }
        const auto frame = counted(message);
        std::string_view rest = frame;
        while (!rest.empty()) {
            const auto sent = stream_->write_some(rest.data(), rest.size(), deadline);
            if (sent <= 0) fail("write to", sent < 0 ? why_not(errno) : "the server has closed it");
            rest.remove_prefix(static_cast<std::size_t>(sent));
        }
    }

private:
    void open(Steady::time_point deadline) {
        try {
            const auto context = scp::TlsContext::for_calls(files_, "audit");
            fd_ = scp::dial(to_.host, to_.port, patience_);
            stream_ = std::make_unique<scp::TlsStream>(context, scp::Waiting{fd_.get()});
            stream_->connect(name_, deadline);
        } catch (const Error& error) {  // fail() adds the address of the server
            fail("connect to", error.what());
        }
        // In TLS 1.3 the server verifies our certificate after our handshake is over. If it
        // accepts, it sends a session ticket or nothing.
        (void)scp::wait_for({fd_.get()}, POLLIN, std::min(deadline, Steady::now() + kForVerdict));
        if (stream_->readable_now()) fail("connect to", why_not(ECONNRESET));
    }

    std::string why_not(int error) const {
        const auto& trouble = *stream_->trouble();
        return trouble.empty() ? std::generic_category().message(error) : trouble;
    }

    [[noreturn]] void fail(std::string_view doing, const std::string& words) {
        close();
        throw Error(Fault::unavailable, "{} audit.syslog {}:{}: {}", doing, to_.host, to_.port,
                    words);
    }

    void close() {
        if (stream_) stream_->close_notify();
        stream_.reset();
        fd_.reset();
    }

    const scp::TlsFiles files_;
    const std::string name_;
    scp::UniqueFd fd_;
    std::unique_ptr<scp::TlsStream> stream_;
};

std::unique_ptr<Syslog::Line> line_to(const conf::AuditSettings& told,
                                      std::chrono::milliseconds patience) {
    const std::string_view where = told.syslog;
    const auto scheme = where.substr(0, where.find("://"));
    auto endpoint = conf::parse_endpoint(where.substr(scheme.size() + 3));
    if (!endpoint) throw Error(Fault::bad_input, "audit.syslog {} names no host and port", where);
    if (scheme == "udp") return std::make_unique<UdpLine>(std::move(*endpoint), patience);
    if (scheme == "tls") return std::make_unique<TlsLine>(std::move(*endpoint), patience, told);
    return std::make_unique<TcpLine>(std::move(*endpoint), patience);
}

}  // namespace

Syslog::Syslog(const conf::AuditSettings& told, std::chrono::milliseconds patience)
    : line_(line_to(told, patience)) {}

Syslog::~Syslog() = default;

void Syslog::send(const std::string& message) {
    line_->send(message);
}

}  // namespace bucky
