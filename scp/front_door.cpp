// SPDX-License-Identifier: Apache-2.0
#include "scp/front_door.h"

#include <atomic>
#include <list>
#include <mutex>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include "conf/base/error.h"
#include "conf/base/limits.h"
#include "conf/base/log.h"
#include "conf/base/metrics.h"
#include "scp/sessions.h"
#include "scp/wire/associate_request.h"

namespace bucky::scp {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t kReadAtOnce = 16 * 1024;  ///< most requests are smaller
constexpr int kRefusalsLoggedPerSecond = 10;    ///< a flood of strangers must not fill the log
constexpr std::chrono::milliseconds kAfterAcceptFailed{100};
constexpr std::chrono::seconds kForReadingRejection{2};

// PS3.8 9.3.4: A-ASSOCIATE-RJ, 4 bytes: reserved, result 2 (rejected-transient), source 3 (service
// provider, presentation related), reason 2 (local-limit-exceeded).
constexpr std::uint8_t kRejectTransient[] = {0x03, 0, 0, 0, 0, 4, 0, 2, 3, 2};

std::string plain(const asio::ip::address& address) {
    if (address.is_v6() && address.to_v6().is_v4_mapped()) {
        return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
    }
    return address.to_string();
}

}  // namespace

class FrontDoor::Impl : public std::enable_shared_from_this<FrontDoor::Impl> {
public:
    Impl(asio::io_context& io, const conf::Settings& settings, const Clock& clock, Wakeup& work)
        : io_(io),
          settings_(settings),
          artim_s_(settings.scp.artim_s),
          started_s_(clock.now_ms() / 1000),
          clock_(clock),
          work_(work),
          sessions_(std::make_unique<Sessions>(settings_, clock_, work_)),
          acceptor_(io),
          accept_again_(io) {}

    void open();
    void adopt(const conf::Settings& settings);
    void refuse() { refusing_ = true; }
    void close_doors();
    void end();

    asio::io_context& io() { return io_; }
    std::uint16_t port() const { return port_; }
    bool drain(std::chrono::milliseconds at_most) {
        return sessions_ == nullptr || sessions_->drain(at_most);
    }
    std::size_t open_associations() const { return sessions_ == nullptr ? 0 : sessions_->open(); }
    std::size_t greetings() const { return greeting_count_; }

private:
    /// A connection that has not shown its whole request.
    struct Greeting {
        Greeting(tcp::socket connected, std::string from)
            : socket(std::move(connected)),
              artim(socket.get_executor()),
              address(std::move(from)) {}
        tcp::socket socket;
        asio::steady_timer artim;  // PS3.8 9.1.4
        std::string address;
        std::vector<std::uint8_t> buffer;  ///< grows as bytes come, not as the length claims
        std::size_t used = 0;
        bool over = false;
        std::list<std::shared_ptr<Greeting>>::iterator place;
    };
    using GreetingPtr = std::shared_ptr<Greeting>;

    void accept_loop();
    void greet(tcp::socket socket);
    void read_more(const GreetingPtr& greeting, std::size_t wanted);
    void look(const GreetingPtr& greeting);
    void hand_over(const GreetingPtr& greeting);
    void reject_for_now(const GreetingPtr& greeting, std::string_view why);
    void turn_away(const GreetingPtr& greeting, std::string_view why);
    void forget(const GreetingPtr& greeting);
    void make_room();
    void log_refusal(const std::string& address, std::string_view why, std::size_t bytes);

    asio::io_context& io_;
    const conf::Settings settings_;  ///< it began with; where it listens stays
    std::atomic<std::int64_t> artim_s_;
    const std::int64_t started_s_;
    const Clock& clock_;
    Wakeup& work_;
    std::unique_ptr<Sessions> sessions_;
    std::mutex handing_over_;  ///< guards `ended_` against the destructor on another thread
    bool ended_ = false;

    // Used by the io_context's thread only.
    tcp::acceptor acceptor_;
    asio::steady_timer accept_again_;
    std::list<GreetingPtr> greetings_;  ///< the longest waiting first
    std::size_t greeting_bytes_ = 0;
    std::uint64_t associations_ = 0;
    std::chrono::steady_clock::time_point refusals_since_{};
    int refusals_logged_ = 0;
    std::uint64_t refusals_unlogged_ = 0;

    std::atomic<bool> refusing_{false};
    std::atomic<std::uint16_t> port_{0};
    std::atomic<std::size_t> greeting_count_{0};
};

