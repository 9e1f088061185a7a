// SPDX-License-Identifier: Apache-2.0
#include "scp/receive/accept_tls.h"

#include <algorithm>
#include <cerrno>
#include <chrono>

#include <poll.h>
#include <sys/socket.h>

#include "conf/base/error.h"
#include "conf/observe/metrics.h"
#include "scp/receive/web_session.h"
#include "scp/wire/associate_request.h"
#include "scp/wire/tls_stream.h"

namespace bucky::scp {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::size_t kReadAtOnce = 16 * 1024;
constexpr std::chrono::seconds kForReadingRejection{2};
constexpr std::chrono::seconds kForReadingAlert{1};

/// Reads the PDU (PS3.8 9.3.2) and not a byte more. The buffer grows as bytes arrive, not to the
/// length that the header claims.
std::vector<std::uint8_t> read_request(TlsStream& tls, Steady::time_point deadline) {
    std::vector<std::uint8_t> request;
    while (true) {
        const Peek seen = peek(request);
        if (seen.kind == Peek::Kind::whole) return request;
        if (seen.kind == Peek::Kind::wrong) {
            throw Error(Fault::unavailable, "no association request came through TLS: {}",
                        seen.why);
        }
        const auto used = request.size();
        request.resize(used + std::min(seen.bytes - used, kReadAtOnce));
        const ssize_t got = tls.read_some(request.data() + used, request.size() - used, deadline);
        if (got <= 0) {
            const bool late = got < 0 && errno == ETIMEDOUT;
            throw Error(Fault::unavailable, "{}",
                        !tls.trouble()->empty() ? *tls.trouble()
                        : late                  ? "no association request came in time"
                                                : "gone before an association request");
        }
        request.resize(used + static_cast<std::size_t>(got));
    }
}

/// Closing a socket with unread bytes resets the connection, and the alert that names the reason
/// would be lost: in TLS 1.3 a caller has already sent data when it learns that its certificate is
/// refused.
void let_read(int fd, int give_up_fd) {
    (void)::shutdown(fd, SHUT_WR);
    const auto deadline = Steady::now() + kForReadingAlert;
    char ignored[4096];
    while (wait_for({fd, give_up_fd}, POLLIN, deadline)) {
        if (::recv(fd, ignored, sizeof(ignored), MSG_DONTWAIT) <= 0) return;
    }
}

void reject_for_now(TlsStream& tls, bool is_web) {
    // PS3.8 9.3.4: result 2 (transient), source 3 (provider, presentation), reason 2 (limit)
    constexpr std::uint8_t kRejection[] = {0x03, 0, 0, 0, 0, 4, 0, 2, 3, 2};
    const auto deadline = Steady::now() + kForReadingRejection;
    if (is_web) {
        (void)tls.write_some(kWebBusy.data(), kWebBusy.size(), deadline);
    } else {
        (void)tls.write_some(kRejection, sizeof(kRejection), deadline);
    }
    std::uint8_t closing = 0;
    (void)tls.read_some(&closing, 1, deadline);  // until the peer has read it and closes
    tls.close_notify();
}

}  // namespace

void accept_tls(PendingConnection& pending, const SessionContext& context) {
    const auto& scp = context.settings.scp;
    auto tls = std::make_unique<TlsStream>(pending.listener->tls,
                                           Waiting{pending.fd.get(), context.give_up_fd},
                                           std::move(pending.request));
    try {
        tls->accept(Steady::now() + std::chrono::seconds{scp.handshake_s});
        pending.request.clear();
        if (!pending.listener->is_web) {  // of HTTP, the session reads it
            pending.request = read_request(*tls, Steady::now() + std::chrono::seconds{scp.artim_s});
        }
    } catch (const Error&) {  // the alert must reach the peer before the socket is closed
        let_read(pending.fd.get(), context.give_up_fd);
        if (!pending.handshake || !pending.handshake->cut()) throw;
        metrics::count("bucky_limit_reached_total", {{"limit", "handshakes"}});
        throw Error(Fault::exhausted, "too many TLS handshakes at once: this one was the oldest");
    }
    pending.handshake.reset();
    pending.place = context.slots.take();
    if (!pending.place) {
        metrics::count("bucky_limit_reached_total", {{"limit", "associations"}});
        reject_for_now(*tls, pending.listener->is_web);
        throw Error(Fault::exhausted, "scp.max_associations are open already");
    }
    pending.tls = std::move(tls);
}

}  // namespace bucky::scp
