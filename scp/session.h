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
#include "conf/base/wakeup.h"
#include "conf/settings.h"
#include "scp/database_pool.h"
#include "scp/doorstep.h"
#include "scp/entrance.h"
#include "scp/image_rate.h"
#include "scp/peer_count.h"
#include "scp/peers.h"
#include "scp/room.h"
#include "scp/wire/tls_stream.h"
#include "scp/wire/unique_fd.h"
#include "storage/spool.h"

namespace bucky::scp {

/// Someone at the door: with the whole A-ASSOCIATE-RQ and a place, or, where TLS is spoken, with
/// his ClientHello; then enter() gets the rest.
struct Visitor {
    UniqueFd fd;
    std::vector<std::uint8_t> request;
    std::string address;      ///< of the peer, without port
    std::string association;  ///< our id for it, unique over restarts
    std::shared_ptr<const Entrance> entrance;
    std::optional<Room::Place> place{};
    std::optional<Doorstep::Place> doorstep{};  ///< as long as he is not in
    std::unique_ptr<TlsStream> tls{};           ///< once he is
};

/// What all sessions share; each of it is safe to use from any thread.
struct House {
    const conf::Settings& settings;
    const Clock& clock;
    Wakeup& work;
    const Peers& peers;
    PeerCount& peer_count;
    ImageRate& image_rate;
    Room& room;
    DatabasePool& databases;
    storage::Spool& spool;
    int closing_fd;  ///< readable once the node wants to stop: sessions end when they fall idle
    int give_up_fd;  ///< readable once it will wait no longer: sessions end where they are
};

/// Until the association ends. Throws nothing.
void serve(Visitor visitor, const House& house) noexcept;

}  // namespace bucky::scp
