// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/service/connection.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>

#include "conf/base/limits.h"
#include "conf/observe/log.h"
#include "scp/receive/peers.h"
#include "scp/wire/tls_caller.h"
#include "tools/bucky/service/exchange.h"
#include "tools/bucky/service/proxy_header.h"

namespace bucky::service {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using beast::error_code;
using namespace std::chrono_literals;

constexpr std::uint32_t kHeaderBytesMax = 16U << 10U;
constexpr std::size_t kPartBytes = 256U << 10U;
constexpr auto kLinger = 2s;  // a refused sender may read why before its connection breaks

using Parser = http::request_parser<http::buffer_body>;
using TlsSocket = beast::ssl_stream<tcp::socket>;

template <typename Stream>
class Connection final : public Closable, public std::enable_shared_from_this<Connection<Stream>> {
    static constexpr bool kIsTls = std::is_same_v<Stream, TlsSocket>;

public:
    template <typename... Args>
    Connection(std::string from, std::shared_ptr<ServiceState> state, Args&&... args)
        : stream_(std::forward<Args>(args)...),
          timer_(stream_.get_executor()),
          state_(std::move(state)),
          from_(std::move(from)),
          exchange_(state_) {
        ++state_->connections;
    }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection() override {
        leave_line();
        --state_->connections;
        if (!site_.empty() && --state_->connections_of[site_] == 0) {
            state_->connections_of.erase(site_);
        }
    }

    void start() {
        place_ = state_->pending.join(scp::network_of(from_), this->weak_from_this());
        arm(state_->times.header);
        if (state_->proxy_protocol) return read_proxy_head();
        begin();
    }

    void close_now() override {
        leave_line();
        error_code ignored;
        beast::get_lowest_layer(stream_).close(ignored);
    }

private:
    // --- What a load balancer sends before the caller's bytes

    void read_proxy_head() {
        asio::async_read(beast::get_lowest_layer(stream_), asio::buffer(proxy_head_),
                         [self = this->shared_from_this()](error_code bad, std::size_t) {
                             const auto rest = proxy_rest_bytes(self->proxy_head_);
                             if (bad || !rest) return self->end(bad);
                             self->read_proxy_rest(*rest);
                         });
    }

    void read_proxy_rest(std::size_t bytes) {
        asio::async_read(beast::get_lowest_layer(stream_), asio::buffer(proxy_rest_, bytes),
                         [self = this->shared_from_this()](error_code bad, std::size_t got) {
                             if (bad) return self->end(bad);
                             auto from = proxied_address(self->proxy_head_,
                                                         std::span{self->proxy_rest_}.first(got));
                             if (!from.empty()) self->from_ = std::move(from);
                             self->begin();
                         });
    }

    void begin() {
        if constexpr (kIsTls) {
            scp::accept_any_certificate(*stream_.native_handle());
            stream_.async_handshake(asio::ssl::stream_base::server,
                                    [self = this->shared_from_this()](error_code bad) {
                                        if (bad) return self->end(bad);
                                        self->read_header();
                                    });
        } else {
            read_header();
        }
    }

    // --- Waiting

    /// What is under way is cancelled then, and its handler finds timed_out_.
    void arm(std::chrono::milliseconds within) {
        timed_out_ = false;
        timer_.expires_after(within);
        timer_.async_wait([weak = this->weak_from_this()](error_code cancelled) {
            const auto self = weak.lock();
            if (cancelled || !self || self->timer_.expiry() > asio::steady_timer::clock_type::now())
                return;
            self->timed_out_ = true;
            error_code ignored;
            beast::get_lowest_layer(self->stream_).cancel(ignored);
        });
    }

    void leave_line() {
        if (place_) state_->pending.leave(*place_);
        place_.reset();
    }

    void end(error_code why) {
        if (why && why != http::error::end_of_stream && why != asio::error::operation_aborted) {
            log::event(log::Level::debug, "service.ended",
                       {{"from", from_}, {"why", why.message()}});
        }
        timer_.cancel();
        close_now();
    }

    // --- Reading

    void read_header() {
        parser_.emplace();
        parser_->header_limit(kHeaderBytesMax);
        parser_->body_limit(boost::none);  // the exchange has its own, and says so in words
        http::async_read_header(stream_, buffer_, *parser_,
                                [self = this->shared_from_this()](error_code bad, std::size_t) {
                                    self->on_header(bad);
                                });
    }

