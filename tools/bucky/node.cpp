// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/node.h"

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

#include <pthread.h>
#include <sys/eventfd.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>

#include "conf/base/clock.h"
#include "conf/base/error.h"
#include "conf/base/log.h"
#include "conf/base/metrics.h"
#include "conf/base/wakeup.h"
#include "scp/committer.h"
#include "scp/courier.h"
#include "scp/front_door.h"
#include "scp/pledger.h"
#include "scp/wire/unique_fd.h"
#include "storage/database.h"
#include "storage/intake.h"
#include "storage/retention.h"
#include "tools/bucky/admin.h"
#include "tools/bucky/data_lock.h"
#include "tools/bucky/decode_workers.h"
#include "tools/bucky/health.h"
#include "tools/bucky/pipeline.h"
#include "tools/bucky/shelf_stand.h"
#include "tools/bucky/supervisor.h"
#include "tools/bucky/worker.h"

namespace bucky {
namespace {

using namespace std::chrono_literals;

constexpr auto kForTheEnd = 10s;  // that a process takes to give its memory back, on a busy machine
constexpr auto kLookPeriod = 2s;  // at the queues and the disk, for /readyz and /metrics

/// Of node.stop_timeout_s: for associations to end by themselves, and until who still waits for a
/// peer is called back. The rest is for ending in order.
constexpr int kDrainPercent = 60;
constexpr int kGiveUpPercent = 80;

/// Two syncs each: a tenth of a second now and then, and 800,000 studies a day.
constexpr int kStudiesLetGoAtOnce = 20;

/// As many images are decoded at a time; infer workers and reports share them.
std::size_t decode_workers() {
    return std::max(2U, std::thread::hardware_concurrency() / 2);
}

/// A thread that `top -H` and a debugger show by name. What escapes its function is logged, then
/// ends the process: a node without one of its threads would be silent about what it leaves undone.
template <typename Function>
std::jthread named_thread(const char* name, Function function) {
    return std::jthread{[name, function = std::move(function)](std::stop_token stop) {
        ::pthread_setname_np(::pthread_self(), name);
        try {
            function(std::move(stop));
        } catch (const std::exception& error) {
            log::event(log::Level::error, "thread.died",
                       {{"thread", name}, {"words", error.what()}});
            std::abort();
        }
    }};
}

/// Whether the function of one of the node's own threads has returned.
struct Watched {
    const char* name;
    std::shared_ptr<std::atomic<bool>> has_ended;
};

struct Worker {
    Watched watched;
    std::jthread thread;
};

template <typename Function>
Worker start_worker(const char* name, Function function) {
    auto has_ended = std::make_shared<std::atomic<bool>>(false);
    return {{name, has_ended},
            named_thread(name, [function = std::move(function), has_ended](std::stop_token stop) {
                function(std::move(stop));
                *has_ended = true;
            })};
}

/// Stopping takes no longer than it may. Who waits for a peer is called back first; who has not
/// ended when the time is over (a model that hangs, a disk that does not answer) is left where he
/// is, for everything that counts is in the database and his job is taken up at the next start.
void insist(const std::stop_token& in_time, std::chrono::milliseconds whole, int give_up_fd,
            const std::vector<Watched>& workers) {
    Wakeup{}.wait_beyond(0, in_time, whole * kGiveUpPercent / 100);
    if (in_time.stop_requested()) return;
    (void)::eventfd_write(give_up_fd, 1);
    Wakeup{}.wait_beyond(0, in_time, whole * (100 - kGiveUpPercent) / 100);
    if (in_time.stop_requested()) return;
    std::string left;
    for (const auto& worker : workers) {
        if (!*worker.has_ended) left += (left.empty() ? "" : ",") + std::string{worker.name};
    }
    log::event(log::Level::warning, "node.left_behind", {{"threads", left}});
    std::_Exit(EXIT_SUCCESS);
}

std::shared_ptr<const inference::Shelf> load_models(const conf::Settings& settings,
                                                    const inference::Shelf* before = nullptr) {
    const auto started = std::chrono::steady_clock::now();
    auto shelf = load_shelf(settings, before);
    const auto took = std::chrono::steady_clock::now() - started;
    for (const auto& [package, model, shadow] : shelf->packages()) {
        log::event("model.loaded", {{"name", package.identity.name},
                                    {"version", package.identity.version},
                                    {"device", model->device()},
                                    {"shadow", shadow},
                                    {"took_ms", took / 1ms},
                                    {"sha256", package.identity.sha256}});
    }
    if (const auto* gate = shelf->gate()) {
        const auto& identity = gate->package().identity;
        log::event("gate.loaded", {{"name", identity.name},
                                   {"version", identity.version},
                                   {"mode", settings.inference.gate},
                                   {"sha256", identity.sha256}});
    }
    return shelf;
}

storage::Recovered recovered(const conf::Settings& settings, const Clock& clock) {
    storage::Database db{settings.database_file()};
    const auto found = storage::recover(db, settings.node.data_dir, clock);
    log::event("node.recovered",
               {{"files_swept", found.files_swept}, {"jobs_returned", found.jobs_returned}});
    return found;
}

void show(const Health& health) {
    for (const auto& lane : health.lanes) {
        const auto set = [&](const char* state, std::int64_t jobs) {
            metrics::set("bucky_jobs", static_cast<double>(jobs),
                         {{"lane", lane.lane}, {"state", state}});
        };
        set("ready", lane.ready);
        set("running", lane.running);
        set("parked", lane.parked);
    }
    metrics::set("bucky_disk_free_bytes", static_cast<double>(health.free_bytes));
}

}  // namespace

struct Node::Impl {
    Impl(conf::Settings told, std::function<conf::Settings()> reread_)
        : settings(std::move(told)),
          reread(std::move(reread_)),
          lock(settings.node.data_dir),
          returned(recovered(settings, clock)),
          decoders(decode_workers()),
          shelves(load_models(settings)),
          signals(io),
          hangups(io),
          door(io, settings, clock, work) {}

