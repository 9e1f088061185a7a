// SPDX-License-Identifier: Apache-2.0
// FrontDoor accepts connections and starts a session for each association. Asio accepts and waits;
// an association gets a thread only when its whole A-ASSOCIATE-RQ has arrived and a slot is free.
//
// There may be several listeners: [scp] and the [[listener]] rows. For TLS, the FrontDoor waits for
// the whole ClientHello instead of the request, and the session does the rest (accept_tls.h).
//
// The order is: accept -> take_over (the request arrives within artim_s, or the connection is
// closed) -> slot free? (else a transient rejection, PS3.8 9.3.4: result 2, source 3, reason 2) ->
// a session on its own thread. The request is read into our memory and handed on with the socket.
// It is not peeked at in the kernel's buffer, so its size does not depend on socket buffers and we
// count the memory. Callers that are silent, slow or do not speak DICOM therefore cost one
// descriptor and their bytes each, and do not disturb others.
// Threads: one thread runs the io_context. Call open() before it runs or on it, the rest from any
// thread. The destructor ends the remaining sessions; the io_context must outlive it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "conf/base/clock.h"
#include "conf/run/wakeup.h"
#include "conf/settings.h"

namespace boost::asio {
class io_context;
}

namespace bucky::scp {

class FrontDoor {
public:
    /// start_wire() must have run. `work` is notified for every image kept. Throws bad_input on a
    /// [[peer]] row that cannot be read, unavailable when the spool cannot be created or a
    /// listener's certificate, key, authorities, revocation list or users cannot be read.
    FrontDoor(boost::asio::io_context& io, const conf::Settings& settings, const Clock& clock,
              Wakeup& work);
    FrontDoor(const FrontDoor&) = delete;
    FrontDoor& operator=(const FrontDoor&) = delete;
    ~FrontDoor();

    /// Starts to listen. Throws unavailable when the address is in use or not ours.
    void open();

    /// New associations use these settings, with certificates, keys, authorities, revocation lists
    /// and users read again from their files. Open associations keep what they began with.
    /// Addresses and ports do not change. Throws like the constructor, and then nothing has
    /// changed. Reads files, so do not call it on the io_context's thread.
    void adopt(const conf::Settings& settings);

    /// The port of a listener: the one that the system chose when the setting is 0; 0 before
    /// open(). Listener 0 is [scp], if it is open, followed by the [[listener]] rows.
    std::uint16_t port(std::size_t door = 0) const;

    /// Rejects new associations as transient (PS3.8 9.3.4). Open associations go on.
    void close();

    /// close(), then waits until the sessions have become idle and ended. True when all have.
    bool drain(std::chrono::milliseconds at_most);

    /// Closes the listening sockets.
    void shut();

    std::size_t open_associations() const;

    /// Connections whose whole request has not arrived yet.
    std::size_t pending_associations() const;

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace bucky::scp
