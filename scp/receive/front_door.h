// SPDX-License-Identifier: Apache-2.0
// FrontDoor: where associations come in. Asio accepts and waits; an association gets a thread only
// when its whole A-ASSOCIATE-RQ is here and there is room for it.
//
// There may be several doors, [scp] and the [[listener]]s. Where one speaks TLS, the whole
// ClientHello takes the place of the request, and the session does the rest (enter.h).
//
// Order: accept -> take_over (the request arrives within artim_s, or the door closes) -> room?
// (else a transient rejection, PS3.8 9.3.4: result 2, source 3, reason 2) -> a session on its own
// thread. The request is read into our memory and handed on with the socket, not peeked at in the
// kernel's: no buffer size has to be begged for, and what waits is counted by us. So strangers who
// are silent, slow or no DICOM at all cost a descriptor and their bytes, and nobody else notices.
// Threads: the io_context is run by one thread. open() before it runs or on it; everything else
// from any thread. The destructor ends the sessions that are left; the io_context must outlive it.
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
    /// start_wire() has run. `work` is rung for every image kept. Throws bad_input on a [[peer]]
    /// row that cannot be read, unavailable when the spool cannot be made or a listener's
    /// certificate, key, authorities, revocation list or users cannot be read.
    FrontDoor(boost::asio::io_context& io, const conf::Settings& settings, const Clock& clock,
              Wakeup& work);
    FrontDoor(const FrontDoor&) = delete;
    FrontDoor& operator=(const FrontDoor&) = delete;
    ~FrontDoor();

    /// Listens. Throws unavailable when the address is taken or not ours.
    void open();

    /// Who asks from now on is served by these settings, and meets the certificates, keys,
    /// authorities, revocation lists and users that lie in the files now; associations under way go
    /// on as they began. Where it listens does not change. Throws like the constructor, and then
    /// nothing has changed. Reads files: not for the io_context's thread.
    void adopt(const conf::Settings& settings);

    /// Where it listens: what the system chose when the setting is 0. 0 before open(). Listener 0
    /// is that of [scp], if it is open; then come the [[listener]]s.
    std::uint16_t port(std::size_t door = 0) const;

    /// No new associations: who asks for one is told to try again later (PS3.8 9.3.4). Those under
    /// way go on.
    void close();

    /// close(), then wait until the sessions have fallen idle and ended. True when all have.
    bool drain(std::chrono::milliseconds at_most);

    /// Nobody is listened to any more.
    void shut();

    std::size_t open_associations() const;

    /// Connections that have not shown their whole request yet.
    std::size_t pending_associations() const;

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace bucky::scp
