// SPDX-License-Identifier: Apache-2.0
// TlsStream: TLS over a connected socket that it does not own, with a deadline for every wait. The
// socket may be blocking. Bytes that the FrontDoor has read already (the ClientHello) are consumed
// first. A stream is used by one thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "scp/wire/tls_context.h"
#include "scp/wire/waiting.h"

namespace bucky::scp {

/// The contents of a peer's certificate, which is verified before it is available here.
struct PeerCertificate {
    std::string subject;      ///< "CN=xray1,O=Clinic"
    std::string common_name;  ///< "xray1"
    std::string names;        ///< host names and addresses, separated by commas
    std::string sha256;       ///< of the DER form, 64 lower-case hex digits
};

class TlsStream {
public:
    using Deadline = std::chrono::steady_clock::time_point;

    TlsStream(std::shared_ptr<const TlsContext> context, const Waiting& socket,
              std::vector<std::uint8_t> first = {});
    TlsStream(const TlsStream&) = delete;
    TlsStream& operator=(const TlsStream&) = delete;
    ~TlsStream();

    /// The server's side. Throws unavailable in words for the admin.
    void accept(Deadline deadline);

    /// The client's side: the peer must present a certificate issued to `name`, a host name or an
    /// address. Throws unavailable in words for the admin.
    void connect(const std::string& name, Deadline deadline);

    /// The connection continues on another descriptor.
    void move_to(int fd);

    /// As recv() and send() do: bytes, 0 at the end, -1 with errno (ETIMEDOUT, ECANCELED, EPROTO).
    ssize_t read_some(void* to, std::size_t at_most, Deadline deadline);
    ssize_t write_some(const void* from, std::size_t bytes, Deadline deadline);

    /// Whether read_some() would return at once with bytes or the end. False also when only a part
    /// of a record has arrived.
    bool readable_now();

    /// Tells the peer that nothing more follows (close_notify); never waits.
    void close_notify() noexcept;

    std::optional<PeerCertificate> peer_certificate() const;
    std::string description() const;  ///< "TLSv1.3 TLS_AES_256_GCM_SHA384"

    /// Why the last call failed; empty when it succeeded, or when errno says the reason. It
    /// outlives the stream, which DCMTK destroys when a connection breaks.
    std::shared_ptr<const std::string> trouble() const noexcept;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace bucky::scp
