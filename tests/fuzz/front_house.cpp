// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/front_house.h"

#include <array>
#include <filesystem>
#include <string>

#include <sys/socket.h>
#include <unistd.h>

#include "conf/base/clock.h"
#include "conf/observe/log.h"
#include "conf/run/wakeup.h"
#include "scp/receive/session.h"
#include "scp/wire/start.h"
#include "storage/database.h"
#include "storage/site.h"
#include "tests/support/temp_dir.h"

namespace bucky::fuzz {
namespace {

constexpr std::size_t kContextsMax = 16;
constexpr std::int64_t kInstancesMax = 200;  // then a new data folder
constexpr int kSocketBytes = 1 << 20;        // the longest input, and all the answers to it
constexpr std::int64_t kNow = 1'795'000'000'000;

constexpr storage::Sql kLastInstance{"fuzz.last_instance", R"sql(
    SELECT coalesce(max(id), 0) FROM instance)sql"};

conf::Settings settings_in(const std::filesystem::path& folder) {
    conf::Settings settings;
    settings.node.data_dir = folder;
    settings.scp.read_timeout_s = 1;
    settings.scp.max_instance_mb = 1;
    return settings;
}

Bytes item(std::uint8_t type, std::span<const std::uint8_t> body) {
    Bytes whole{type, 0};
    put_big(whole, body.size(), 2);
    whole.insert(whole.end(), body.begin(), body.end());
    return whole;
}

Bytes item(std::uint8_t type, std::string_view text) {
    return item(type, Bytes(text.begin(), text.end()));
}

void append(Bytes& to, const Bytes& more) {
    to.insert(to.end(), more.begin(), more.end());
}

}  // namespace

struct FrontHouse::Rooms {
    test::TempDir folder;
    conf::Settings settings = settings_in(folder.path());
    SettableClock clock{kNow};
    Wakeup work;
    scp::Peers peers{settings.peers};
    scp::PeerCount peer_count;
    scp::ImageRate image_rate;
    scp::Slots slots{kContextsMax}, farewells{kContextsMax};
    storage::Database db = storage::Site{settings.node.data_dir}.open();
    scp::DatabasePool databases{storage::Site{settings.node.data_dir}};
    storage::Spool spool{settings.spool_dir()};
    std::shared_ptr<const scp::ListenerConfig> listener = std::make_shared<scp::ListenerConfig>();
    scp::SessionContext context{.settings = settings,
                                .clock = clock,
                                .work = work,
                                .peers = peers,
                                .peer_count = peer_count,
                                .image_rate = image_rate,
                                .slots = slots,
                                .farewells = farewells,
                                .databases = databases,
                                .spool = spool,
                                .closing_fd = -1,
                                .give_up_fd = -1};
};

FrontHouse::FrontHouse() {
    // Lines are made and dropped: what strangers say passes the escaping all the same.
    log::set_level(log::Level::error);
    scp::start_wire();
    rooms_ = std::make_unique<Rooms>();
}

FrontHouse::~FrontHouse() = default;

FrontHouse& FrontHouse::one() {
    static FrontHouse context;
    return context;
}

void FrontHouse::serve(Bytes request, std::span<const std::uint8_t> more) {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) __builtin_trap();
    scp::UniqueFd ours{ends[0]};
    const scp::UniqueFd theirs{ends[1]};
    for (const int end : ends) {
        (void)::setsockopt(end, SOL_SOCKET, SO_SNDBUF, &kSocketBytes, sizeof kSocketBytes);
    }
    (void)::send(theirs.get(), more.data(), more.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    (void)::shutdown(theirs.get(), SHUT_WR);
    scp::serve({std::move(ours), std::move(request), "192.0.2.1", "1", rooms_->listener,
                rooms_->slots.take()},
               rooms_->context);
    if (more.empty()) return;  // nothing can have been stored
    auto last = rooms_->db.prepare(kLastInstance);
    if (last.step() && last.integer(0) < kInstancesMax) return;
    rooms_.reset();
    rooms_ = std::make_unique<Rooms>();
}

void put_big(Bytes& to, std::size_t value, int bytes) {
    for (int at = bytes - 1; at >= 0; --at) {
        to.push_back(static_cast<std::uint8_t>(value >> (8 * at)));
    }
}

void put_pdata(Bytes& to, std::uint8_t context, std::uint8_t control,
               std::span<const std::uint8_t> fragment) {
    to.insert(to.end(), {4, 0});
    put_big(to, fragment.size() + 6, 4);
    put_big(to, fragment.size() + 2, 4);
    to.insert(to.end(), {context, control});
    to.insert(to.end(), fragment.begin(), fragment.end());
}

Bytes usual_request() {
    struct Context {
        std::uint8_t id;
        std::string_view sop_class, transfer_syntax;
    };
    constexpr std::string_view kDx = "1.2.840.10008.5.1.4.1.1.1.1";
    constexpr Context kContexts[] = {
        {1, "1.2.840.10008.1.1", "1.2.840.10008.1.2"},
        {3, kDx, "1.2.840.10008.1.2.1"},
        {5, kDx, "1.2.840.10008.1.2"},
        {7, kDx, "1.2.840.10008.1.2.1.99"},
        {9, kDx, "1.2.840.10008.1.2.4.70"},
        {11, "1.2.840.10008.1.20.1", "1.2.840.10008.1.2"},
    };
    Bytes body{0, 1, 0, 0};  // protocol version 1 (PS3.8 9.3.2)
    for (const std::string_view title : {"BUCKY           ", "XRAY1           "}) {
        body.insert(body.end(), title.begin(), title.end());
    }
    body.resize(body.size() + 32);
    append(body, item(0x10, "1.2.840.10008.3.1.1.1"));
    for (const auto& one : kContexts) {
        Bytes context{one.id, 0, 0, 0};
        append(context, item(0x30, one.sop_class));
        append(context, item(0x40, one.transfer_syntax));
        append(body, item(0x20, context));
    }
    Bytes user = item(0x51, Bytes{0, 0, 0x40, 0});
    append(user, item(0x52, "2.25.1"));
    append(body, item(0x50, user));
    Bytes request{1, 0};
    put_big(request, body.size(), 4);
    append(request, body);
    return request;
}

}  // namespace bucky::fuzz
