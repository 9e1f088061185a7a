// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/admin/admin.h"

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "conf/base/error.h"
#include "conf/base/limits.h"
#include "conf/endpoint.h"
#include "scp/receive/peers.h"
#include "scp/receive/pending_by_address.h"
#include "tools/bucky/admin/admin_answer.h"

namespace bucky {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using admin::Asked;
using asio::ip::tcp;

constexpr std::chrono::seconds kForHeader{5};
constexpr std::chrono::seconds kForReading{10};

class Conversation;

/// State shared by the connections of one listener. Only for the Asio thread.
struct Visits {
    using Waiting = scp::PendingByAddress<std::weak_ptr<Conversation>>;

    explicit Visits(Asked told) : asked(std::move(told)) {}

    const Asked asked;
    Waiting waiting;          ///< connections without a complete header
    std::size_t answers = 0;  ///< being read; those about health not counted
};

/// One request on one connection. The header must arrive within kForHeader, and the answer must be
/// read within kForReading.
class Conversation : public std::enable_shared_from_this<Conversation> {
public:
    Conversation(tcp::socket socket, std::string from, std::shared_ptr<Visits> visits)
        : stream_(std::move(socket)), from_(std::move(from)), visits_(std::move(visits)) {}
    Conversation(const Conversation&) = delete;
    Conversation& operator=(const Conversation&) = delete;
    ~Conversation() {
        leave_line();
        if (is_counted_) --visits_->answers;
    }

    /// Connections that have sent nothing yet are closed for new ones: a supervisor sends its
    /// request at once.
    void start() {
        make_room(*visits_);
        place_ = visits_->waiting.join(scp::network_of(from_), weak_from_this());
        stream_.expires_after(kForHeader);
        http::async_read(stream_, buffer_, parser_,
                         [self = shared_from_this()](beast::error_code failed, std::size_t) {
                             self->leave_line();
                             if (!failed) self->reply();
                         });
    }

    static void make_room(Visits& visits) {
        while (visits.waiting.size() >= limits::kAdminConnectionsMax) cut_one(visits);
    }

    /// Closes the connection that has waited longest, of the address with the most connections.
    static void cut_one(Visits& visits) {
        const auto* first = visits.waiting.first_to_go();
        if (first == nullptr) return;
        const auto one = first->lock();
        one->leave_line();
        one->stream_.close();
    }

private:
    void reply() {
        const auto request = parser_.release();
        // An answer about health is one line, which the kernel takes at once: it is sent however
        // many connections read other answers.
        if (!admin::is_about_health(request)) {
            is_counted_ = true;
            ++visits_->answers;
        }
        response_ = visits_->answers > limits::kAdminAnswersMax && is_counted_
                        ? admin::busy(request)
                        : admin::answer(request, visits_->asked, from_);
        response_.prepare_payload();
        // A HEAD gets the length of the body that is not sent (RFC 9110 9.3.2).
        if (request.method() == http::verb::head) response_.body().clear();
        stream_.expires_after(kForReading);
        http::async_write(stream_, response_,
                          [self = shared_from_this()](beast::error_code, std::size_t) {
                              beast::error_code ignored;
                              self->stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
                          });
    }

    void leave_line() {
        if (place_) visits_->waiting.leave(*place_);
        place_.reset();
    }

    beast::tcp_stream stream_;
    const std::string from_;
    std::shared_ptr<Visits> visits_;
    std::optional<Visits::Waiting::Slot> place_;
    bool is_counted_ = false;
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
    try {
        return tcp::acceptor{io, {asio::ip::make_address(endpoint->address()), endpoint->port}};
    } catch (const boost::system::system_error& error) {
        // the user reads the key and what the system said
        throw Error(Fault::unavailable, "cannot listen on admin.listen {}: {}", text,
                    error.code().message());
    }
}

}  // namespace

struct Admin::Impl : std::enable_shared_from_this<Impl> {
    Impl(asio::io_context& io, const std::string& endpoint, Asked told)
        : acceptor(listen(io, endpoint, !told.token.empty())),
          pause(io),
          visits(std::make_shared<Visits>(std::move(told))) {}

    void accept() {
        acceptor.async_accept(
            [self = shared_from_this()](beast::error_code failed, tcp::socket socket) {
                if (failed == asio::error::operation_aborted) return;
                if (failed) return self->accept_later();
                beast::error_code gone;
                const auto from = socket.remote_endpoint(gone);
                if (!gone) {
                    std::make_shared<Conversation>(std::move(socket), from.address().to_string(),
                                                   self->visits)
                        ->start();
                }
                self->accept();
            });
    }

    /// Most likely the process has no descriptor left: an immediate retry would spin.
    void accept_later() {
        Conversation::cut_one(*visits);
        pause.expires_after(std::chrono::seconds{1});
        pause.async_wait([self = shared_from_this()](beast::error_code failed) {
            if (!failed) self->accept();
        });
    }

    tcp::acceptor acceptor;
    asio::steady_timer pause;
    std::shared_ptr<Visits> visits;
};

Admin::Admin(asio::io_context& io, const std::string& endpoint, NotReady not_ready,
             std::string token, Status status, Status fleet)
    : impl_(std::make_shared<Impl>(
          io, endpoint,
          Asked{std::move(not_ready), std::move(token), std::move(status), std::move(fleet)})) {
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