    conf::Settings settings;
    const Supervisor supervisor;
    const scp::UniqueFd give_up{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    std::jthread insistence;  ///< while stopping; ends when everything below has
    const std::function<conf::Settings()> reread;
    SystemClock clock;
    Wakeup work, models_asked_for;
    DataLock lock;
    storage::Recovered returned;
    DecodeWorkers decoders;  ///< they start while the models load
    ShelfStand shelves;

    HealthBoard board;
    std::atomic<bool> is_closing = false;
    std::promise<int> first_signal;

    boost::asio::io_context io;
    boost::asio::signal_set signals, hangups;
    scp::FrontDoor door;
    std::optional<Admin> admin;

    std::vector<Worker> workers;
    std::jthread asio;

    void start_workers();
    void heed_signals();
    void heed_hangups();
    void exchange_models(std::stop_token stop);
    void analyse(std::stop_token stop);
    void look_around(storage::Database& db);
    void let_go(storage::Database& db);
    void say_alive();
    void watch(std::stop_token stop);
    std::vector<std::string> not_ready() const;
};

void Node::Impl::heed_signals() {
    signals.add(SIGTERM);
    signals.add(SIGINT);
    signals.async_wait([this](const boost::system::error_code& failed, int signal) {
        if (failed) return;
        first_signal.set_value(signal);
        signals.async_wait([](const boost::system::error_code& late, int second) {
            if (!late) std::_Exit(128 + second);  // as a shell reports a death by signal
        });
    });
}

void Node::Impl::heed_hangups() {
    hangups.async_wait([this](const boost::system::error_code& failed, int) {
        if (failed) return;
        models_asked_for.ring();
        heed_hangups();
    });
}

/// Loading takes seconds and memory for both shelves, so it has a thread of its own; the images at
/// hand are finished by the models they began with.
void Node::Impl::exchange_models(std::stop_token stop) {
    for (std::uint64_t seen = 0; !stop.stop_requested();) {
        const auto rings = models_asked_for.rings();
        if (rings == seen) {
            models_asked_for.wait_beyond(seen, stop, kLookPeriod);
            continue;
        }
        seen = rings;
        try {
            const auto before = shelves.now();
            shelves.exchange(load_models(reread(), before.get()));
            metrics::count("bucky_models_exchanged_total", {{"outcome", "exchanged"}});
            log::event("models.exchanged", {{"packages", shelves.now()->packages().size()}});
        } catch (const std::exception& error) {
            metrics::count("bucky_models_exchanged_total", {{"outcome", "kept"}});
            log::event(log::Level::error, "models.kept", {{"words", error.what()}});
        }
    }
}

/// The images whose analysis the last process did not finish come first, alone: should one of them
/// have ended it, the next death must not be blamed on a neighbour. Then as many workers as keep
/// every replica busy while others decode and prepare.
void Node::Impl::analyse(std::stop_token stop) {
    stand_back();  // and so do the threads that it starts
    InferWorker first{settings, shelves, clock, work, decoders};
    for (auto left = returned.jobs_returned; left > 0 && !stop.stop_requested(); --left) {
        if (!first.work_once()) break;
    }
    std::vector<std::jthread> others;
    while (others.size() + 1 < preparers_for(settings, *shelves.now())) {
        others.push_back(named_thread("infer", [this, stop](const std::stop_token&) {
            InferWorker{settings, shelves, clock, work, decoders}.run(stop);
        }));
    }
    first.run(stop);
}

void Node::Impl::start_workers() {
    workers.push_back(
        start_worker("infer", [this](std::stop_token stop) { analyse(std::move(stop)); }));
    workers.push_back(start_worker("report", [this](std::stop_token stop) {
        stand_back();
        ReportWorker{settings, clock, work, decoders}.run(std::move(stop));
    }));
    for (const auto& destination : settings.destinations) {
        workers.push_back(start_worker("courier", [&](std::stop_token stop) {
            scp::Courier{settings, destination, clock, work, give_up.get()}.run(std::move(stop));
        }));
        if (!destination.commitment) continue;
        workers.push_back(start_worker("committer", [&](std::stop_token stop) {
            scp::Committer{settings, destination, clock, work, give_up.get()}.run(std::move(stop));
        }));
    }
    if (reread) {
        hangups.add(SIGHUP);
        heed_hangups();
        workers.push_back(start_worker(
            "models", [this](std::stop_token stop) { exchange_models(std::move(stop)); }));
    }
    workers.push_back(start_worker("pledger", [this](std::stop_token stop) {
        scp::Pledger{settings, clock, work, give_up.get()}.run(std::move(stop));
    }));
    workers.push_back(
        start_worker("watch", [this](std::stop_token stop) { watch(std::move(stop)); }));
}

void Node::Impl::look_around(storage::Database& db) {
    auto health = look(settings, clock, db);
    const auto shelf = shelves.now();
    for (const auto& loaded : shelf->packages()) {
        const auto troubles = loaded.model->troubles();
        health.troubles.insert(health.troubles.end(), troubles.begin(), troubles.end());
        metrics::set("bucky_model_answers", loaded.model->answers() ? 1 : 0,
                     {{"model", loaded.package.identity.name}});
    }
    show(health);
    board.publish(std::move(health));
}

/// What has been delivered and has had its time. A disk or a database that does not answer costs
/// this sweep; /readyz tells of it.
void Node::Impl::let_go(storage::Database& db) {
    constexpr std::int64_t kDayMs = 24LL * 3600 * 1000;
    const auto& told = settings.storage;
    const storage::KeepRules rules{told.keep_days * kDayMs, told.keep_mb * 1'000'000,
                                   told.journal_days * kDayMs};
    try {
        storage::Retention retention{db, settings.node.data_dir, clock, rules};
        const auto swept = retention.sweep(kStudiesLetGoAtOnce);
        metrics::count("bucky_studies_left_total", {}, static_cast<double>(swept.studies));
        metrics::set("bucky_held_bytes", static_cast<double>(retention.held().bytes));
    } catch (const Error& error) {
        log::event(log::Level::error, "retention.trouble", {{"words", error.what()}});
    }
}

/// Tells the supervisor that the node lives: this thread has been round, so disk and database
/// answer, and the Asio thread says it, so that callers are heard.
void Node::Impl::say_alive() {
    const auto reasons = not_ready();
    supervisor.status(reasons.empty() ? "takes images" : "takes no images: " + reasons.front());
    boost::asio::post(io, [this] { supervisor.alive(); });
}

void Node::Impl::watch(std::stop_token stop) {
    storage::Database db{settings.database_file(), storage::Database::Mode::existing};
    while (!stop.stop_requested()) {
        Wakeup{}.wait_beyond(0, stop, kLookPeriod);
        look_around(db);
        let_go(db);
        say_alive();
    }
}

std::vector<std::string> Node::Impl::not_ready() const {
    if (is_closing) return {"the node is stopping"};
    return board.last().not_ready;
}

Node::Node(conf::Settings settings, std::function<conf::Settings()> reread)
    : impl_(std::make_unique<Impl>(std::move(settings), std::move(reread))) {}

Node::~Node() {
    if (!impl_->is_closing) close();
}

void Node::open() {
    auto& node = *impl_;
    metrics::set("bucky_build_info", 1, {{"version", software_version()}});
    node.heed_signals();
    storage::Database db{node.settings.database_file(), storage::Database::Mode::existing};
    node.look_around(db);  // before anyone can ask
    if (const auto& listen = node.settings.admin.listen; !listen.empty()) {
        node.admin.emplace(node.io, listen, [&node] { return node.not_ready(); });
    }
    node.door.open();
    node.start_workers();
    node.asio = named_thread("asio", [&node](std::stop_token) { node.io.run(); });
    if (node.settings.destinations.empty()) {
        log::event(log::Level::warning, "node.no_destination",
                   {{"words", "results stay in data_dir"}});
    }
    log::event("node.ready", {{"dicom_port", dicom_port()},
                              {"admin_port", admin_port()},
                              {"ae_title", node.settings.node.ae_title.str()},
                              {"version", software_version()}});
    node.supervisor.ready();
    node.say_alive();
}

void Node::wait_for_signal() {
    const int signal = impl_->first_signal.get_future().get();
    log::event("node.stopping", {{"signal", ::strsignal(signal)}});
}

void Node::close() {
    auto& node = *impl_;
    node.is_closing = true;
    const std::chrono::seconds at_most{node.settings.node.stop_timeout_s};
    const std::chrono::milliseconds whole = at_most;
    node.supervisor.stopping(at_most + kForTheEnd);
    std::vector<Watched> watched;
    for (const auto& worker : node.workers) watched.push_back(worker.watched);
    node.insistence = named_thread("stop", [&node, whole, watched](const std::stop_token& in_time) {
        insist(in_time, whole, node.give_up.get(), watched);
    });
    node.door.close();
    for (auto& worker : node.workers) worker.thread.request_stop();
    if (!node.door.drain(whole * kDrainPercent / 100)) {
        log::event(log::Level::warning, "node.impatient",
                   {{"associations_left", node.door.open_associations()}});
    }
    for (auto& worker : node.workers) worker.thread.join();
    node.door.shut();
    boost::asio::post(node.io, [&node] { node.io.stop(); });
    if (node.asio.joinable()) node.asio.join();
    log::event("node.stopped");
}

std::uint16_t Node::dicom_port() const {
    return impl_->door.port();
}

std::uint16_t Node::admin_port() const {
    return impl_->admin ? impl_->admin->port() : std::uint16_t{0};
}

}  // namespace bucky
