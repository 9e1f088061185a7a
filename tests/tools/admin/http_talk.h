// SPDX-License-Identifier: Apache-2.0
// Talk: a TCP connection to a loopback port that sends exact bytes and reads the answer.
#pragma once

#include <array>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace bucky::test {

class Talk {
public:
    explicit Talk(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(port);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const timeval patience{10, 0};
        (void)::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        if (::connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
            throw std::runtime_error("nobody listens on port " + std::to_string(port));
        }
    }
    Talk(Talk&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Talk& operator=(Talk&&) = delete;
    ~Talk() {
        if (fd_ >= 0) ::close(fd_);
    }

    const Talk& say(const std::string& bytes) const {
        (void)::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        return *this;
    }

    /// Reads until the other side closes.
    std::string rest() const {
        std::string heard;
        std::array<char, 4096> part{};
        while (true) {
            const auto got = ::recv(fd_, part.data(), part.size(), 0);
            if (got <= 0) return heard;
            heard.append(part.data(), static_cast<std::size_t>(got));
        }
    }

private:
    int fd_;
};

}  // namespace bucky::test
