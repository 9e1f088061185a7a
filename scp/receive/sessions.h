// SPDX-License-Identifier: Apache-2.0
// Sessions: the threads that serve associations, limited in number. start() is called by the
// FrontDoor's thread, the rest by any thread. The destructor ends and joins the remaining threads.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <list>
#include <memory>
#include <thread>

#include "conf/base/clock.h"
#include "conf/base/limits.h"
#include "conf/base/mutex.h"
#include "conf/run/wakeup.h"
#include "conf/settings.h"
#include "scp/receive/database_pool.h"
#include "scp/receive/peer_count.h"
#include "scp/receive/peers.h"
#include "scp/receive/session.h"
#include "scp/wire/unique_fd.h"
#include "storage/spool.h"

namespace bucky::scp {

class Sessions {
public:
    Sessions(const conf::Settings& settings, const Clock& clock, Wakeup& work);
    Sessions(const Sessions&) = delete;
    Sessions& operator=(const Sessions&) = delete;
    ~Sessions();

    /// A slot for one more association; nothing when all are taken. A TLS connection gets its slot
    /// after the handshake.
    std::optional<Slots::Slot> take_slot() { return slots_.take(); }

    /// Runs the session on a new thread; if none can be created, closes the connection.
    void start(PendingConnection pending);

    /// Idle sessions end. True when none is left within the time.
    bool drain(std::chrono::milliseconds at_most);

    /// New associations use these settings; open ones keep what they began with. Throws like Peers,
    /// and then nothing has changed. Any thread.
    void adopt(const conf::Settings& settings);

    std::size_t open() const;
    bool takes_anyone() const { return rules()->peers.anyone(); }

private:
    struct Running {
        std::thread thread;
        std::shared_ptr<std::atomic<bool>> done;
    };
    /// What one association uses from its begin to its end.
    struct Rules {
        Rules(const conf::Settings& told, Sessions& all);
        const conf::Settings settings;
        const Peers peers;
        const SessionContext context;
    };
    std::shared_ptr<const Rules> rules() const;
    void join_finished();
    void one_ended();
    void set_open(std::size_t open) REQUIRES(mutex_);

    const Clock& clock_;
    Wakeup& work_;
    PeerCount peer_count_;
    ImageRate image_rate_;
    Slots slots_, farewells_{limits::kFarewellsMax};
    HandshakeLimiter handshakes_{limits::kHandshakesMax};
    DatabasePool databases_;
    storage::Spool spool_;
    UniqueFd closing_, give_up_;

    mutable Mutex mutex_;
    Condition ended_;
    std::shared_ptr<const Rules> rules_ GUARDED_BY(mutex_);
    std::size_t open_ GUARDED_BY(mutex_) = 0;
    std::list<Running> running_ GUARDED_BY(mutex_);
};

}  // namespace bucky::scp
