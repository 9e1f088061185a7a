// SPDX-License-Identifier: Apache-2.0
#include "scp/receive/sessions.h"

#include <algorithm>
#include <system_error>
#include <vector>

#include <sys/eventfd.h>

#include "conf/base/error.h"
#include "conf/endpoint.h"
#include "conf/observe/log.h"
#include "conf/observe/metrics.h"

namespace bucky::scp {
namespace {

constexpr std::uint64_t kMebi = 1024 * 1024;

/// If [[peer]] rows limit who may call, a destination that is asked for storage commitment may
/// still call to report.
std::vector<conf::PeerSettings> callers(const conf::Settings& settings) {
    auto rows = settings.peers;
    if (rows.empty()) return rows;
    for (const auto& destination : settings.destinations) {
        if (!destination.commitment) continue;
        auto& row = rows.emplace_back();
        row.ae_title = destination.ae_title.str();
        if (conf::is_ip_address(destination.host)) row.address = destination.host;
        row.store = false;
    }
    return rows;
}

/// A descriptor that becomes readable once and stays so.
UniqueFd make_event() {
    UniqueFd event{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    if (!event) throw Error(Fault::exhausted, "no file descriptor is left");
    return event;
}

void raise(const UniqueFd& event) {
    (void)::eventfd_write(event.get(), 1);
}

}  // namespace

Sessions::Sessions(const conf::Settings& settings, const Clock& clock, Wakeup& work)
    : clock_(clock),
      work_(work),
      slots_(static_cast<std::size_t>(settings.scp.max_associations)),
      databases_(storage::Site{settings.node.data_dir}),
      spool_(settings.spool_dir(),
             static_cast<std::uint64_t>(settings.storage.min_free_mb) * kMebi),
      closing_(make_event()),
      give_up_(make_event()),
      rules_(std::make_shared<const Rules>(settings, *this)) {}

Sessions::Rules::Rules(const conf::Settings& told, Sessions& all)
    : settings(told),
      peers(callers(settings)),
      context{.settings = settings,
              .clock = all.clock_,
              .work = all.work_,
              .peers = peers,
              .peer_count = all.peer_count_,
              .image_rate = all.image_rate_,
              .slots = all.slots_,
              .farewells = all.farewells_,
              .databases = all.databases_,
              .spool = all.spool_,
              .closing_fd = all.closing_.get(),
              .give_up_fd = all.give_up_.get()} {}

void Sessions::adopt(const conf::Settings& settings) {
    auto next = std::make_shared<const Rules>(settings, *this);
    slots_.allow(static_cast<std::size_t>(settings.scp.max_associations));
    spool_.keep_free(static_cast<std::uint64_t>(settings.storage.min_free_mb) * kMebi);
    const MutexLock lock(mutex_);
    rules_.swap(next);
}

std::shared_ptr<const Sessions::Rules> Sessions::rules() const {
    const MutexLock lock(mutex_);
    return rules_;
}

Sessions::~Sessions() {
    raise(closing_);
    raise(give_up_);
    std::list<Running> left;
    {
        const MutexLock lock(mutex_);
        left.swap(running_);
    }
    for (auto& session : left) session.thread.join();
}

void Sessions::start(PendingConnection pending) {
    join_finished();
    if (pending.listener->tls) {
        pending.handshake = handshakes_.stand(pending.fd.get(), network_of(pending.address));
    }
    auto taken = std::make_shared<PendingConnection>(std::move(pending));
    auto done = std::make_shared<std::atomic<bool>>(false);
    const MutexLock lock(mutex_);
    try {
        std::thread thread([this, taken, done, rules = rules_] {
            serve(std::move(*taken), rules->context);
            one_ended();
            *done = true;
        });
        running_.push_back({std::move(thread), done});
        set_open(open_ + 1);
    } catch (const std::system_error& error) {  // no thread: this caller loses its connection
        log::event(log::Level::error, "association.refused",
                   {{"assoc", taken->association}, {"why", error.what()}});
    }
}

void Sessions::one_ended() {
    const MutexLock lock(mutex_);
    set_open(open_ - 1);
    ended_.notify_all();
}

void Sessions::set_open(std::size_t open) {
    open_ = open;
    metrics::set("bucky_associations_open", static_cast<double>(open_));
}

void Sessions::join_finished() {
    std::list<Running> finished;
    {
        const MutexLock lock(mutex_);
        for (auto at = running_.begin(); at != running_.end();) {
            const auto next = std::next(at);
            if (*at->done) finished.splice(finished.end(), running_, at);
            at = next;
        }
    }
    for (auto& session : finished) session.thread.join();
}

bool Sessions::drain(std::chrono::milliseconds at_most) {
    raise(closing_);
    MutexLock lock(mutex_);
    return ended_.wait_for(lock, at_most, [this]() REQUIRES(mutex_) { return open_ == 0; });
}

std::size_t Sessions::open() const {
    const MutexLock lock(mutex_);
    return open_;
}

}  // namespace bucky::scp
