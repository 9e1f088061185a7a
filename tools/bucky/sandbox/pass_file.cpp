// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/sandbox/pass_file.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <sys/socket.h>

namespace bucky {
namespace {

struct alignas(cmsghdr) Control {
    std::array<char, CMSG_SPACE(sizeof(int))> bytes{};
};

}  // namespace

bool send_question(int socket, Question requested, int file) {
    auto kind = static_cast<char>(requested);
    iovec text{&kind, 1};
    Control control;
    msghdr message{};
    message.msg_iov = &text;
    message.msg_iovlen = 1;
    if (file >= 0) {
        message.msg_control = control.bytes.data();
        message.msg_controllen = control.bytes.size();
        cmsghdr* head = CMSG_FIRSTHDR(&message);
        head->cmsg_level = SOL_SOCKET;
        head->cmsg_type = SCM_RIGHTS;
        head->cmsg_len = CMSG_LEN(sizeof file);
        std::memcpy(CMSG_DATA(head), &file, sizeof file);
    }
    ssize_t sent = 0;
    do {
        sent = ::sendmsg(socket, &message, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent == 1;
}

std::optional<Asked> receive_question(int socket) {
    char kind = 0;
    iovec text{&kind, 1};
    Control control;
    msghdr message{};
    message.msg_iov = &text;
    message.msg_iovlen = 1;
    message.msg_control = control.bytes.data();
    message.msg_controllen = control.bytes.size();
    ssize_t got = 0;
    do {
        got = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    } while (got < 0 && errno == EINTR);
    if (got != 1) return std::nullopt;
    int file = -1;
    const cmsghdr* head = CMSG_FIRSTHDR(&message);
    if (head != nullptr && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS) {
        std::memcpy(&file, CMSG_DATA(head), sizeof file);
    }
    return Asked{static_cast<Question>(kind), scp::UniqueFd{file}};
}

}  // namespace bucky