    void on_header(error_code bad) {
        if (bad) return on_bad_header(bad);
        leave_line();
        const auto& head = parser_->get();
        const auto caller = judge();
        const auto length = parser_->content_length();
        const bool has_body = parser_->chunked() || length.value_or(0) > 0;
        step_ = exchange_.begin(head, caller, has_body,
                                length ? std::optional<std::uint64_t>{*length} : std::nullopt);
        const bool is_head = head.method() == http::verb::head;  // its answer may have no body
        stays_ = head.keep_alive() && caller.refused.empty() && !is_head;
        const bool is_asked = beast::iequals(head[http::field::expect], "100-continue");
        if (!has_body) return answer_or_run();
        if (step_ == Step::refuse || (step_ == Step::skip_body && is_asked)) {
            stays_ = false;
            return answer_or_run();
        }
        if (is_asked) return tell_to_continue();
        if (step_ == Step::skip_body) return hold_back();
        read_part();
    }

    /// Whoever sends at once again what was refused is read no faster than this, and does not keep
    /// the server from the others.
    void hold_back() {
        timer_.expires_after(state_->times.hold_back);
        timer_.async_wait([self = this->shared_from_this()](error_code cancelled) {
            if (!cancelled) self->read_part();
        });
    }

    void on_bad_header(error_code bad) {
        const bool has_begun = parser_->got_some() && bad != http::error::end_of_stream;
        if (!has_begun) return end(bad);
        leave_line();
        stays_ = false;
        write(timed_out_ ? refusal(Status::request_timeout, "the request did not come in time")
              : bad == http::error::header_limit
                  ? refusal(Status::request_header_fields_too_large, "the header is too long")
              : is_of_http(bad)
                  ? refusal(Status::bad_request, "this is no HTTP/1.1: " + bad.message())
                  : Response{});
    }

    static bool is_of_http(error_code bad) {
        return bad.category() == http::make_error_code(http::error::bad_method).category();
    }

    void tell_to_continue() {
        arm(state_->times.part);
        static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
        asio::async_write(stream_, asio::buffer(kContinue.data(), kContinue.size()),
                          [self = this->shared_from_this()](error_code bad, std::size_t) {
                              if (bad) return self->end(bad);
                              self->read_part();
                          });
    }

    /// Parts of the body go where the exchange says; each has its time.
    void read_part() {
        arm(state_->times.part);
        const auto room = exchange_.room_for(kPartBytes);
        auto& body = parser_->get().body();
        body.data = room.data();
        body.size = room.size();
        body.more = true;
        http::async_read(stream_, buffer_, *parser_,
                         [self = this->shared_from_this(), given = room.size()](
                             error_code bad, std::size_t) { self->on_part(bad, given); });
    }

    void on_part(error_code bad, std::size_t given) {
        if (bad == http::error::need_buffer) bad = {};
        const bool fits = exchange_.took(given - parser_->get().body().size);
        if (bad && !timed_out_ && !is_of_http(bad)) return end(bad);
        if (bad || !fits) {
            stays_ = false;
            return write(
                !fits ? exchange_.too_long()
                : timed_out_
                    ? refusal(Status::request_timeout, "the body did not come in time")
                    : refusal(Status::bad_request, "the body is broken: " + bad.message()));
        }
        if (!parser_->is_done()) return read_part();
        answer_or_run();
    }

    void answer_or_run() {
        if (!exchange_.file().empty()) return write_file(exchange_.file());
        if (step_ != Step::run) return write(exchange_.take_answer());
        timer_.cancel();
        // The connection is handed back whole: it must not end on a worker's thread.
        exchange_.run([self = this->shared_from_this(),
                       executor = stream_.get_executor()](Response response) mutable {
            asio::post(executor,
                       [self = std::move(self), response = std::move(response)]() mutable {
                           self->write(std::move(response));
                       });
        });
    }

    // --- Writing

    void write(Response response) {
        exchange_.end();
        response_ = std::move(response);
        if (response_.body().empty()) return end({});
        if (state_->is_closing) stays_ = false;
        response_.version(11);
        response_.keep_alive(stays_);
        response_.prepare_payload();
        arm(state_->times.part * (1 + static_cast<int>(response_.body().size() / kPartBytes)));
        http::async_write(stream_, response_,
                          [self = this->shared_from_this()](error_code bad, std::size_t) {
                              self->on_written(bad);
                          });
    }

