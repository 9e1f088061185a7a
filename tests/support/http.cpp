// SPDX-License-Identifier: Apache-2.0
#include "tests/support/http.h"

#include <stdexcept>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/process.h"

namespace bucky::test {
namespace {

std::string body_of(const std::vector<std::string>& command) {
    const auto answer = run(command);
    return answer.status == 0 ? answer.output : "";
}

}  // namespace

std::string http_get(const std::string& url) {
    return body_of({"curl", "--silent", "--fail", "--max-time", "20", url});
}

std::string http_post(const std::string& url, const std::string& body) {
    return body_of({"curl", "--silent", "--fail", "--max-time", "20", "--data", body, url});
}

int http_status(const std::string& url) {
    const auto answer = run({"curl", "--silent", "--max-time", "20", "--output", "/dev/null",
                             "--write-out", "%{http_code}", url});
    return std::stoi("0" + answer.output);
}

int free_port() {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* any = reinterpret_cast<sockaddr*>(&address);
    const bool bound = ::bind(fd, any, length) == 0 && ::getsockname(fd, any, &length) == 0;
    ::close(fd);
    if (!bound) throw std::runtime_error("no free port on the loopback");
    return ntohs(address.sin_port);
}

}  // namespace bucky::test
