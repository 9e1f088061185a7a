// SPDX-License-Identifier: Apache-2.0
// A session serves one association, from the A-ASSOCIATE-RQ that the front door has read to the
// closed socket, on a thread of its own. Whatever the peer does ends this session and nothing else.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "conf/base/clock.h"
#include "conf/run/wakeup.h"
#include "conf/settings.h"
#include "scp/receive/database_pool.h"
#include "scp/receive/handshake_limiter.h"
#include "scp/receive/image_rate.h"
#include "scp/receive/listener_config.h"
#include "scp/receive/peer_count.h"
#include "scp/receive/peers.h"
#include "scp/receive/slots.h"
#include "scp/wire/tls_stream.h"
#include "scp/wire/unique_fd.h"
#include "storage/spool.h"

namespace bucky::scp {

/// Someone at the door: with the whole A-ASSOCIATE-RQ and a place, or, where TLS is spoken, with
/// his ClientHello; then enter() gets the rest.
struct PendingConnection {
    UniqueFd fd;
    std::vector<std::uint8_t> request;
    std::string address;      ///< of the peer, without port
    std::string association;  ///< our id for it, unique over restarts
    std::shared_ptr<const ListenerConfig> listener;
    std::optional<Slots::Slot> place{};
    std::optional<HandshakeLimiter::Slot> handshake{};  ///< as long as he is not in
    std::unique_ptr<TlsStream> tls{};                   ///< once he is
};

/// What all sessions share; each of it is safe to use from any thread.
struct SessionContext {
    const conf::Settings& settings;
    const Clock& clock;
    Wakeup& work;
    const Peers& peers;
    PeerCount& peer_count;
    ImageRate& image_rate;
    Slots& slots;
    Slots& farewells;  ///< for those that were rejected
    DatabasePool& databases;
    storage::Spool& spool;
    int closing_fd;  ///< readable once the node wants to stop: sessions end when they fall idle
    int give_up_fd;  ///< readable once it will wait no longer: sessions end where they are
};

/// Until the association ends. Throws nothing.
void serve(PendingConnection pending, const SessionContext& context) noexcept;

}  // namespace bucky::scp
