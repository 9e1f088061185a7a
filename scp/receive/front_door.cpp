// SPDX-License-Identifier: Apache-2.0
#include "scp/receive/front_door.h"

#include <atomic>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include "conf/base/error.h"
#include "conf/base/limits.h"
#include "conf/base/mutex.h"
#include "conf/observe/log.h"
#include "conf/observe/metrics.h"
#include "scp/receive/listener.h"
#include "scp/receive/pending_by_address.h"
#include "scp/receive/sessions.h"
#include "scp/receive/web_session.h"
#include "scp/web/media_type.h"
#include "scp/wire/associate_request.h"
#include "scp/wire/client_hello.h"

namespace bucky::scp {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t kReadAtOnce = 16 * 1024;  ///< most requests are smaller
constexpr int kRefusalsLoggedPerSecond = 10;    ///< a flood of connections must not fill the log
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
          sessions_(std::make_unique<Sessions>(settings_, clock_, work_)) {
        for (const auto& row : listener_rows(settings_)) {
            listeners_.push_back(std::make_shared<Listener>(io, row, make_listener_config(row)));
        }
    }

    void open();
    void adopt(const conf::Settings& settings);
    void refuse() { refusing_ = true; }
    void close_doors();
    void end();

    asio::io_context& io() { return io_; }
    std::uint16_t port(std::size_t door) const { return listeners_.at(door)->port(); }
    bool drain(std::chrono::milliseconds at_most) {
        return sessions_ == nullptr || sessions_->drain(at_most);
    }
    std::size_t open_associations() const { return sessions_ == nullptr ? 0 : sessions_->open(); }
    std::size_t pending_associations() const { return greeting_count_; }

private:
    /// A connection whose A-ASSOCIATE-RQ or ClientHello has not arrived in full.
    struct PendingAssociation;
    using PendingPtr = std::shared_ptr<PendingAssociation>;
    struct PendingAssociation {
        PendingAssociation(tcp::socket connected, std::string from,
                           std::shared_ptr<const ListenerConfig> by)
            : socket(std::move(connected)),
              artim(socket.get_executor()),
              address(std::move(from)),
              listener(std::move(by)) {}
        tcp::socket socket;
        asio::steady_timer artim;  // PS3.8 9.1.4
        std::string address;
        std::shared_ptr<const ListenerConfig> listener;
        std::vector<std::uint8_t> buffer;  ///< grows as bytes arrive, not to the claimed length
        std::size_t used = 0;
        bool over = false;
        PendingByAddress<PendingPtr>::Slot place;
    };

    void open(Listener& door);
    void take_over(tcp::socket socket, std::shared_ptr<const ListenerConfig> listener);
    void read_more(const PendingPtr& pending, std::size_t wanted);
    void look(const PendingPtr& pending);
    void hand_over(const PendingPtr& pending);
    void hand_over_tls(const PendingPtr& pending);
    void start_session(const PendingPtr& pending, std::optional<Slots::Slot> place);
    void reject_for_now(const PendingPtr& pending, std::string_view why);
    void turn_away(const PendingPtr& pending, std::string_view why);
    void forget(const PendingPtr& pending);
    void make_room();
    void log_refusal(const std::string& address, std::string_view why, std::size_t bytes);

    asio::io_context& io_;
    const conf::Settings settings_;  ///< of the start; addresses do not change
    std::atomic<std::int64_t> artim_s_;
    const std::int64_t started_s_;
    const Clock& clock_;
    Wakeup& work_;
    std::unique_ptr<Sessions> sessions_;
    Mutex handing_over_;  ///< the destructor runs on another thread
    bool ended_ GUARDED_BY(handing_over_) = false;

    std::vector<std::shared_ptr<Listener>>
        listeners_;  ///< constant; each is of the io_context's thread

    // Used by the io_context's thread only.
    PendingByAddress<PendingPtr> pending_;
    std::size_t pending_bytes_ = 0;
    std::uint64_t associations_ = 0;
    std::chrono::steady_clock::time_point refusals_since_{};
    int refusals_logged_ = 0;
    std::uint64_t refusals_unlogged_ = 0;

    std::atomic<bool> refusing_{false};
    std::atomic<std::size_t> greeting_count_{0};
};

