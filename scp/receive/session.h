// SPDX-License-Identifier: Apache-2.0
// A session serves one association on a thread of its own, from the A-ASSOCIATE-RQ that the
// FrontDoor has read until the socket is closed. A fault of the peer ends this session and nothing
// else.
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

/// A connection that waits for its session: with the whole A-ASSOCIATE-RQ and a slot, or, on a TLS
/// listener, with its ClientHello; accept_tls() then gets the rest.
struct PendingConnection {
    UniqueFd fd;
    std::vector<std::uint8_t> request;
    std::string address;      ///< of the peer, without port
    std::string association;  ///< our id for it, unique across restarts
    std::shared_ptr<const ListenerConfig> listener;
    std::optional<Slots::Slot> place{};
    std::optional<HandshakeLimiter::Slot> handshake{};  ///< until the request has arrived
    std::unique_ptr<TlsStream> tls{};                   ///< from then on
};

/// What all sessions share; every member may be used from any thread.
struct SessionContext {
    const conf::Settings& settings;
    const Clock& clock;
    Wakeup& work;
    const Peers& peers;
    PeerCount& peer_count;
    ImageRate& image_rate;
    Slots& slots;
    Slots& farewells;  ///< limits how many rejections are sent at once
    DatabasePool& databases;
    storage::Spool& spool;
    int closing_fd;  ///< readable once the node wants to stop: idle sessions end
    int give_up_fd;  ///< readable once it waits no longer: all sessions end at once
};

/// Runs until the association ends. Throws nothing.
void serve(PendingConnection pending, const SessionContext& context) noexcept;

}  // namespace bucky::scp
