// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/node/ports.h"

#include <cstdint>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>

#include "conf/base/error.h"
#include "conf/endpoint.h"

namespace bucky {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

struct Place {
    std::string key;  ///< of the config, that holds the port
    std::string host;
    std::uint16_t port;
};

void add_endpoint(std::vector<Place>& places, const std::string& key, const std::string& text) {
    const auto endpoint = conf::parse_endpoint(text);
    if (!endpoint) return;  // empty: nobody listens; wrong: the file's own check says so
    places.push_back({key, endpoint->address(), endpoint->port});
}

std::vector<Place> places_of(const conf::Settings& settings) {
    std::vector<Place> places;
    if (settings.scp.plain) {
        places.push_back(
            {"scp.port", settings.scp.listen, static_cast<std::uint16_t>(settings.scp.port)});
    }
    for (std::size_t at = 0; at < settings.listeners.size(); ++at) {
        const auto& one = settings.listeners[at];
        places.push_back({fmt::format("listener.{}.port", at + 1), one.listen,
                          static_cast<std::uint16_t>(one.port)});
    }
    add_endpoint(places, "web.listen", settings.web.listen);
    add_endpoint(places, "admin.listen", settings.admin.listen);
    add_endpoint(places, "service.listen", settings.service.listen);
    return places;
}

/// As the listeners do it (scp/receive/listener.cpp).
tcp::acceptor opened(asio::io_context& io, const Place& place, error_code& failed) {
    tcp::acceptor socket{io};
    const auto address = asio::ip::make_address(place.host, failed);
    if (failed) return socket;
    const tcp::endpoint at{address, place.port};
    if (socket.open(at.protocol(), failed)) return socket;
    if (socket.set_option(tcp::acceptor::reuse_address(true), failed)) return socket;
    if (address.is_v6()) (void)socket.set_option(asio::ip::v6_only(false), failed);
    if (!failed) (void)socket.bind(at, failed);
    if (!failed) (void)socket.listen(1, failed);
    return socket;
}

std::string words_of(const Place& place, const error_code& failed) {
    const auto* hint = failed == asio::error::address_in_use
                           ? ": another program listens there, and `ss -ltnp` names it"
                           : "";
    return fmt::format("cannot listen on {} port {}: {}{}", place.host, place.port,
                       failed.message(), hint);
}

}  // namespace

std::vector<conf::Problem> port_problems(const conf::Settings& settings, const conf::Lines& lines) {
    std::vector<conf::Problem> problems;
    asio::io_context io;
    std::vector<tcp::acceptor> held;  // so that two keys with one port are found
    for (const Place& place : places_of(settings)) {
        error_code failed;
        held.push_back(opened(io, place, failed));
        // A port below 1024: a unit may allow its node what this user is not allowed.
        if (!failed || failed == asio::error::access_denied) continue;
        const auto line = lines.find(place.key);
        problems.push_back(
            {line == lines.end() ? 1 : line->second, place.key, words_of(place, failed)});
    }
    return problems;
}

void check_ports(const conf::Settings& settings) {
    std::vector<std::string> all;
    for (const auto& [line, key, words] : port_problems(settings)) {
        all.push_back(fmt::format("{}; see {}", words, key));
    }
    if (!all.empty()) throw Error(Fault::unavailable, "{}", fmt::join(all, "\n"));
}

}  // namespace bucky
