// SPDX-License-Identifier: Apache-2.0
#include "scp/wire/connection.h"

#include <algorithm>
#include <cerrno>
#include <memory>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <dcmtk/dcmnet/dul.h>

#include "scp/wire/dial.h"

namespace bucky::scp {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kForReadingAbort{200};

void set_option(int fd, int level, int option, int value) {
    (void)::setsockopt(fd, level, option, &value, sizeof(value));
}

int remaining_ms(Clock::time_point deadline) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, 3'600'000));
}

/// poll() that neither a signal nor a negative wait (DCMTK computes some) can prolong.
int poll_until(pollfd* fds, nfds_t count, Clock::time_point deadline) {
    while (true) {
        const int ready = ::poll(fds, count, remaining_ms(deadline));
        if (ready >= 0 || errno != EINTR) return ready;
    }
}

}  // namespace

Connection::Connection(UniqueFd fd, std::vector<std::uint8_t> first,
                       std::chrono::milliseconds patience, int give_up_fd)
    : DcmTCPConnection(fd.release()),
      first_(std::move(first)),
      patience_(patience),
      give_up_fd_(give_up_fd) {
    set_option(getSocket(), IPPROTO_TCP, TCP_NODELAY, 1);
    set_option(getSocket(), SOL_SOCKET, SO_KEEPALIVE, 1);
    set_option(getSocket(), IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(patience.count()));
}

/// True when the socket is ready (or broken); false, with errno, when the wait is over.
bool Connection::wait(short events, Clock::time_point deadline) {
    pollfd fds[] = {{getSocket(), events, 0}, {give_up_fd_, POLLIN, 0}};
    const int ready = poll_until(fds, 2, deadline);
    if (ready > 0 && fds[1].revents == 0) return true;
    errno = ready > 0 ? ECANCELED : ETIMEDOUT;
    return false;
}

ssize_t Connection::read(void* to, size_t wanted) {
    auto* into = static_cast<std::uint8_t*>(to);
    std::size_t done = std::min(wanted, first_.size() - served_);
    std::copy_n(first_.begin() + static_cast<std::ptrdiff_t>(served_), done, into);
    served_ += done;
    const auto deadline = Clock::now() + patience_;
    while (done < wanted) {
        if (!wait(POLLIN, deadline)) return -1;
        // A sender that waits for our acknowledgement (Nagle) waits 40 ms less a file.
        set_option(getSocket(), IPPROTO_TCP, TCP_QUICKACK, 1);
        const ssize_t got = ::recv(getSocket(), into + done, wanted - done, MSG_DONTWAIT);
        if (got == 0) return 0;
        if (got > 0) {
            done += static_cast<std::size_t>(got);
        } else if (errno != EINTR && errno != EAGAIN) {
            return -1;
        }
    }
    return static_cast<ssize_t>(done);
}

ssize_t Connection::write(void* from, size_t bytes) {
    const auto deadline = Clock::now() + patience_;
    const auto* data = static_cast<const std::uint8_t*>(from);
    std::size_t sent = 0;
    while (sent < bytes) {
        const ssize_t now =
            ::send(getSocket(), data + sent, bytes - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (now >= 0) {
            sent += static_cast<std::size_t>(now);
            continue;
        }
        if (errno == EINTR) continue;
        if (errno != EAGAIN) return -1;
        if (!wait(POLLOUT, deadline)) return -1;
    }
    return static_cast<ssize_t>(sent);
}

OFBool Connection::networkDataAvailable(int timeout_s) {
    return wait_readable(std::chrono::seconds{std::max(timeout_s, 0)}) == Waited::readable;
}

Connection::Waited Connection::wait_readable(std::chrono::milliseconds at_most, int wake_fd) {
    if (served_ < first_.size()) return Waited::readable;
    pollfd fds[] = {{getSocket(), POLLIN, 0}, {wake_fd, POLLIN, 0}, {give_up_fd_, POLLIN, 0}};
    if (poll_until(fds, 3, Clock::now() + at_most) <= 0) return Waited::timed_out;
    return fds[0].revents != 0 ? Waited::readable : Waited::woken;
}

void Connection::abort() {
    // PS3.8 9.3.8: A-ABORT, source 0 (service user), reason not significant.
    std::uint8_t pdu[] = {0x07, 0, 0, 0, 0, 4, 0, 0, 0, 0};
    if (write(pdu, sizeof(pdu)) == sizeof(pdu)) (void)wait_readable(kForReadingAbort);
}

void abort_association(T_ASC_Association* assoc) noexcept {
    if (assoc == nullptr || assoc->DULassociation == nullptr) return;
    auto* connection = DUL_getTransportConnection(assoc->DULassociation);
    if (connection != nullptr) static_cast<Connection*>(connection)->abort();
}

DcmTransportConnection* Layer::createConnection(DcmNativeSocketType theirs, OFBool /*secure*/) {
    if (!fd_) return nullptr;
    if (!replace_) return new Connection(std::move(fd_), std::move(first_), patience_, give_up_fd_);
    if (::dup2(fd_.get(), theirs) < 0) return nullptr;
    fd_.reset();
    clear_rendezvous();
    return new Connection(UniqueFd{theirs}, {}, patience_, give_up_fd_);
}

}  // namespace bucky::scp
