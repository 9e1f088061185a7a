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

#include "conf/base/limits.h"
#include "scp/wire/dial.h"

namespace bucky::scp {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kForReadingAbort{200};

constexpr std::uint8_t kDataTf = 4;       // PS3.8 9.3.5: P-DATA-TF
constexpr std::size_t kPduHeadBytes = 6;  // type, reserved, length
constexpr std::size_t kPdvHeadBytes = 6;  // length, context, message control header

/// The first four bytes (PS3.8 9.3.1).
std::uint32_t big_endian(std::span<const std::uint8_t> bytes) {
    return std::uint32_t{bytes[0]} << 24U | std::uint32_t{bytes[1]} << 16U |
           std::uint32_t{bytes[2]} << 8U | std::uint32_t{bytes[3]};
}

void set_option(int fd, int level, int option, int value) {
    (void)::setsockopt(fd, level, option, &value, sizeof(value));
}

/// poll() that neither a signal nor a negative timeout (DCMTK computes some) can prolong.
int poll_until(pollfd* fds, nfds_t count, Clock::time_point deadline) {
    while (true) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
        const int ready =
            ::poll(fds, count, static_cast<int>(std::clamp<std::int64_t>(left, 0, 3'600'000)));
        if (ready >= 0 || errno != EINTR) return ready;
    }
}

}  // namespace

Connection::Connection(UniqueFd fd, std::vector<std::uint8_t> first,
                       std::chrono::milliseconds patience, int give_up_fd,
                       std::unique_ptr<TlsStream> tls)
    : DcmTCPConnection(fd.release()),
      first_(std::move(first)),
      patience_(patience),
      give_up_fd_(give_up_fd),
      tls_(std::move(tls)) {
    if (tls_) tls_->move_to(getSocket());
    set_option(getSocket(), IPPROTO_TCP, TCP_NODELAY, 1);
    set_option(getSocket(), SOL_SOCKET, SO_KEEPALIVE, 1);
    set_option(getSocket(), IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(patience.count()));
}

Connection::~Connection() {
    if (tls_ && getSocket() >= 0) tls_->close_notify();
}

void Connection::close() {
    if (tls_ && getSocket() >= 0) tls_->close_notify();
    DcmTCPConnection::close();
}

void Connection::closeTransportConnection() {
    if (tls_ && getSocket() >= 0) tls_->close_notify();
    DcmTCPConnection::closeTransportConnection();
}

ssize_t Connection::read_some(std::uint8_t* to, std::size_t at_most, Clock::time_point deadline) {
    // Nagle's algorithm: a sender that waits for our acknowledgement would wait 40 ms per file.
    if (tls_) {
        set_option(getSocket(), IPPROTO_TCP, TCP_QUICKACK, 1);
        return tls_->read_some(to, at_most, deadline);
    }
    while (wait_for(waiting(), POLLIN, deadline)) {
        set_option(getSocket(), IPPROTO_TCP, TCP_QUICKACK, 1);
        const ssize_t got = ::recv(getSocket(), to, at_most, MSG_DONTWAIT);
        if (got >= 0 || (errno != EINTR && errno != EAGAIN)) return got;
    }
    return -1;
}

void Connection::begin_message() {
    message_began_ = Clock::now();
    content_bytes_ = 0;
}

void Connection::begin_answer() {
    begin_message();
    is_answer_ = true;
}

void Connection::end_answer() {
    is_answer_ = false;
    message_began_ = {};
}

Clock::time_point Connection::read_deadline() const {
    const auto patient = Clock::now() + patience_;
    if (message_began_ == Clock::time_point{}) return patient;
    if (is_answer_) return message_began_ + patience_;
    const std::chrono::seconds earned{content_bytes_ / kSlowestBytesPerSecond};
    return std::min({patient, message_began_ + patience_ + earned,
                     message_began_ + patience_ + kLongestMessage});
}

