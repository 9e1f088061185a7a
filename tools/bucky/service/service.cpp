// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/service/service.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <thread>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "conf/base/clock.h"
#include "conf/base/error.h"
#include "conf/base/limits.h"
#include "conf/endpoint.h"
#include "conf/observe/log.h"
#include "conf/observe/metrics.h"
#include "tools/bucky/service/connection.h"

namespace bucky {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using namespace std::chrono_literals;

constexpr std::size_t kReadAhead = 8;
constexpr std::size_t kWorkersMax = 128;

/// So many requests that a batch is full and the next one is read meanwhile.
std::size_t under_way(std::size_t at_once) {
    return at_once + std::min(at_once, kReadAhead);
}

std::string plain(const asio::ip::address& address) {
    if (address.is_v6() && address.to_v6().is_v4_mapped()) {
        return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
    }
    return address.to_string();
}

tcp::acceptor listen(asio::io_context& io, const std::string& text) {
    const auto endpoint = conf::parse_endpoint(text);
    if (!endpoint) throw Error(Fault::bad_input, "service.listen {} is no address", text);
    try {
        const tcp::endpoint at{asio::ip::make_address(endpoint->address()), endpoint->port};
        tcp::acceptor acceptor{io};
        acceptor.open(at.protocol());
        acceptor.set_option(tcp::acceptor::reuse_address(true));
        if (at.address().is_v6()) acceptor.set_option(asio::ip::v6_only(false));
        acceptor.bind(at);
        return acceptor;
    } catch (const boost::system::system_error& error) {
        // the user reads the key and what the system said
        throw Error(Fault::unavailable, "cannot listen on service.listen {}: {}", text,
                    error.code().message());
    }
}

std::shared_ptr<const scp::TlsContext> read_tls(const conf::ServiceSettings& told) {
    if (told.certificate.empty()) return nullptr;
    auto made = scp::TlsContext::for_listener({told.certificate, told.key, told.ca, told.crl},
                                              ClientCertificates::asked);
    metrics::set("bucky_certificate_expires_timestamp_seconds",
                 static_cast<double>(made->expires_s()), {{"listener", "service"}});
    log::event("service.certificate",
               {{"subject", made->subject()}, {"expires", iso_utc(made->expires_s() * 1000)}});
    return made;
}

using FileTimes = std::array<std::filesystem::file_time_type, 4>;

FileTimes times_of_files(const conf::ServiceSettings& told) {
    FileTimes times{};
    std::size_t at = 0;
    for (const auto& file : {told.certificate, told.key, told.ca, told.crl}) {
        std::error_code none;
        times.at(at++) = std::filesystem::last_write_time(file, none);
    }
    return times;
}

}  // namespace

struct Service::Impl {
    Impl(const conf::ServiceSettings& told_, const ModelPool& models, const ServiceTimes& times)
        : told(told_),
          state(std::make_shared<service::ServiceState>(models, times)),
          acceptor(listen(io, told.listen)),
          pause(io),
          look(io) {
        state->tls = read_tls(told);
        has_tls = state->tls != nullptr;
        file_times = times_of_files(told);
        state->quotas.set(told);
        state->proxy_protocol = told.proxy_protocol;
        state->certificate_header = told.certificate_header;
    }

    void accept();
    void accept_later();
    void take_over(tcp::socket socket);
    void look_at_files();
    void exchange(const conf::ServiceSettings& next, std::shared_ptr<const scp::TlsContext> tls);

    // Of the service's thread, once it runs
    conf::ServiceSettings told;
    FileTimes file_times{};

    asio::io_context io;
    std::shared_ptr<service::ServiceState> state;
    tcp::acceptor acceptor;
    asio::steady_timer pause, look;
    std::uint16_t port = 0;
    bool has_tls = false;
    std::jthread thread;
};

void Service::Impl::accept() {
    acceptor.async_accept([this](error_code failed, tcp::socket socket) {
        if (!acceptor.is_open()) return;
        if (failed) return accept_later();
        take_over(std::move(socket));
        accept();
    });
}

/// Most likely the process has no descriptor left: an immediate retry would spin.
void Service::Impl::accept_later() {
    if (auto* one = state->pending.first_to_go()) {
        if (const auto kept = one->lock()) kept->close_now();
    }
    pause.expires_after(100ms);
    pause.async_wait([this](error_code cancelled) {
        if (!cancelled && acceptor.is_open()) accept();
    });
}

