// SPDX-License-Identifier: Apache-2.0
// WebStream: the bytes of an HTTP connection, over TLS or not, with a deadline for every wait, in
// the form that Boost.Beast reads and writes (SyncStream). What was read before comes first. Used
// by the session's thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/system/system_error.hpp>

#include "scp/receive/session.h"

namespace bucky::scp {

class WebStream {
public:
    using Deadline = std::chrono::steady_clock::time_point;
    using error_code = boost::system::error_code;

    /// Takes descriptor, TLS and first bytes of the connection.
    WebStream(PendingConnection& pending, const SessionContext& context);

    /// For the calls that follow.
    void set_deadline(std::chrono::milliseconds from_now) {
        deadline_ = std::chrono::steady_clock::now() + from_now;
    }

    enum class Waited { readable, timed_out, woken };
    /// Waits for a byte, or until `wake_fd` (-1: none) is readable.
    Waited wait_readable(int wake_fd);

    /// Tells the peer that nothing more comes, and lets it read what it was told: a closed socket
    /// with unread bytes would take the answer back (RFC 9112 9.6).
    void end();

    template <typename Buffers>
    std::size_t read_some(const Buffers& into, error_code& failed) {
        const boost::asio::mutable_buffer first{*boost::asio::buffer_sequence_begin(into)};
        return read(static_cast<std::uint8_t*>(first.data()), first.size(), failed);
    }
    template <typename Buffers>
    std::size_t write_some(const Buffers& from, error_code& failed) {
        std::size_t written = 0;
        failed = {};
        for (auto at = boost::asio::buffer_sequence_begin(from);
             at != boost::asio::buffer_sequence_end(from) && written == 0; ++at) {
            const boost::asio::const_buffer one{*at};
            if (one.size() > 0) written = write(one.data(), one.size(), failed);
            if (failed) break;
        }
        return written;
    }
    template <typename Buffers>
    std::size_t read_some(const Buffers& into) {
        return checked(&WebStream::read_some<Buffers>, into);
    }
    template <typename Buffers>
    std::size_t write_some(const Buffers& from) {
        return checked(&WebStream::write_some<Buffers>, from);
    }

private:
    template <typename Call, typename Buffers>
    std::size_t checked(Call call, const Buffers& buffers) {
        error_code failed;
        const auto done = (this->*call)(buffers, failed);
        if (failed) throw boost::system::system_error{failed};
        return done;
    }
    std::size_t read(std::uint8_t* into, std::size_t at_most, error_code& failed);
    std::size_t write(const void* from, std::size_t bytes, error_code& failed);

    UniqueFd fd_;
    std::unique_ptr<TlsStream> tls_;
    std::vector<std::uint8_t> first_;
    std::size_t served_ = 0;  ///< of first_
    int give_up_fd_;
    Deadline deadline_{};
};

}  // namespace bucky::scp