void FrontDoor::Impl::open() {
    const conf::ScpSettings& scp = settings_.scp;
    try {
        const tcp::endpoint at{asio::ip::make_address(scp.listen),
                               static_cast<std::uint16_t>(scp.port)};
        acceptor_.open(at.protocol());
        acceptor_.set_option(tcp::acceptor::reuse_address(true));
        if (at.address().is_v6()) acceptor_.set_option(asio::ip::v6_only(false));
        acceptor_.bind(at);
        acceptor_.listen();
        port_ = acceptor_.local_endpoint().port();
    } catch (const boost::system::system_error& error) {
        throw Error(Fault::unavailable,
                    "cannot listen on {} port {}: {}; see scp.listen and scp.port", scp.listen,
                    scp.port, error.code().message());
    }
    log::event("door.open", {{"listen", scp.listen},
                             {"port", port_.load()},
                             {"ae", settings_.node.ae_title.str()},
                             {"callers", sessions_->takes_anyone() ? "any" : "by [[peer]]"}});
    accept_loop();
}

void FrontDoor::Impl::accept_loop() {
    acceptor_.async_accept([self = shared_from_this()](error_code error, tcp::socket socket) {
        if (!self->acceptor_.is_open()) return;
        if (!error) {
            self->greet(std::move(socket));
            return self->accept_loop();
        }
        // Out of descriptors, most likely: let one waiting stranger go, and breathe.
        log::event(log::Level::error, "door.accept_failed", {{"why", error.message()}});
        if (!self->greetings_.empty()) {
            self->turn_away(GreetingPtr{self->greetings_.front()}, "crowded");
        }
        self->accept_again_.expires_after(kAfterAcceptFailed);
        self->accept_again_.async_wait([self](error_code cancelled) {
            if (!cancelled && self->acceptor_.is_open()) self->accept_loop();
        });
    });
}

void FrontDoor::Impl::adopt(const conf::Settings& settings) {
    if (sessions_ != nullptr) sessions_->adopt(settings);
    artim_s_ = settings.scp.artim_s;
}

/// Until the whole A-ASSOCIATE-RQ is here, or ARTIM closes the door.
void FrontDoor::Impl::greet(tcp::socket socket) {
    error_code error;
    const auto peer = socket.remote_endpoint(error);
    if (error) return;  // gone already
    socket.non_blocking(true, error);
    auto greeting = std::make_shared<Greeting>(std::move(socket), plain(peer.address()));
    greeting->place = greetings_.insert(greetings_.end(), greeting);
    greeting_count_ = greetings_.size();
    make_room();
    greeting->artim.expires_after(std::chrono::seconds{artim_s_});
    greeting->artim.async_wait([self = shared_from_this(), greeting](error_code cancelled) {
        if (!cancelled) self->turn_away(greeting, greeting->used == 0 ? "silent" : "slow");
    });
    look(greeting);
}

void FrontDoor::Impl::look(const GreetingPtr& greeting) {
    const Peek seen = peek({greeting->buffer.data(), greeting->used});
    switch (seen.kind) {
        case Peek::Kind::more: return read_more(greeting, seen.bytes - greeting->used);
        case Peek::Kind::wrong: return turn_away(greeting, seen.why);
        case Peek::Kind::whole: return hand_over(greeting);
    }
}

/// Never a byte more than `wanted`: what follows the request is the session's.
void FrontDoor::Impl::read_more(const GreetingPtr& greeting, std::size_t wanted) {
    wanted = std::min(wanted, kReadAtOnce);
    greeting_bytes_ += greeting->used + wanted - greeting->buffer.size();
    greeting->buffer.resize(greeting->used + wanted);
    make_room();
    if (greeting->over) return;
    greeting->socket.async_read_some(
        asio::buffer(greeting->buffer.data() + greeting->used, wanted),
        [self = shared_from_this(), greeting](error_code error, std::size_t bytes) {
            if (greeting->over) return;
            if (error) return self->turn_away(greeting, "gone");
            greeting->used += bytes;
            self->look(greeting);
        });
}

void FrontDoor::Impl::hand_over(const GreetingPtr& greeting) {
    const std::lock_guard lock(handing_over_);
    if (ended_) return;
    if (refusing_) return reject_for_now(greeting, "stopping");
    if (!sessions_->has_room()) {
        metrics::count("bucky_limit_reached_total", {{"limit", "associations"}});
        return reject_for_now(greeting, "limit");
    }
    error_code error;
    greeting->socket.native_non_blocking(false, error);
    const int fd = greeting->socket.release(error);
    if (error) return turn_away(greeting, "gone");
    Visitor visitor{UniqueFd{fd}, greeting->buffer, greeting->address,
                    fmt::format("{:x}-{}", started_s_, ++associations_)};
    forget(greeting);
    sessions_->start(std::move(visitor));
}

