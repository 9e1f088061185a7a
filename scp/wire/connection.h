// SPDX-License-Identifier: Apache-2.0
// Connection: the TCP connection that DCMTK reads and writes through, with a deadline on each read
// and write, and Layer, which hands it to DCMTK in place of the socket DCMTK believes it opened.
//
// DCMTK reads a PDU in two steps, head and body, and asks for each in full. read() therefore
// returns only with all that was asked for, or with none: a peer that drips bytes has the same time
// for them as one that is silent. An accepted connection comes with the bytes that the front door
// has read already (the whole A-ASSOCIATE-RQ); read() serves these first. With a TlsStream, whose
// handshake is done, everything passes through that. One thread uses a connection.
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

/// The slowest line that anyone sends X-rays over is 64 kbit/s, shared by several.
inline constexpr std::int64_t kSlowestBytesPerSecond = 1000;

/// No message takes longer, whatever it brings.
inline constexpr std::chrono::hours kLongestMessage{12};

class Connection final : public DcmTCPConnection {
public:
    /// `patience`: the longest wait for the peer inside one read or write. Once `give_up_fd` (-1:
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

    /// From here on a message comes, and must not take for ever: who sends a byte now and then,
    /// or PDUs with next to nothing in them, would keep his place. Each kSlowestBytesPerSecond of
    /// content earn a second on top of the patience.
    void begin_message();

    // And no command set is longer than limits::kCommandBytesMax: DCMTK gathers it in memory. Then
    // read() fails.

    /// From here on an answer comes, hardly more than a command set. All of it has the patience of
    /// one wait, however many PDUs bring it. Until end_answer().
    void begin_answer();
    void end_answer();

    enum class Waited { readable, timed_out, woken };
    /// Until there is something to read, or `wake_fd` (-1: none) has.
    Waited wait_readable(std::chrono::milliseconds at_most, int wake_fd = -1);

    /// Says A-ABORT, as the service user, and lets the peer read it for a moment.
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
    std::chrono::steady_clock::time_point message_began_{};  ///< the epoch: none has
    std::uint64_t content_bytes_ = 0;                        ///< of that message, so far
    std::uint8_t pdu_type_ = 0;
    std::size_t pdu_bytes_ = 0;      ///< of the PDU whose head was read last; 0: its body was, too
    std::size_t command_bytes_ = 0;  ///< of the command set that is being read
    bool is_answer_ = false;
};

/// createConnection() gives out the one connection it was made for.
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

    /// What had been read before.
    std::span<const std::uint8_t> first() const noexcept { return first_; }

    /// Says A-ABORT on the connection, if nobody has asked for it yet.
    void abort();

    /// For a requestor: DCMTK goes on using the descriptor of the socket it has connected itself
    /// (to the rendezvous of dial.h), so ours takes its place under the same number.
    void replace_their_socket() { replace_ = true; }

private:
    UniqueFd fd_;
    std::vector<std::uint8_t> first_;
    std::chrono::milliseconds patience_;
    int give_up_fd_;
    std::unique_ptr<TlsStream> tls_;
    bool replace_ = false;
};

/// Ends the association without DCMTK's own abort, which waits for the peer to close for as long as
/// the network's timeout is.
void abort_association(T_ASC_Association* assoc) noexcept;

}  // namespace bucky::scp
