// SPDX-License-Identifier: Apache-2.0
#include "tests/support/syslog_server.h"

#include <condition_variable>
#include <deque>
#include <istream>
#include <mutex>
#include <thread>
#include <utility>

#include <fcntl.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace bucky::test {
namespace {

/// Otherwise programs that a test starts later would inherit it and keep it open.
template <typename Socket>
void keep_from_children(Socket& socket) {
    (void)::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
}

}  // namespace

namespace asio = boost::asio;
namespace ssl = asio::ssl;
using asio::ip::tcp;
using Stream = ssl::stream<tcp::socket>;

struct SyslogServer::Impl {
    Impl(const Identity& identity, const std::filesystem::path& callers_ca, std::uint16_t port)
        : acceptor(io, {asio::ip::make_address("127.0.0.1"), port}) {
        keep_from_children(acceptor);
        context.use_certificate_chain_file(identity.certificate.string());
        context.use_private_key_file(identity.key.string(), ssl::context::pem);
        if (callers_ca.empty()) return;
        context.load_verify_file(callers_ca.string());
        context.set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert);
        const std::string session = "syslog";  // required by OpenSSL to resume sessions
        SSL_CTX_set_session_id_context(context.native_handle(),
                                       reinterpret_cast<const unsigned char*>(session.data()),
                                       static_cast<unsigned>(session.size()));
    }

    asio::io_context io;
    ssl::context context{ssl::context::tls_server};
    tcp::acceptor acceptor;
    mutable std::mutex mutex;
    std::condition_variable came;
    std::deque<std::string> messages;  ///< guarded by mutex
    std::string refusal;               ///< guarded by mutex
    std::jthread thread;

    asio::awaitable<void> listen();
    asio::awaitable<void> serve(tcp::socket socket);
    asio::awaitable<void> take_frame(Stream& tls, asio::streambuf& buffer);
    void shook_hands(std::string words) {
        const std::lock_guard lock(mutex);
        refusal = std::move(words);
    }
};

asio::awaitable<void> SyslogServer::Impl::listen() {
    while (true) {
        auto socket = co_await acceptor.async_accept(asio::use_awaitable);
        keep_from_children(socket);
        asio::co_spawn(io, serve(std::move(socket)), asio::detached);
    }
}

asio::awaitable<void> SyslogServer::Impl::serve(tcp::socket socket) {
    Stream tls{std::move(socket), context};
    try {
        co_await tls.async_handshake(Stream::server, asio::use_awaitable);
        shook_hands({});
    } catch (const boost::system::system_error& error) {  // the test asks for it
        shook_hands(error.code().message());
        co_return;
    }
    try {
        asio::streambuf buffer;
        while (true) co_await take_frame(tls, buffer);
    } catch (const boost::system::system_error&) {
        co_return;  // the caller has closed the connection
    }
}

/// RFC 5425 4.3: the length, a space, and that number of bytes.
asio::awaitable<void> SyslogServer::Impl::take_frame(Stream& tls, asio::streambuf& buffer) {
    co_await asio::async_read_until(tls, buffer, ' ', asio::use_awaitable);
    std::istream in{&buffer};
    std::size_t length = 0;
    in >> length;
    in.get();
    if (buffer.size() < length) {
        co_await asio::async_read(tls, buffer, asio::transfer_exactly(length - buffer.size()),
                                  asio::use_awaitable);
    }
    std::string message(length, '\0');
    in.read(message.data(), static_cast<std::streamsize>(length));
    const std::lock_guard lock(mutex);
    messages.push_back(std::move(message));
    came.notify_all();
}

SyslogServer::SyslogServer(const Identity& identity, const std::filesystem::path& callers_ca,
                           std::uint16_t port)
    : impl_(std::make_unique<Impl>(identity, callers_ca, port)) {
    asio::co_spawn(impl_->io, impl_->listen(), asio::detached);
    impl_->thread = std::jthread{[&io = impl_->io] { io.run(); }};
}

SyslogServer::~SyslogServer() {
    impl_->io.stop();
    impl_->thread.join();
}

std::uint16_t SyslogServer::port() const {
    return impl_->acceptor.local_endpoint().port();
}

std::optional<std::string> SyslogServer::next_message(std::chrono::seconds at_most) {
    std::unique_lock lock(impl_->mutex);
    if (!impl_->came.wait_for(lock, at_most, [&] { return !impl_->messages.empty(); })) {
        return std::nullopt;
    }
    auto message = std::move(impl_->messages.front());
    impl_->messages.pop_front();
    return message;
}

std::string SyslogServer::last_refusal() const {
    const std::lock_guard lock(impl_->mutex);
    return impl_->refusal;
}

}  // namespace bucky::test