void FrontDoor::Impl::reject_for_now(const GreetingPtr& greeting, std::string_view why) {
    log_refusal(greeting->address, why, greeting->used);
    greeting->artim.expires_after(kForReadingRejection);
    greeting->artim.async_wait([self = shared_from_this(), greeting](error_code cancelled) {
        if (!cancelled) self->forget(greeting);
    });
    asio::async_write(greeting->socket, asio::buffer(kRejectTransient),
                      [self = shared_from_this(), greeting](error_code error, std::size_t) {
                          if (error) return self->forget(greeting);
                          // The peer reads it, and closes (PS3.8 9.2.3, AE-8 and Sta13).
                          greeting->socket.async_wait(
                              tcp::socket::wait_read,
                              [self, greeting](error_code) { self->forget(greeting); });
                      });
}

void FrontDoor::Impl::turn_away(const GreetingPtr& greeting, std::string_view why) {
    if (greeting->over) return;
    log_refusal(greeting->address, why, greeting->used);
    forget(greeting);
}

void FrontDoor::Impl::forget(const GreetingPtr& greeting) {
    if (std::exchange(greeting->over, true)) return;
    error_code ignored;
    greeting->socket.close(ignored);
    greeting->artim.cancel();
    greeting_bytes_ -= greeting->buffer.size();
    greetings_.erase(greeting->place);
    greeting_count_ = greetings_.size();
}

/// The one that waits longest makes room: a caller who speaks DICOM is through in milliseconds.
void FrontDoor::Impl::make_room() {
    while (greetings_.size() > limits::kGreetingsMax ||
           greeting_bytes_ > limits::kGreetingBytesMax) {
        turn_away(GreetingPtr{greetings_.front()}, "crowded");
    }
}

void FrontDoor::Impl::log_refusal(const std::string& address, std::string_view why,
                                  std::size_t bytes) {
    metrics::count("bucky_associations_total", {{"end", "door_" + std::string{why}}});
    const auto now = std::chrono::steady_clock::now();
    if (now - refusals_since_ > std::chrono::seconds{1}) {
        refusals_since_ = now;
        refusals_logged_ = 0;
    }
    if (++refusals_logged_ > kRefusalsLoggedPerSecond) {
        ++refusals_unlogged_;
        return;
    }
    // A connect that says nothing and goes is how load balancers ask whether we are up.
    const bool probe = why == "gone" && bytes == 0;
    log::event(probe ? log::Level::debug : log::Level::warning, "door.closed",
               {{"peer", address},
                {"why", why},
                {"bytes", bytes},
                {"unlogged", std::exchange(refusals_unlogged_, 0)}});
}

void FrontDoor::Impl::close_doors() {
    error_code ignored;
    acceptor_.close(ignored);
    accept_again_.cancel();
    while (!greetings_.empty()) forget(GreetingPtr{greetings_.front()});
}

/// After this no session is left and none begins.
void FrontDoor::Impl::end() {
    {
        const std::lock_guard lock(handing_over_);
        ended_ = true;
    }
    sessions_.reset();
}

FrontDoor::FrontDoor(asio::io_context& io, const conf::Settings& settings, const Clock& clock,
                     Wakeup& work)
    : impl_(std::make_shared<Impl>(io, settings, clock, work)) {}

FrontDoor::~FrontDoor() {
    shut();
    impl_->end();
}

void FrontDoor::open() {
    impl_->open();
}
void FrontDoor::adopt(const conf::Settings& settings) {
    impl_->adopt(settings);
}
std::uint16_t FrontDoor::port() const {
    return impl_->port();
}

void FrontDoor::close() {
    impl_->refuse();
}

void FrontDoor::shut() {
    asio::post(impl_->io(), [impl = impl_] { impl->close_doors(); });
}

bool FrontDoor::drain(std::chrono::milliseconds at_most) {
    close();
    return impl_->drain(at_most);
}

std::size_t FrontDoor::open_associations() const {
    return impl_->open_associations();
}
std::size_t FrontDoor::greetings() const {
    return impl_->greetings();
}

}  // namespace bucky::scp
