// SPDX-License-Identifier: Apache-2.0
#include "scp/receive/web_stream.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <boost/asio/error.hpp>

#include "scp/wire/waiting.h"

namespace bucky::scp {
namespace {

using Steady = std::chrono::steady_clock;
using boost::system::error_code;

constexpr std::chrono::seconds kForReadingAnswer{2};

error_code failure_of(ssize_t got) {
    if (got == 0) return boost::asio::error::eof;
    if (errno == ETIMEDOUT) return boost::asio::error::timed_out;
    return {errno, boost::system::system_category()};
}

int ms_until(Steady::time_point deadline) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Steady::now());
    return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
}

}  // namespace

WebStream::WebStream(PendingConnection& pending, const SessionContext& context)
    : fd_(std::move(pending.fd)),
      tls_(std::move(pending.tls)),
      first_(std::move(pending.request)),
      give_up_fd_(context.give_up_fd) {
    const int on = 1;  // an answer goes out in two writes: its second must not wait 40 ms
    (void)::setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

std::size_t WebStream::read(std::uint8_t* into, std::size_t at_most, error_code& failed) {
    failed = {};
    if (served_ < first_.size()) {
        const auto now = std::min(at_most, first_.size() - served_);
        std::copy_n(first_.begin() + static_cast<std::ptrdiff_t>(served_), now, into);
        served_ += now;
        return now;
    }
    ssize_t got = -1;
    if (Steady::now() >= deadline_) {  // also ends a peer that never pauses
        errno = ETIMEDOUT;
    } else if (tls_) {
        got = tls_->read_some(into, at_most, deadline_);
    } else if (wait_for({fd_.get(), give_up_fd_}, POLLIN, deadline_)) {
        got = ::recv(fd_.get(), into, at_most, 0);
    }
    if (got <= 0) failed = failure_of(got);
    return static_cast<std::size_t>(std::max<ssize_t>(got, 0));
}

std::size_t WebStream::write(const void* from, std::size_t bytes, error_code& failed) {
    ssize_t sent = -1;
    if (tls_) {
        sent = tls_->write_some(from, bytes, deadline_);
    } else if (wait_for({fd_.get(), give_up_fd_}, POLLOUT, deadline_)) {
        sent = ::send(fd_.get(), from, bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
    }
    if (sent <= 0) failed = failure_of(sent);
    return static_cast<std::size_t>(std::max<ssize_t>(sent, 0));
}

WebStream::Waited WebStream::wait_readable(int wake_fd) {
    if (served_ < first_.size()) return Waited::readable;
    while (!tls_ || !tls_->readable_now()) {
        std::array<pollfd, 3> fds{
            {{fd_.get(), POLLIN, 0}, {wake_fd, POLLIN, 0}, {give_up_fd_, POLLIN, 0}}};
        const int ready = ::poll(fds.data(), fds.size(), ms_until(deadline_));
        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0) return Waited::timed_out;
        if (fds[1].revents != 0 || fds[2].revents != 0) {
            return fds[0].revents != 0 && !tls_ ? Waited::readable : Waited::woken;
        }
        if (!tls_) break;  // a readable TLS socket may hold only part of a record
    }
    return Waited::readable;
}

void WebStream::end() {
    if (tls_) tls_->close_notify();
    (void)::shutdown(fd_.get(), SHUT_WR);
    const auto until = Steady::now() + kForReadingAnswer;
    std::array<char, 64U << 10U> ignored;
    while (wait_for({fd_.get(), give_up_fd_}, POLLIN, until) && Steady::now() < until) {
        if (::recv(fd_.get(), ignored.data(), ignored.size(), MSG_DONTWAIT) <= 0) return;
    }
}

}  // namespace bucky::scp
