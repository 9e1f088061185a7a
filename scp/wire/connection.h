// SPDX-License-Identifier: Apache-2.0
// Connection: the TCP connection that DCMTK reads and writes through, with a deadline for each read
// and write. Layer gives it to DCMTK in place of the socket that DCMTK opened.
//
// DCMTK reads a PDU in two steps, head and body, and asks for each in full. So read() returns
// either everything that was asked for or nothing: a peer that sends byte by byte has no more time
// than one that is silent. An accepted connection comes with the bytes that the FrontDoor has read
// already (the whole A-ASSOCIATE-RQ); read() returns these first. With a TlsStream, whose handshake
// must be done, all bytes pass through it. Used by one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmnet/assoc.h>
#include <dcmtk/dcmnet/dcmlayer.h>
#include <dcmtk/dcmnet/dcmtrans.h>

#include "scp/wire/tls_stream.h"
#include "scp/wire/unique_fd.h"

namespace bucky::scp {

/// The slowest line in use for X-rays has 64 kbit/s, and several senders share it.
inline constexpr std::int64_t kSlowestBytesPerSecond = 1000;

/// The limit for one message, whatever it contains.
inline constexpr std::chrono::hours kLongestMessage{12};

class Connection final : public DcmTCPConnection {
public:
    /// `patience`: the longest wait for the peer within one read or write. Once `give_up_fd` (-1:
    /// none) is readable, every wait fails at once.
    Connection(UniqueFd fd, std::vector<std::uint8_t> first, std::chrono::milliseconds patience,
               int give_up_fd, std::unique_ptr<TlsStream> tls);
    ~Connection() override;

    ssize_t read(void* to, size_t wanted) override;
    ssize_t write(void* from, size_t bytes) override;
    OFBool networkDataAvailable(int timeout_s) override;
    OFBool isTransparentConnection() override { return tls_ == nullptr; }
    void close() override;
    void closeTransportConnection() override;

    /// A message begins here, and its time is limited: a peer that sends single bytes or nearly
    /// empty PDUs must not keep its slot. Each kSlowestBytesPerSecond of content add a second to
    /// the patience.
    void begin_message();

    // read() also fails when a command set exceeds limits::kCommandBytesMax, because DCMTK collects
    // it in memory.

    /// An answer begins here; it is little longer than a command set. All of its PDUs together have
    /// the time of one wait, until end_answer().
    void begin_answer();
    void end_answer();

    enum class Waited { readable, timed_out, woken };
    /// Waits until there is something to read, or `wake_fd` (-1: none) is readable.
    Waited wait_readable(std::chrono::milliseconds at_most, int wake_fd = -1);

    /// Sends A-ABORT as the service user, and lets the peer read it for a moment.
    void abort();

private:
    ssize_t read_some(std::uint8_t* to, std::size_t at_most,
                      std::chrono::steady_clock::time_point deadline);
    ssize_t write_some(const std::uint8_t* from, std::size_t bytes,
                       std::chrono::steady_clock::time_point deadline);
    std::chrono::steady_clock::time_point read_deadline() const;
    bool takes(std::span<const std::uint8_t> part);
    Waiting waiting() { return {getSocket(), give_up_fd_}; }

    std::vector<std::uint8_t> first_;
    std::size_t served_ = 0;
    std::chrono::milliseconds patience_;
    int give_up_fd_;
    std::unique_ptr<TlsStream> tls_;
    std::chrono::steady_clock::time_point message_began_{};  ///< the epoch: no message
    std::uint64_t content_bytes_ = 0;                        ///< of that message, so far
    std::uint8_t pdu_type_ = 0;
    std::size_t pdu_bytes_ = 0;      ///< of the last PDU head; 0: its body was read, too
    std::size_t command_bytes_ = 0;  ///< of the command set that is being read
    bool is_answer_ = false;
};

/// createConnection() returns the one connection that it was made for.
class Layer final : public DcmTransportLayer {
public:
    Layer(UniqueFd fd, std::vector<std::uint8_t> first, std::chrono::milliseconds patience,
          int give_up_fd = -1, std::unique_ptr<TlsStream> tls = nullptr)
        : fd_(std::move(fd)),
          first_(std::move(first)),
          patience_(patience),
          give_up_fd_(give_up_fd),
          tls_(std::move(tls)) {}

    DcmTransportConnection* createConnection(DcmNativeSocketType theirs, OFBool secure) override;

    /// The bytes that had been read before.
    std::span<const std::uint8_t> first() const noexcept { return first_; }

    /// Sends A-ABORT on the connection, unless it was handed to DCMTK.
    void abort();

    /// For a requestor: DCMTK goes on using the descriptor of the socket that it has connected (to
    /// the rendezvous of dial.h), so our connection replaces it under the same number.
    void replace_their_socket() { replace_ = true; }

private:
    UniqueFd fd_;
    std::vector<std::uint8_t> first_;
    std::chrono::milliseconds patience_;
    int give_up_fd_;
    std::unique_ptr<TlsStream> tls_;
    bool replace_ = false;
};

/// Ends the association without DCMTK's own abort, which waits up to the network's timeout for the
/// peer to close.
void abort_association(T_ASC_Association* assoc) noexcept;

}  // namespace bucky::scp