/// Opens all listeners or none: an open listener keeps this object alive.
void FrontDoor::Impl::open() {
    try {
        for (const auto& door : listeners_) open(*door);
    } catch (const Error&) {  // closed, or they would keep this object alive
        for (const auto& door : listeners_) door->close();
        throw;
    }
}

void FrontDoor::Impl::open(Listener& door) {
    const auto self = shared_from_this();
    door.open({[self](tcp::socket socket, std::shared_ptr<const ListenerConfig> listener) {
                   self->take_over(std::move(socket), std::move(listener));
               },
               [self] {
                   if (const auto* one = self->pending_.first_to_go()) {
                       self->turn_away(PendingPtr{*one}, "crowded");
                   }
               }});
    const auto& config = door.listener();
    const auto asked = config.tls ? door.told().client_certificates : ClientCertificates::off;
    log::event("door.open", {{"listen", door.told().listen},
                             {"port", door.port()},
                             {"tls", config.tls ? "yes" : "no"},
                             {"client_certificates", word_of(asked)},
                             {"users", config.users ? "yes" : "no"},
                             {"web", config.is_web ? "yes" : "no"},
                             {"ae", settings_.node.ae_title.str()},
                             {"callers", sessions_->takes_anyone() ? "any" : "by [[peer]]"}});
}

/// All are read before any counts: a file that is wrong changes nothing.
void FrontDoor::Impl::adopt(const conf::Settings& settings) {
    std::vector<std::shared_ptr<const ListenerConfig>> fresh;
    for (const auto& row : listener_rows(settings)) fresh.push_back(make_listener_config(row));
    if (fresh.size() != listeners_.size()) throw Error(Fault::bug, "listeners changed in a reload");
    if (sessions_ != nullptr) sessions_->adopt(settings);
    artim_s_ = settings.scp.artim_s;
    asio::post(io_, [self = shared_from_this(), fresh = std::move(fresh)] {
        for (std::size_t i = 0; i < fresh.size(); ++i) self->listeners_[i]->exchange(fresh[i]);
    });
}

/// Reads until the whole A-ASSOCIATE-RQ or ClientHello has arrived, or ARTIM expires.
void FrontDoor::Impl::take_over(tcp::socket socket,
                                std::shared_ptr<const ListenerConfig> listener) {
    error_code error;
    const auto peer = socket.remote_endpoint(error);
    if (error) return;  // closed already
    socket.non_blocking(true, error);
    auto pending = std::make_shared<PendingAssociation>(std::move(socket), plain(peer.address()),
                                                        std::move(listener));
    pending->place = pending_.join(network_of(pending->address), pending);
    greeting_count_ = pending_.size();
    make_room();
    pending->artim.expires_after(std::chrono::seconds{artim_s_});
    pending->artim.async_wait([self = shared_from_this(), pending](error_code cancelled) {
        if (!cancelled) self->turn_away(pending, pending->used == 0 ? "silent" : "slow");
    });
    look(pending);
}

void FrontDoor::Impl::look(const PendingPtr& pending) {
    const bool tls = pending->listener->tls != nullptr;
    const std::span<const std::uint8_t> so_far{pending->buffer.data(), pending->used};
    const Peek seen = tls                         ? peek_hello(so_far)
                      : pending->listener->is_web ? peek_request(so_far)
                                                  : peek(so_far);
    switch (seen.kind) {
        case Peek::Kind::more: return read_more(pending, seen.bytes - pending->used);
        case Peek::Kind::wrong: return turn_away(pending, seen.why);
        case Peek::Kind::whole: return tls ? hand_over_tls(pending) : hand_over(pending);
    }
}

/// Never reads a byte beyond `wanted`: what follows the request belongs to the session.
void FrontDoor::Impl::read_more(const PendingPtr& pending, std::size_t wanted) {
    wanted = std::min(wanted, kReadAtOnce);
    pending_bytes_ += pending->used + wanted - pending->buffer.size();
    pending->buffer.resize(pending->used + wanted);
    make_room();
    if (pending->over) return;
    pending->socket.async_read_some(
        asio::buffer(pending->buffer.data() + pending->used, wanted),
        [self = shared_from_this(), pending](error_code error, std::size_t bytes) {
            if (pending->over) return;
            if (error) return self->turn_away(pending, "gone");
            pending->used += bytes;
            self->look(pending);
        });
}

