// SPDX-License-Identifier: Apache-2.0
// Listener: one listening socket, and the ListenerConfig for connections that it accepts. A part of
// the FrontDoor, used only on its io_context's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include "conf/settings.h"
#include "scp/receive/listener_config.h"

namespace bucky::scp {

class Listener : public std::enable_shared_from_this<Listener> {
public:
    using Socket = boost::asio::ip::tcp::socket;
    struct Calls {
        std::function<void(Socket, std::shared_ptr<const ListenerConfig>)> take_over;
        std::function<void()> make_room;  ///< called when no descriptor is left
    };

    Listener(boost::asio::io_context& io, ListenerRow row,
             std::shared_ptr<const ListenerConfig> listener);

    /// Starts to listen. Throws unavailable when the address is in use or not ours.
    void open(Calls calls);
    void close();

    /// Applies to connections that are accepted from now on.
    void exchange(std::shared_ptr<const ListenerConfig> listener) { config_ = std::move(listener); }

    std::uint16_t port() const { return port_; }  ///< the system's choice when 0 was configured
    const conf::ListenerSettings& told() const { return row_.told; }
    const ListenerConfig& listener() const { return *config_; }

private:
    void accept_loop();

    const ListenerRow row_;
    std::shared_ptr<const ListenerConfig> config_;
    Calls calls_;
    boost::asio::ip::tcp::acceptor acceptor_;
    boost::asio::steady_timer accept_again_;
    std::uint16_t port_ = 0;
};

}  // namespace bucky::scp