void Service::Impl::take_over(tcp::socket socket) {
    error_code gone;
    const auto peer = socket.remote_endpoint(gone);
    if (gone) return;
    if (state->connections >= limits::kServiceConnectionsMax) {
        metrics::count("bucky_limit_reached_total", {{"limit", "service_connections"}});
        auto* one = state->pending.first_to_go();
        if (one == nullptr) return;  // all others have shown who they are
        if (const auto kept = one->lock()) kept->close_now();
    }
    service::serve(std::move(socket), plain(peer.address()), state);
}

void Service::Impl::exchange(const conf::ServiceSettings& next,
                             std::shared_ptr<const scp::TlsContext> tls) {
    const auto listen_at = told.listen;
    told = next;
    told.listen = listen_at;
    state->tls = std::move(tls);
    ++state->tls_changes;
    state->quotas.set(told);
}

/// A list that was fetched or a certificate that was renewed counts without a reload.
void Service::Impl::look_at_files() {
    look.expires_after(state->times.look);
    look.async_wait([this](error_code cancelled) {
        if (cancelled) return;
        if (const auto times = times_of_files(told); times != file_times) {
            file_times = times;
            try {
                exchange(told, read_tls(told));
            } catch (const Error& error) {  // half written, perhaps: the old ones count until then
                file_times = {};
                log::event(log::Level::error, "service.files", {{"words", error.what()}});
            }
        }
        look_at_files();
    });
}

Service::Service(const conf::ServiceSettings& told, const ModelPool& models, ServiceTimes times,
                 Enroll enroll)
    : impl_(std::make_unique<Impl>(told, models, times)) {
    impl_->state->enroll = std::move(enroll);
    adopt(*models.now(), told.queue_max);
}

Service::~Service() {
    shut({});
}

void Service::open() {
    auto& own = *impl_;
    own.acceptor.listen();
    own.port = own.acceptor.local_endpoint().port();
    own.accept();
    if (own.state->tls) own.look_at_files();
    own.thread = std::jthread{[&own] {
        pthread_setname_np(pthread_self(), "service");
        own.io.run();
    }};
    log::event(
        "service.open",
        {{"listen", own.told.listen}, {"port", own.port}, {"tls", own.state->tls ? "yes" : "no"}});
}

std::function<void()> Service::prepare(const conf::ServiceSettings& told) {
    auto& own = *impl_;
    auto tls = read_tls(told);
    if ((tls == nullptr) == own.has_tls) {
        throw Error(Fault::unsupported, "service.certificate begins and ends with a restart");
    }
    return [&own, told, tls = std::move(tls)] {
        asio::post(own.io, [&own, told, tls] { own.exchange(told, tls); });
    };
}

void Service::adopt(const inference::Shelf& shelf, std::int64_t waiting_max) {
    service::InferQueue::Shares shares;
    for (const auto& loaded : shelf.packages()) {
        const auto at_once = images_at_once(*loaded.model);
        shares[loaded.package.identity.name] = {at_once, under_way(at_once)};
    }
    impl_->state->queue.set(std::move(shares), static_cast<std::size_t>(waiting_max));
}

std::size_t Service::workers_for(const inference::Shelf& shelf) {
    std::size_t workers = 1;  // for sites that join, whatever the models do
    for (const auto& loaded : shelf.packages()) {
        workers += under_way(images_at_once(*loaded.model));
    }
    return std::min(workers, kWorkersMax);
}

void Service::work(const std::stop_token& stop) {
    impl_->state->queue.run(stop);
}

void Service::close() {
    impl_->state->is_closing = true;
    impl_->state->queue.close();
}

void Service::shut(std::chrono::milliseconds at_most) {
    auto& own = *impl_;
    if (!own.thread.joinable()) return;
    const auto until = std::chrono::steady_clock::now() + at_most;
    while (own.state->open_requests > 0 && std::chrono::steady_clock::now() < until) {
        std::this_thread::sleep_for(5ms);
    }
    own.io.stop();
    own.thread.join();
}

std::uint16_t Service::port() const {
    return impl_->port;
}

}  // namespace bucky
