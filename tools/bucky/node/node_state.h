// SPDX-License-Identifier: Apache-2.0
// The inside of Node. node.cpp puts it together and takes it apart, node_reload.cpp changes its
// settings while it runs, node_watch.cpp looks after it, node_sites.cpp speaks with its service or
// with its sites, node_packages.cpp asks the service for newer packages, node_coverage.cpp asks the
// archives what came, node_alerts.cpp tells troubles elsewhere. Only these seven include it.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <future>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/ranges.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>

#include "conf/base/clock.h"
#include "conf/base/error.h"
#include "conf/base/mutex.h"
#include "conf/observe/audit.h"
#include "conf/observe/log.h"
#include "conf/observe/metrics.h"
#include "conf/run/wakeup.h"
#include "scp/receive/front_door.h"
#include "scp/wire/unique_fd.h"
#include "storage/database.h"
#include "storage/disk_reserve.h"
#include "storage/expiry.h"
#include "storage/log_watch.h"
#include "storage/recover.h"
#include "storage/retention.h"
#include "storage/spool.h"
#include "tools/bucky/admin/admin.h"
#include "tools/bucky/admin/health.h"
#include "tools/bucky/admin/minute_stats.h"
#include "tools/bucky/admin/status_page.h"
#include "tools/bucky/alert/alerts.h"
#include "tools/bucky/audit/trail.h"
#include "tools/bucky/coverage/coverage.h"
#include "tools/bucky/engine/model_pool.h"
#include "tools/bucky/fleet/fleet.h"
#include "tools/bucky/node/data_lock.h"
#include "tools/bucky/node/node.h"
#include "tools/bucky/node/package_watch.h"
#include "tools/bucky/node/reload.h"
#include "tools/bucky/node/sender_watch.h"
#include "tools/bucky/node/supervisor.h"
#include "tools/bucky/node/thread_group.h"
#include "tools/bucky/pipeline/infer_worker.h"
#include "tools/bucky/pipeline/reingest_worker.h"
#include "tools/bucky/pipeline/report_worker.h"
#include "tools/bucky/pipeline/worker.h"
#include "tools/bucky/remote/offers.h"
#include "tools/bucky/sandbox/decoder_pool.h"
#include "tools/bucky/sandbox/landlock.h"
#include "tools/bucky/service/service.h"
#include "tools/bucky/shared/secret.h"
#include "tools/bucky/sites/crl_keeper.h"
#include "tools/bucky/sites/est.h"
#include "tools/bucky/sites/join.h"
#include "tools/bucky/sites/site_control.h"

namespace bucky {

/// How often the watch thread looks at the database, the queues and the disk, for /readyz.
inline constexpr auto kLookPeriod = std::chrono::seconds{1};

/// Loads the packages that these settings name, and logs each.
std::shared_ptr<const inference::Shelf> load_models(const conf::Settings& settings,
                                                    const inference::Shelf* before = nullptr);

/// Gives the disk's reserve to the database when the disk is full.
void give_if_full(storage::DiskReserve& reserve);

struct Node::Impl {
    Impl(conf::Settings told, std::function<conf::Settings()> reread_);

    using Told = std::shared_ptr<const conf::Settings>;
    Told settings() const {
        const MutexLock guard(in_force_mutex);
        return in_force;
    }

    mutable Mutex in_force_mutex;
    Told in_force GUARDED_BY(in_force_mutex);  ///< exchanged whole by a reload
    const Supervisor supervisor;
    const scp::UniqueFd give_up{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    std::jthread stop_timer;  ///< while stopping; ends when everything below has
    const std::function<conf::Settings()> reread;
    SystemClock clock;
    std::optional<AuditTrail> trail;  ///< outlives all who tell it something
    Wakeup work, reload_asked_for, returned_are_done;
    DataLock lock;
    storage::DiskReserve reserve;  ///< the watch thread's, once it runs
    storage::Database database;    ///< open for the node's life: no other process takes itself for
                                   ///< the last that uses the file
    storage::Aside aside;
    storage::Recovered returned;
    DecoderPool decoders;  ///< they start while the models load
    ModelPool shelves;
    ReportShared report_shared;

    HealthBoard board;
    MinuteStats minute_stats;                                      ///< the watch thread's
    std::optional<storage::LogWatch> log_watch;                    ///< the same
    PackageWatch package_watch;                                    ///< the same
    SenderWatch sender_watch;                                      ///< the same
    std::vector<Trouble> certificates_end;                         ///< the same
    std::chrono::steady_clock::time_point authority_renewed_at{};  ///< the same
    bool waits_are_too_long = false;  ///< the same: the clock was set back
    StatusBoard status;
    std::atomic<bool> is_closing = false;
    std::promise<int> first_signal;

    boost::asio::io_context io;
    boost::asio::signal_set signals, hangups;
    scp::FrontDoor door;
    std::optional<Admin> admin;
    Fleet fleet{BUCKY_VERSION};      ///< the sites of the model server
    std::optional<Service> service;  ///< the model server

    mutable Mutex offers_mutex;
    std::vector<Offer> offers GUARDED_BY(offers_mutex);  ///< by the service, and not taken
    Wakeup look_for_packages, look_at_archives;          ///< ring after a reload

    mutable Mutex coverage_mutex;
    std::vector<Coverage> coverage GUARDED_BY(coverage_mutex);  ///< the last of each archive

    Alerts alerts;  ///< its own thread's, but for troubles()

    mutable Mutex note_mutex;
    RunningNote note GUARDED_BY(note_mutex);  ///< changed by note_down()
    ThreadGroup threads;
    std::jthread asio;

    ThreadGroup::Generation gather(const Told& told, const inference::Shelf& shelf);
    void start_keepers();
    void heed_signals();
    void heed_hangups();
    void reload_when_asked(std::stop_token stop);
    void reload();
    void note_down(const std::function<void(RunningNote&)>& change);
    RunningNote noted() const;
    std::size_t take_up(conf::Settings read, std::vector<std::string>& waiting);
    std::vector<Trouble> own_troubles() const;
    std::vector<Trouble> missed_senders(storage::Database& db);
    void look_at_certificates();
    void keep_alerts(const std::stop_token& stop);
    void look_around(storage::Database& db);
    void shorten_waits(storage::Database& db);
    void tell_page(storage::Database& db, const Health& health);
    void let_go(storage::Database& db);
    void open_service(const conf::Settings& told);
    void renew_authority();
    void keep_certificate(const std::stop_token& stop);
    void keep_list(const std::stop_token& stop);
    void beat(const std::stop_token& stop);
    void keep_packages(const std::stop_token& stop);
    bool ask_for_packages(const conf::Settings& told);
    std::vector<Offer> offered() const;
    Coverage cover(const conf::Settings& told, const conf::ArchiveSettings& archive,
                   const std::stop_token& stop);
    void keep_coverage(const std::stop_token& stop);
    std::vector<Coverage> compared() const;
    std::string rows_of_sites();
    EstAnswer answer_site(const EstRequest& request);
    void say_alive();
    void watch(storage::Database& db, const std::stop_token& stop);
    std::vector<std::string> not_ready() const;
};

}  // namespace bucky