void FrontDoor::Impl::hand_over(const PendingPtr& pending) {
    const MutexLock lock(handing_over_);
    if (ended_) return;
    if (refusing_) return reject_for_now(pending, "stopping");
    auto place = sessions_->take_slot();
    if (!place) {
        metrics::count("bucky_limit_reached_total", {{"limit", "associations"}});
        return reject_for_now(pending, "limit");
    }
    start_session(pending, std::move(place));
}

/// Every answer to a TLS caller is sent in TLS, so the session sends it. It takes the slot after
/// the handshake, because most connections that end before that are not DICOM callers.
void FrontDoor::Impl::hand_over_tls(const PendingPtr& pending) {
    const MutexLock lock(handing_over_);
    if (ended_) return;
    if (refusing_) return turn_away(pending, "stopping");
    start_session(pending, std::nullopt);
}

void FrontDoor::Impl::start_session(const PendingPtr& pending, std::optional<Slots::Slot> place) {
    error_code error;
    pending->socket.native_non_blocking(false, error);
    const int fd = pending->socket.release(error);
    if (error) return turn_away(pending, "gone");
    const auto end = pending->buffer.begin() + static_cast<std::ptrdiff_t>(pending->used);
    PendingConnection connection{.fd = UniqueFd{fd},
                                 .request = {pending->buffer.begin(), end},
                                 .address = pending->address,
                                 .association = fmt::format("{:x}-{}", started_s_, ++associations_),
                                 .listener = pending->listener,
                                 .place = std::move(place)};
    forget(pending);
    sessions_->start(std::move(connection));
}

void FrontDoor::Impl::reject_for_now(const PendingPtr& pending, std::string_view why) {
    log_refusal(pending->address, why, pending->used);
    pending->artim.expires_after(kForReadingRejection);
    pending->artim.async_wait([self = shared_from_this(), pending](error_code cancelled) {
        if (!cancelled) self->forget(pending);
    });
    const auto rejection = pending->listener->is_web
                               ? asio::buffer(kWebBusy.data(), kWebBusy.size())
                               : asio::buffer(&kRejectTransient, sizeof(kRejectTransient));
    asio::async_write(pending->socket, rejection,
                      [self = shared_from_this(), pending](error_code error, std::size_t) {
                          if (error) return self->forget(pending);
                          // The peer reads the rejection and closes (PS3.8 9.2.3, AE-8 and Sta13).
                          pending->socket.async_wait(
                              tcp::socket::wait_read,
                              [self, pending](error_code) { self->forget(pending); });
                      });
}

void FrontDoor::Impl::turn_away(const PendingPtr& pending, std::string_view why) {
    if (pending->over) return;
    log_refusal(pending->address, why, pending->used);
    forget(pending);
}

void FrontDoor::Impl::forget(const PendingPtr& pending) {
    if (std::exchange(pending->over, true)) return;
    error_code ignored;
    pending->socket.close(ignored);
    pending->artim.cancel();
    pending_bytes_ -= pending->buffer.size();
    pending_.leave(pending->place);
    greeting_count_ = pending_.size();
}

/// Drops connections that wait long: a caller that speaks DICOM needs only milliseconds.
void FrontDoor::Impl::make_room() {
    while (pending_.size() > limits::kGreetingsMax) {
        turn_away(PendingPtr{*pending_.first_to_go()}, "crowded");
    }
    const auto bytes = [](const PendingPtr& one) { return one->buffer.size(); };
    while (pending_bytes_ > limits::kGreetingBytesMax) {
        turn_away(PendingPtr{*pending_.first_to_go_by(bytes)}, "crowded");
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
    // Load balancers check whether a node is up by a connection without a byte.
    const bool probe = why == "gone" && bytes == 0;
    log::event(probe ? log::Level::debug : log::Level::warning, "door.closed",
               {{"peer", address},
                {"why", why},
                {"bytes", bytes},
                {"unlogged", std::exchange(refusals_unlogged_, 0)}});
}

void FrontDoor::Impl::close_doors() {
    for (const auto& door : listeners_) door->close();
    while (const auto* one = pending_.first_to_go()) forget(PendingPtr{*one});
}

/// Afterwards no session is left and none can begin.
void FrontDoor::Impl::end() {
    {
        const MutexLock lock(handing_over_);
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
std::uint16_t FrontDoor::port(std::size_t door) const {
    return impl_->port(door);
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
std::size_t FrontDoor::pending_associations() const {
    return impl_->pending_associations();
}

}  // namespace bucky::scp
