// SPDX-License-Identifier: Apache-2.0
#include "tools/fake_pacs/port.h"

#include <cstddef>
#include <cstring>
#include <fstream>
#include <random>
#include <stdexcept>
#include <string>

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace fake {
namespace {

constexpr int kLowest = 10'000;

int end_of_reserved() {
    std::ifstream range{"/proc/sys/net/ipv4/ip_local_port_range"};
    int lowest = 32'768;
    range >> lowest;
    return lowest;
}

/// Binds an abstract socket that is named after the port. The kernel lets one process have it, and
/// takes it back when the process ends, in whatever way.
bool reserve(int port) {
    const auto name = "bucky-port-" + std::to_string(port);  // tools/demonstration: the same name
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path + 1, name.data(), name.size());
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    if (fd >= 0 && ::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0) return true;
    if (fd >= 0) ::close(fd);
    return false;
}

bool nobody_listens(int port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_ANY);
    address.sin_port = htons(static_cast<in_port_t>(port));
    const bool bound = ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    if (fd >= 0) ::close(fd);
    return bound;
}

}  // namespace

int free_port() {
    const int end = end_of_reserved();
    if (end <= kLowest) throw std::runtime_error("ip_local_port_range leaves no port above 10000");
    std::random_device chance;
    std::uniform_int_distribution<int> any{kLowest, end - 1};
    for (int tried = 0; tried < 1000; ++tried) {
        const int port = any(chance);
        if (reserve(port) && nobody_listens(port)) return port;
    }
    throw std::runtime_error("no free port in 1000 tries");
}

}  // namespace fake