    /// Weights are not held in memory, however many sites fetch them. The time is that of a slow
    /// line: 8 KB/s.
    void write_file(const std::filesystem::path& file) {
        exchange_.end();
        error_code bad;
        file_response_.emplace(Status::ok, 11);
        file_response_->body().open(file.c_str(), beast::file_mode::scan, bad);
        if (bad) {
            return write(refusal({Fault::unavailable, "the weights cannot be read here"}));
        }
        file_response_->set(http::field::content_type, "application/octet-stream");
        file_response_->keep_alive(stays_);
        file_response_->prepare_payload();
        const auto parts = file_response_->body().size() / kPartBytes;
        arm(state_->times.part * (1 + static_cast<int>(parts)));
        http::async_write(stream_, *file_response_,
                          [self = this->shared_from_this()](error_code failed, std::size_t) {
                              self->file_response_.reset();
                              self->on_written(failed);
                          });
    }

    void on_written(error_code bad) {
        exchange_.has_left();
        if (bad) return end(bad);
        if (!stays_) return linger();
        arm(state_->times.idle);
        read_header();
    }

    /// Closing while bytes come in would take the answer back from the caller (RFC 9112 9.6).
    void linger() {
        error_code ignored;
        beast::get_lowest_layer(stream_).shutdown(tcp::socket::shutdown_send, ignored);
        arm(kLinger);
        swallow();
    }

    void swallow() {
        buffer_.clear();
        beast::get_lowest_layer(stream_).async_read_some(
            buffer_.prepare(kHeaderBytesMax),
            [self = this->shared_from_this()](error_code bad, std::size_t) {
                if (bad) return self->end({});
                self->swallow();
            });
    }

    // --- Who calls

    /// Judged for the first request, after each change of the lists, and every minute.
    Caller judge() {
        if constexpr (kIsTls) {
            const auto now = std::chrono::steady_clock::now();
            if (!judged_at_ || judged_changes_ != state_->tls_changes || now - *judged_at_ > 1min) {
                judged_at_ = now;
                judged_changes_ = state_->tls_changes;
                certificate_ = scp::judge_caller(*stream_.native_handle(), *state_->tls, "service");
                if (certificate_) count_connection(certificate_->common_name);
            }
            if (!certificate_) {
                return {.site = {}, .refused = "this server wants a certificate", .from = from_};
            }
            return {.site = certificate_->common_name,
                    .refused = certificate_->refused,
                    .from = from_,
                    .serial = certificate_->serial,
                    .has_too_many_connections =
                        state_->connections_of[site_] > limits::kServiceConnectionsPerSiteMax};
        } else {
            return plain_caller(parser_->get(), state_->certificate_header, from_);
        }
    }

    void count_connection(const std::string& site) {
        if (!site_.empty() || site.empty() || !certificate_->refused.empty()) return;
        site_ = site;
        ++state_->connections_of[site_];
    }

    Stream stream_;
    asio::steady_timer timer_;
    std::shared_ptr<ServiceState> state_;
    std::string from_;
    std::array<std::uint8_t, kProxyHeadBytes> proxy_head_{};
    std::array<std::uint8_t, kProxyRestBytesMax> proxy_rest_{};
    std::string site_;  ///< counted in connections_of
    std::optional<scp::PendingByAddress<std::weak_ptr<Closable>>::Slot> place_;
    std::optional<scp::CallerCertificate> certificate_;
    std::optional<std::chrono::steady_clock::time_point> judged_at_;
    std::uint64_t judged_changes_ = 0;
    beast::flat_buffer buffer_{kHeaderBytesMax + 2 * kPartBytes};
    std::optional<Parser> parser_;
    Exchange exchange_;
    Step step_ = Step::refuse;
    Response response_;
    std::optional<http::response<http::file_body>> file_response_;
    bool stays_ = false, timed_out_ = false;
};

}  // namespace

void serve(tcp::socket socket, std::string from, std::shared_ptr<ServiceState> state) {
    error_code ignored;
    socket.set_option(tcp::no_delay{true}, ignored);
    if (state->tls == nullptr) {
        std::make_shared<Connection<tcp::socket>>(std::move(from), std::move(state),
                                                  std::move(socket))
            ->start();
        return;
    }
    SSL_CTX_up_ref(state->tls->handle());
    asio::ssl::context context{
        state->tls->handle()};  // only for the constructor: SSL keeps its own
    std::make_shared<Connection<TlsSocket>>(std::move(from), std::move(state), std::move(socket),
                                            context)
        ->start();
}

}  // namespace bucky::service