ssize_t Connection::read(void* to, size_t wanted) {
    auto* into = static_cast<std::uint8_t*>(to);
    std::size_t done = std::min(wanted, first_.size() - served_);
    std::copy_n(first_.begin() + static_cast<std::ptrdiff_t>(served_), done, into);
    served_ += done;
    const auto deadline = read_deadline();
    while (done < wanted) {
        if (Clock::now() >= deadline) {  // also ends a peer that never pauses
            errno = ETIMEDOUT;
            return -1;
        }
        const ssize_t got = read_some(into + done, wanted - done, deadline);
        if (got <= 0) return got;
        done += static_cast<std::size_t>(got);
    }
    // PS3.8 9.3.1, 9.3.5.1: 6 bytes head a PDU, 6 a PDV
    constexpr std::size_t kHeadBytes = 12;
    if (wanted > kHeadBytes) content_bytes_ += wanted - kHeadBytes;
    if (!takes({into, wanted})) {
        errno = EMSGSIZE;
        return -1;
    }
    return static_cast<ssize_t>(done);
}

/// False when a command set exceeds its limit. `part` is the head of a PDU, or its body.
bool Connection::takes(std::span<const std::uint8_t> part) {
    if (pdu_bytes_ == 0 && part.size() == kPduHeadBytes) {
        pdu_type_ = part[0];
        pdu_bytes_ = big_endian(part.subspan(2));
        return true;
    }
    const bool is_data = pdu_type_ == kDataTf && part.size() == pdu_bytes_;
    pdu_bytes_ = 0;
    if (!is_data) return true;
    constexpr std::uint8_t kCommand = 1, kLast = 2;  // PS3.8 E.2
    while (part.size() >= kPdvHeadBytes) {
        const std::size_t length = big_endian(part) + sizeof(std::uint32_t);
        const auto control = part[kPdvHeadBytes - 1];
        if ((control & kCommand) != 0) {
            command_bytes_ += length;  // with its head, so that empty fragments count
            if (command_bytes_ > limits::kCommandBytesMax) return false;
            if ((control & kLast) != 0) command_bytes_ = 0;
        }
        part = part.subspan(std::min(std::max(length, kPdvHeadBytes), part.size()));
    }
    return true;
}

ssize_t Connection::write_some(const std::uint8_t* from, std::size_t bytes,
                               Clock::time_point deadline) {
    if (tls_) return tls_->write_some(from, bytes, deadline);
    while (true) {
        const ssize_t now = ::send(getSocket(), from, bytes, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (now >= 0 || (errno != EINTR && errno != EAGAIN)) return now;
        if (!wait_for(waiting(), POLLOUT, deadline)) return -1;
    }
}

ssize_t Connection::write(void* from, size_t bytes) {
    const auto deadline = Clock::now() + patience_;
    const auto* data = static_cast<const std::uint8_t*>(from);
    std::size_t sent = 0;
    while (sent < bytes) {
        const ssize_t now = write_some(data + sent, bytes - sent, deadline);
        if (now <= 0) return -1;
        sent += static_cast<std::size_t>(now);
    }
    return static_cast<ssize_t>(sent);
}

OFBool Connection::networkDataAvailable(int timeout_s) {
    return wait_readable(std::chrono::seconds{std::max(timeout_s, 0)}) == Waited::readable;
}

Connection::Waited Connection::wait_readable(std::chrono::milliseconds at_most, int wake_fd) {
    if (served_ < first_.size()) return Waited::readable;
    const auto deadline = Clock::now() + at_most;
    while (!tls_ || !tls_->readable_now()) {
        pollfd fds[] = {{getSocket(), POLLIN, 0}, {wake_fd, POLLIN, 0}, {give_up_fd_, POLLIN, 0}};
        if (poll_until(fds, 3, deadline) <= 0) return Waited::timed_out;
        if (fds[1].revents != 0 || fds[2].revents != 0) {
            // Bytes that have arrived are read first.
            return fds[0].revents != 0 && !tls_ ? Waited::readable : Waited::woken;
        }
        if (!tls_) break;  // a readable TLS socket may hold only part of a record
    }
    return Waited::readable;
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
    if (!replace_) {
        return new Connection(std::move(fd_), std::move(first_), patience_, give_up_fd_,
                              std::move(tls_));
    }
    if (::dup2(fd_.get(), theirs) < 0) return nullptr;
    fd_.reset();
    clear_rendezvous();
    return new Connection(UniqueFd{theirs}, {}, patience_, give_up_fd_, std::move(tls_));
}

void Layer::abort() {
    if (!fd_) return;
    Connection(std::move(fd_), {}, patience_, give_up_fd_, std::move(tls_)).abort();
}

}  // namespace bucky::scp
