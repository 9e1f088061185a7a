// SPDX-License-Identifier: Apache-2.0
#include "scp/wire/dial.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <fmt/format.h>

#include "conf/base/error.h"

namespace bucky::scp {
namespace {

using Steady = std::chrono::steady_clock;

std::string error_text(int error) {
    return std::generic_category().message(error);
}

/// What an admin can check when a peer cannot be reached.
std::string_view advice_on(int error) {
    switch (error) {
        case ECONNREFUSED: return ": nobody listens there; is it running, and is the port right?";
        case ETIMEDOUT: return ": is the machine on, and does a firewall let the port through?";
        case EHOSTUNREACH:
        case ENETUNREACH: return ": is the address right, and is there a network to it?";
        default: return "";
    }
}

struct FreeAddresses {
    void operator()(addrinfo* list) const noexcept { ::freeaddrinfo(list); }
};

/// Empty when connected, else what went wrong.
std::string connect_to(const addrinfo& address, UniqueFd& fd, Steady::time_point deadline,
                       int give_up_fd) {
    fd.reset(::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!fd) return error_text(errno);
    if (::connect(fd.get(), address.ai_addr, address.ai_addrlen) == 0) return {};
    if (const int error = errno; error != EINPROGRESS)
        return error_text(error).append(advice_on(error));
    pollfd waiting[] = {{fd.get(), POLLOUT, 0}, {give_up_fd, POLLIN, 0}};
    int ready = -1;
    do {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Steady::now());
        ready = ::poll(waiting, 2, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    } while (ready < 0 && errno == EINTR);
    if (ready == 0) return std::string{"no answer in time"}.append(advice_on(ETIMEDOUT));
    if (waiting[1].revents != 0) return "the node is stopping";
    int error = 0;
    socklen_t size = sizeof(error);
    (void)::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    return error == 0 ? std::string{} : error_text(error).append(advice_on(error));
}

struct Listening {
    UniqueFd fd;
    sockaddr_in address{};
};

Listening listen_on_loopback() {
    Listening made;
    made.fd.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    made.address.sin_family = AF_INET;
    made.address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* address = reinterpret_cast<sockaddr*>(&made.address);
    socklen_t size = sizeof(made.address);
    if (!made.fd || ::bind(made.fd.get(), address, size) != 0 ||
        ::listen(made.fd.get(), SOMAXCONN) != 0 ||
        ::getsockname(made.fd.get(), address, &size) != 0) {
        throw Error(Fault::unavailable, "cannot listen on 127.0.0.1: {}; is loopback up?",
                    error_text(errno));
    }
    return made;
}

const Listening& rendezvous() {
    static const Listening made = listen_on_loopback();
    return made;
}

}  // namespace

UniqueFd dial(const std::string& host, std::uint16_t port, std::chrono::milliseconds at_most,
              int give_up_fd) {
    const auto deadline = Steady::now() + at_most;
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV;
    addrinfo* list = nullptr;
    const int found = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
    const std::unique_ptr<addrinfo, FreeAddresses> addresses{list};
    if (found != 0) {
        throw Error(Fault::unavailable,
                    "host {} is not known: {}; check its spelling, or enter its address", host,
                    ::gai_strerror(found));
    }
    std::string why = "it has no address";
    for (const addrinfo* at = addresses.get(); at != nullptr; at = at->ai_next) {
        UniqueFd fd;
        why = connect_to(*at, fd, deadline, give_up_fd);
        if (!why.empty()) continue;
        (void)::fcntl(fd.get(), F_SETFL, 0);  // blocking, as DCMTK expects
        return fd;
    }
    throw Error(Fault::unavailable, "cannot connect to {}:{}: {}", host, port, why);
}

const std::string& rendezvous_address() {
    static const std::string made =
        fmt::format("127.0.0.1:{}", ntohs(rendezvous().address.sin_port));
    return made;
}

void clear_rendezvous() {
    while (UniqueFd{::accept4(rendezvous().fd.get(), nullptr, nullptr, SOCK_CLOEXEC)}) {
    }
}

std::pair<UniqueFd, UniqueFd> connected_pair() {
    const Listening door = listen_on_loopback();
    UniqueFd caller{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const auto* address = reinterpret_cast<const sockaddr*>(&door.address);
    if (!caller || ::connect(caller.get(), address, sizeof(door.address)) != 0) {
        throw Error(Fault::unavailable, "cannot connect on 127.0.0.1: {}; is loopback up?",
                    error_text(errno));
    }
    UniqueFd called{::accept4(door.fd.get(), nullptr, nullptr, SOCK_CLOEXEC)};
    if (!called) {
        throw Error(Fault::unavailable, "cannot accept on 127.0.0.1: {}", error_text(errno));
    }
    return {std::move(caller), std::move(called)};
}

}  // namespace bucky::scp
