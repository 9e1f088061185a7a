// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/admin/admin.h"

#include <chrono>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "conf/base/error.h"
#include "conf/endpoint.h"
#include "tools/bucky/admin/admin_answer.h"

namespace bucky {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using admin::Asked;
using asio::ip::tcp;

constexpr std::size_t kConnectionsMax = 16;
constexpr std::chrono::seconds kPatience{10};

/// One request on one connection, within kPatience.
class Conversation : public std::enable_shared_from_this<Conversation> {
public:
    Conversation(tcp::socket socket, std::shared_ptr<const Asked> asked,
                 std::shared_ptr<void> place)
        : stream_(std::move(socket)), asked_(std::move(asked)), place_(std::move(place)) {}

    void start() {
        stream_.expires_after(kPatience);
        http::async_read(stream_, buffer_, parser_,
                         [self = shared_from_this()](beast::error_code failed, std::size_t) {
                             if (!failed) self->reply();
                         });
    }

private:
    void reply() {
        const auto request = parser_.release();
        beast::error_code unknown;
        const auto from = stream_.socket().remote_endpoint(unknown);
        response_ = admin::answer(request, *asked_, unknown ? "" : from.address().to_string());
        response_.prepare_payload();
        // A HEAD is told the length of the body that it does not get (RFC 9110 9.3.2).
        if (request.method() == http::verb::head) response_.body().clear();
        http::async_write(stream_, response_,
                          [self = shared_from_this()](beast::error_code, std::size_t) {
                              beast::error_code ignored;
                              self->stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
                          });
    }

    beast::tcp_stream stream_;
    std::shared_ptr<const Asked> asked_;
    std::shared_ptr<void> place_;  // counts this connection while it lives
    beast::flat_buffer buffer_{admin::kHeaderBytesMax};
    admin::RequestParser parser_;
    admin::Response response_;
};

tcp::acceptor listen(asio::io_context& io, const std::string& text, bool has_token) {
    const auto endpoint = conf::parse_endpoint(text);
    const bool is_address = endpoint && (conf::is_loopback(endpoint->host) ||
                                         (has_token && conf::is_ip_address(endpoint->host)));
    if (!is_address) {
        throw Error(Fault::bad_input,
                    "admin.listen {} is not a loopback address with a port, and there is {}", text,
                    has_token ? "no such address" : "no admin.token_file");
    }
    const auto host = endpoint->host == "localhost" ? "127.0.0.1" : endpoint->host;
    try {
        return tcp::acceptor{io, {asio::ip::make_address(host), endpoint->port}};
    } catch (const boost::system::system_error& error) {
        throw Error(Fault::unavailable, "cannot listen on admin.listen {}: {}", text,
                    error.code().message());
    }
}

}  // namespace

struct Admin::Impl : std::enable_shared_from_this<Impl> {
    Impl(asio::io_context& io, const std::string& endpoint, Asked told)
        : acceptor(listen(io, endpoint, !told.token.empty())),
          pause(io),
          asked(std::make_shared<const Asked>(std::move(told))) {}

    void accept() {
        acceptor.async_accept(
            [self = shared_from_this()](beast::error_code failed, tcp::socket socket) {
                if (failed == asio::error::operation_aborted) return;
                if (failed) return self->accept_later();
                if (self->places.use_count() <= static_cast<long>(kConnectionsMax)) {
                    std::make_shared<Conversation>(std::move(socket), self->asked, self->places)
                        ->start();
                }  // else it is closed: a supervisor asks again
                self->accept();
            });
    }

    /// No file handle left, most likely: trying at once would spin.
    void accept_later() {
        pause.expires_after(std::chrono::seconds{1});
        pause.async_wait([self = shared_from_this()](beast::error_code failed) {
            if (!failed) self->accept();
        });
    }

    tcp::acceptor acceptor;
    asio::steady_timer pause;
    std::shared_ptr<const Asked> asked;
    std::shared_ptr<void> places = std::make_shared<int>();
};

Admin::Admin(asio::io_context& io, const std::string& endpoint, NotReady not_ready,
             std::string token, Status status)
    : impl_(std::make_shared<Impl>(
          io, endpoint, Asked{std::move(not_ready), std::move(token), std::move(status)})) {
    impl_->accept();
}

Admin::~Admin() {
    beast::error_code ignored;
    impl_->acceptor.close(ignored);
    impl_->pause.cancel();
}

std::uint16_t Admin::port() const {
    return impl_->acceptor.local_endpoint().port();
}

}  // namespace bucky
