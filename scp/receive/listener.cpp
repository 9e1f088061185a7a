// SPDX-License-Identifier: Apache-2.0
#include "scp/receive/listener.h"

#include <chrono>

#include <boost/asio/ip/v6_only.hpp>

#include "conf/base/error.h"
#include "conf/observe/log.h"

namespace bucky::scp {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

constexpr std::chrono::milliseconds kAfterAcceptFailed{100};

}  // namespace

Listener::Listener(boost::asio::io_context& io, ListenerRow row,
                   std::shared_ptr<const ListenerConfig> listener)
    : row_(std::move(row)), config_(std::move(listener)), acceptor_(io), accept_again_(io) {}

void Listener::open(Calls calls) {
    calls_ = std::move(calls);
    try {
        const tcp::endpoint at{boost::asio::ip::make_address(told().listen),
                               static_cast<std::uint16_t>(told().port)};
        acceptor_.open(at.protocol());
        acceptor_.set_option(tcp::acceptor::reuse_address(true));
        if (at.address().is_v6()) acceptor_.set_option(boost::asio::ip::v6_only(false));
        acceptor_.bind(at);
        acceptor_.listen();
        port_ = acceptor_.local_endpoint().port();
    } catch (const boost::system::system_error& error) {  // the words name the settings to change
        throw Error(Fault::unavailable,
                    "cannot listen on {0} port {1}: {2}; see {3}.listen and {3}.{4}", told().listen,
                    told().port, error.code().message(), row_.section,
                    row_.is_web ? "listen" : "port");
    }
    accept_loop();
}

void Listener::accept_loop() {
    acceptor_.async_accept([self = shared_from_this()](error_code error, tcp::socket socket) {
        if (!self->acceptor_.is_open()) return;
        if (!error) {
            self->calls_.take_over(std::move(socket), self->config_);
            return self->accept_loop();
        }
        // Most likely no descriptor is left: close one pending connection, and pause.
        log::event(log::Level::error, "door.accept_failed", {{"why", error.message()}});
        self->calls_.make_room();
        self->accept_again_.expires_after(kAfterAcceptFailed);
        self->accept_again_.async_wait([self](error_code cancelled) {
            if (!cancelled && self->acceptor_.is_open()) self->accept_loop();
        });
    });
}

void Listener::close() {
    error_code ignored;
    acceptor_.close(ignored);
    accept_again_.cancel();
    calls_ = {};  // they keep the FrontDoor alive
}

}  // namespace bucky::scp
