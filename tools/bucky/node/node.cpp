// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/node/node.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <future>
#include <mutex>
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
#include "tools/bucky/audit/trail.h"
#include "tools/bucky/engine/model_pool.h"
#include "tools/bucky/node/data_lock.h"
#include "tools/bucky/node/generation_plan.h"
#include "tools/bucky/node/reload.h"
#include "tools/bucky/node/supervisor.h"
#include "tools/bucky/node/thread_group.h"
#include "tools/bucky/pipeline/infer_worker.h"
#include "tools/bucky/pipeline/reingest_worker.h"
#include "tools/bucky/pipeline/report_worker.h"
#include "tools/bucky/pipeline/worker.h"
#include "tools/bucky/sandbox/decoder_pool.h"
#include "tools/bucky/sandbox/landlock.h"
#include "tools/bucky/shared/secret.h"

namespace bucky {
namespace {

using namespace std::chrono_literals;

constexpr auto kForTheEnd = 10s;  // that a process takes to give its memory back, on a busy machine
constexpr auto kLookPeriod = 1s;  // at the database, the queues and the disk, for /readyz

/// Of node.stop_timeout_s: for associations to end by themselves.
constexpr int kDrainPercent = 60;

/// Two syncs each: a tenth of a second now and then, and 800,000 studies a day.
constexpr int kStudiesLetGoAtOnce = 20;

constexpr std::int64_t kStudiesOnPage = 20;

/// As many images are decoded at a time; infer workers and reports share them.
std::size_t decode_workers() {
    return std::max(2U, std::thread::hardware_concurrency() / 2);
}

std::vector<std::string> decoder_command() {
    if (landlock_version() == 0) {
        log::event(log::Level::warning, "decoder.no_landlock",
                   {{"words", "this kernel has none: decoders can read what the service can"}});
    }
    return DecoderPool::own_command();
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

std::uint64_t min_free_bytes(const conf::Settings& settings) {
    return static_cast<std::uint64_t>(settings.storage.min_free_mb) << 20U;
}

void give_if_full(storage::DiskReserve& reserve) {
    if (!reserve.look()) return;
    log::event(log::Level::warning, "disk.reserve_given",
               {{"words", "the disk is full: the database has this room, images are refused"},
                {"bytes", reserve.bytes()}});
}

/// On a full disk, too: what may leave has to leave, and results have to be sent.
std::filesystem::path database_with_room(const conf::Settings& settings,
                                         storage::DiskReserve& reserve) {
    give_if_full(reserve);
    return settings.database_file();
}

storage::Recovered recovered(storage::Database& db, const conf::Settings& settings,
                             const Clock& clock, storage::Aside& aside) {
    storage::doubt_after_gap(db, clock);
    const auto found = storage::recover(db, settings.node.data_dir, clock, aside);
    const bool is_odd = found.images_found > 0 || found.results_aside > 0;
    log::event(is_odd ? log::Level::warning : log::Level::info, "node.recovered",
               {{"files_swept", found.files_swept},
                {"images_found", found.images_found},
                {"results_aside", found.results_aside},
                {"jobs_returned", found.jobs_returned}});
    return found;
}

void show(const Health& health, std::int64_t now_ms) {
    for (const auto& lane : health.lanes) {
        const auto set = [&](const char* state, std::int64_t jobs) {
            metrics::set("bucky_jobs", static_cast<double>(jobs),
                         {{"lane", lane.lane}, {"state", state}});
        };
        set("ready", lane.ready);
        set("running", lane.running);
        set("parked", lane.parked);
        metrics::set("bucky_jobs_failing", static_cast<double>(lane.failing),
                     {{"lane", lane.lane}});
        const auto waits_ms = lane.oldest_waiting_ms == 0
                                  ? 0
                                  : std::max<std::int64_t>(now_ms - lane.oldest_waiting_ms, 0);
        const bool is_unowned =
            std::ranges::find(health.unowned, lane.lane) != health.unowned.end();
        const auto unowned = is_unowned ? lane.ready + lane.running + lane.parked : 0;
        metrics::set("bucky_unowned_jobs", static_cast<double>(unowned), {{"lane", lane.lane}});
        metrics::set("bucky_oldest_job_seconds", static_cast<double>(waits_ms) / 1000.0,
                     {{"lane", lane.lane}});
    }
    metrics::set("bucky_database_sound", health.database.empty() ? 1 : 0);
    const auto& aside = health.aside;
    for (const auto& [kind, files] :
         {std::pair{"image", aside.images}, std::pair{"copy", aside.copies},
          std::pair{"result", aside.results}}) {
        metrics::set("bucky_aside_files", static_cast<double>(files), {{"kind", kind}});
    }
    metrics::set("bucky_disk_free_bytes", static_cast<double>(health.free_bytes));
    metrics::set("bucky_disk_size_bytes", static_cast<double>(health.disk_bytes));
}

/// Whoever else comes first, those whom the config names are told apart in the metrics.
void keep_series_of_tenants(const conf::Settings& settings) {
    std::vector<std::string> names;
    for (const auto& tenant : settings.tenants) names.push_back(tenant.ae_title.str());
    for (const auto& peer : settings.peers) {
        if (!peer.tenant.empty()) names.push_back(peer.tenant);
    }
    metrics::keep_series("tenant", names);
}

std::vector<std::string> clock_troubles(storage::Database& db, const Clock& clock) {
    std::vector<std::string> all{clock.steps().trouble()};
    for (const auto step_ms : clock.steps().take_untold()) {
        metrics::count("bucky_clock_steps_total",
                       {{"direction", step_ms > 0 ? "forward" : "back"}});
        log::event(log::Level::warning, "clock.stepped",
                   {{"by_s", step_ms / 1000}, {"words", all.front()}});
    }
    try {
        all.push_back(storage::clock_behind(db, clock));
    } catch (const Error&) {  // look() tells of a database that does not answer
    }
    std::erase(all, "");
    return all;
}

std::vector<ModelLine> model_lines(const inference::Shelf& shelf) {
    std::vector<ModelLine> lines;
    for (const auto& [package, model, shadow] : shelf.packages()) {
        lines.push_back({package.identity.name, package.identity.version, model->device(),
                         shadow ? "shadow" : "reports", model->answers()});
    }
    if (const auto* gate = shelf.gate()) {
        const auto& identity = gate->package().identity;
        lines.push_back({identity.name, identity.version, "-", "gate", true});
    }
    return lines;
}

}  // namespace

struct Node::Impl {
    Impl(conf::Settings told, std::function<conf::Settings()> reread_)
        : in_force(std::make_shared<const conf::Settings>(std::move(told))),
          reread(std::move(reread_)),
          lock(in_force->node.data_dir),
          reserve(in_force->node.data_dir, min_free_bytes(*in_force)),
          database(database_with_room(*in_force, reserve)),
          aside(in_force->node.data_dir, clock),
          returned(recovered(database, *in_force, clock, aside)),
          decoders(decode_workers(), decoder_command()),
          shelves(load_models(*in_force)),
          signals(io),
          hangups(io),
          door(io, *in_force, clock, work) {}

    using Told = std::shared_ptr<const conf::Settings>;
    Told settings() const {
        const std::lock_guard guard(in_force_mutex);
        return in_force;
    }

    mutable std::mutex in_force_mutex;
    Told in_force;  ///< exchanged whole by a reload
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
    MinuteStats minute_stats;                    ///< the watch thread's
    std::optional<storage::LogWatch> log_watch;  ///< the same
    StatusBoard status;
    std::atomic<bool> is_closing = false;
    std::promise<int> first_signal;

    boost::asio::io_context io;
    boost::asio::signal_set signals, hangups;
    scp::FrontDoor door;
    std::optional<Admin> admin;

    std::mutex note_mutex;
    RunningNote note;  ///< changed by note_down()
    ThreadGroup threads;
    std::jthread asio;

    ThreadGroup::Generation gather(const Told& told, const inference::Shelf& shelf);
    void start_keepers();
    void heed_signals();
    void heed_hangups();
    void reload_when_asked(std::stop_token stop);
    void reload();
    void note_down(const std::function<void(RunningNote&)>& change);
    std::size_t take_up(conf::Settings read, std::vector<std::string>& waiting);
    std::vector<std::string> own_troubles() const;
    void look_around(storage::Database& db);
    void tell_page(storage::Database& db, const Health& health);
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
        signals.async_wait([this](const boost::system::error_code& late, int second) {
            if (late) return;
            decoders.kill_all();
            std::_Exit(128 + second);  // as a shell reports a death by signal
        });
    });
}

void Node::Impl::heed_hangups() {
    hangups.async_wait([this](const boost::system::error_code& failed, int) {
        if (failed) return;
        reload_asked_for.ring();
        heed_hangups();
    });
}

/// Loading takes seconds and memory for both shelves, so it has a thread of its own. The images and
/// the reports that the last process left behind are done first: each kind alone (plan_together()).
void Node::Impl::reload_when_asked(std::stop_token stop) {
    while (!stop.stop_requested() && returned_are_done.rings() < 2) {
        returned_are_done.wait_beyond(1, stop, kLookPeriod);
    }
    for (std::uint64_t seen = 0; !stop.stop_requested();) {
        const auto rings = reload_asked_for.rings();
        if (rings == seen) {
            reload_asked_for.wait_beyond(seen, stop, kLookPeriod);
            continue;
        }
        seen = rings;
        supervisor.reloading();
        reload();
        supervisor.ready();
    }
}

/// All or nothing: what is wrong is found before anything changes.
void Node::Impl::reload() {
    const auto begun_ms = clock.now_ms();
    std::string refused;
    std::vector<std::string> waiting;
    try {
        const auto changed = take_up(reread(), waiting);
        metrics::count("bucky_reloads_total", {{"outcome", "applied"}});
        audit::tell({.kind = audit::Kind::configured,
                     .words = fmt::format("reload applied, {} keys changed", changed)});
        log::event("reload.applied", {{"changes", changed},
                                      {"packages", shelves.now()->packages().size()},
                                      {"waiting", fmt::format("{}", fmt::join(waiting, ","))}});
    } catch (const std::exception& error) {
        refused = error.what();
        metrics::count("bucky_reloads_total", {{"outcome", "refused"}});
        audit::tell({.kind = audit::Kind::configured,
                     .outcome = audit::Outcome::minor_failure,
                     .words = refused});
        log::event(log::Level::error, "reload.refused", {{"words", error.what()}});
    }
    note_down([&](RunningNote& of_it) {
        of_it.last_begun_ms = begun_ms;
        if (refused.empty()) of_it.waiting = std::move(waiting);
        of_it.in_force = conf::spelled_out(*settings());
        of_it.refused = std::move(refused);
        ++of_it.reloads;
    });
}

void Node::Impl::note_down(const std::function<void(RunningNote&)>& change) {
    const std::lock_guard guard(note_mutex);
    change(note);
    leave_note(settings()->node.data_dir, note);
}

/// The images and results at hand are finished by those who began them, with the settings and the
/// models that they began with; the next are for the next generation, which stands ready before
/// anything changes. Returns how many keys changed, and which `waiting` for a restart.
std::size_t Node::Impl::take_up(conf::Settings read, std::vector<std::string>& waiting) {
    const Told before = settings();
    waiting = keep_until_restart(*before, read);
    auto models = load_models(read, shelves.now().get());
    const auto changes = conf::differences(conf::spelled_out(*before), conf::spelled_out(read));
    const auto next = std::make_shared<const conf::Settings>(std::move(read));
    auto generation = gather(next, *models);
    door.adopt(*next);  // the last that may be refused
    take_up_log(next->log);
    shelves.exchange(std::move(models));
    {
        const std::lock_guard guard(in_force_mutex);
        in_force = next;
    }
    threads.exchange(std::move(generation));
    return changes.size();
}

/// Everyone who works by these settings, ready to begin. As many infer workers as keep every
/// replica busy while others decode and prepare.
ThreadGroup::Generation Node::Impl::gather(const Told& told, const inference::Shelf& shelf) {
    keep_series_of_tenants(*told);
    std::vector<ThreadGroup::Planned> plan;
    const GenerationPlan by{told, clock, work, give_up.get()};
    by.plan_workers(
        plan, "infer", preparers_for(*told, shelf), returned.images_returned, returned_are_done,
        [&] { return std::make_shared<InferWorker>(*told, shelves, clock, work, decoders); });
    by.plan_workers(plan, "report", reporters_for(*told), returned.reports_returned,
                    returned_are_done, [&] {
                        return std::make_shared<ReportWorker>(
                            *told, clock, work, report_shared, decoders,
                            [this](const auto& file) { return decoders.source(file); });
                    });
    by.plan_senders(plan);
    auto generation = ThreadGroup::gather(std::move(plan));
    returned.images_returned = returned.reports_returned = 0;  // the first generation's alone
    return generation;
}

void Node::Impl::start_keepers() {
    if (reread) {
        hangups.add(SIGHUP);
        heed_hangups();
        threads.start("reload",
                      [this](std::stop_token stop) { reload_when_asked(std::move(stop)); });
    }
    threads.start("reingest", [this, told = settings()](const std::stop_token& stop) {
        reingest(*told, clock, aside, work, stop);
    });
    threads.start("watch", [this](std::stop_token stop) { watch(std::move(stop)); });
}

/// What no other process can see.
std::vector<std::string> Node::Impl::own_troubles() const {
    std::vector<std::string> all;
    const auto shelf = shelves.now();
    for (const auto& loaded : shelf->packages()) {
        std::ranges::move(loaded.model->troubles(), std::back_inserter(all));
        metrics::set("bucky_model_answers", loaded.model->answers() ? 1 : 0,
                     {{"model", loaded.package.identity.name}});
    }
    if (auto log = log::trouble(); !log.empty()) all.push_back(std::move(log));
    if (trail) std::ranges::move(trail->troubles(), std::back_inserter(all));
    std::ranges::move(aside_troubles(aside), std::back_inserter(all));
    return all;
}

void Node::Impl::look_around(storage::Database& db) {
    auto health = look(*settings(), clock, db);
    health.aside = aside.held();
    auto own = own_troubles();
    std::ranges::move(clock_troubles(db, clock), std::back_inserter(own));
    if (!log_watch) log_watch.emplace(settings()->database_file());
    std::ranges::move(log_watch->look(std::chrono::steady_clock::now()), std::back_inserter(own));
    metrics::set("bucky_database_log_bytes", static_cast<double>(log_watch->log_bytes()));
    health.troubles.insert(health.troubles.end(), own.begin(), own.end());
    for (const auto& found : health.database) {  // other processes open other files
        own.push_back(found);
        if (std::ranges::count(note.troubles, found) > 0) continue;
        log::event(log::Level::error, "database.trouble", {{"words", found}});
    }
    if (own != note.troubles) note_down([&](RunningNote& of_it) { of_it.troubles = own; });
    show(health, clock.now_ms());
    tell_page(db, health);
    board.publish(std::move(health));
}

/// Everything that the status page shows. A database that does not answer is one of its troubles.
void Node::Impl::tell_page(storage::Database& db, const Health& health) {
    const auto told = settings();
    const auto now_ms = clock.now_ms();
    minute_stats.note(now_ms, Counters::now());
    StatusLook look;
    look.version = BUCKY_VERSION;
    look.ae_title = told->node.ae_title.str();
    look.now_ms = now_ms;
    look.since_ms = note.since_ms;
    look.health = health;
    look.destinations = told->destinations;
    look.models = model_lines(*shelves.now());
    look.hour = minute_stats.bars(now_ms, 1, 60);
    look.quarter_day = minute_stats.bars(now_ms, 5, 72);
    look.day = minute_stats.bars(now_ms, 20, 72);
    try {
        look.studies = storage::Studies{db, clock}.recent(kStudiesOnPage);
    } catch (const Error& error) {
        look.health.troubles.emplace_back(error.what());
    }
    status.publish(std::move(look));
}

/// What has been delivered and has had its time. A disk or a database that does not answer costs
/// this sweep; /readyz tells of it.
void Node::Impl::let_go(storage::Database& db) {
    if (!board.last().database.empty()) return;  // it may name what is needed
    constexpr std::int64_t kDayMs = 24LL * 3600 * 1000;
    const auto told = settings();
    const auto& keep = told->storage;
    const storage::KeepRules rules{keep.keep_days * kDayMs, keep.keep_mb * 1'000'000,
                                   keep.journal_days * kDayMs};
    try {
        storage::Retention retention{db, told->node.data_dir, clock, rules};
        const auto swept = retention.sweep(kStudiesLetGoAtOnce);
        aside.sweep(rules.keep_ms);
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
    storage::Database db{settings()->database_file(), storage::Database::Mode::existing};
    while (!stop.stop_requested()) {
        Wakeup{}.wait_beyond(0, stop, kLookPeriod);
        give_if_full(reserve);
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
    metrics::set("bucky_build_info", 1, {{"version", BUCKY_VERSION}});
    node.heed_signals();
    const auto told = node.settings();
    node.trail.emplace(told->audit, audit_source(told->node.ae_title.str()), node.clock);
    storage::Database db{told->database_file(), storage::Database::Mode::existing};
    node.note.since_ms = node.clock.now_ms();
    node.look_around(db);  // before anyone can ask
    if (const auto& listen = told->admin.listen; !listen.empty()) {
        const auto& token = told->admin.token_file;
        node.admin.emplace(
            node.io, listen, [&node] { return node.not_ready(); },
            token.empty() ? std::string{} : read_secret(token),
            [&node] { return to_json(node.status.last()); });
    }
    node.note_down([&told](RunningNote& of_it) {
        of_it.process = std::to_string(::getpid());
        of_it.in_force = conf::spelled_out(*told);
    });
    auto generation = node.gather(told, *node.shelves.now());
    node.door.open();
    node.threads.exchange(std::move(generation));
    node.start_keepers();
    node.asio = named_thread("asio", [&node](std::stop_token) { node.io.run(); });
    audit::tell({.kind = audit::Kind::started, .words = "version " BUCKY_VERSION});
    log::event("node.ready", {{"dicom_port", dicom_port()},
                              {"admin_port", admin_port()},
                              {"ae_title", told->node.ae_title.str()},
                              {"version", BUCKY_VERSION}});
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
    const std::chrono::seconds at_most{node.settings()->node.stop_timeout_s};
    const std::chrono::milliseconds whole = at_most;
    node.supervisor.stopping(at_most + kForTheEnd);
    node.door.close();
    node.threads.ask_to_stop();
    node.stop_timer = named_thread("stop", [&node, whole, all = node.threads.watched()](
                                               const std::stop_token& in_time) {
        stop_within(in_time, whole, node.give_up.get(), all, [&node] { node.decoders.kill_all(); });
    });
    if (!node.door.drain(whole * kDrainPercent / 100)) {
        log::event(log::Level::warning, "node.impatient",
                   {{"associations_left", node.door.open_associations()}});
    }
    node.threads.join();
    node.door.shut();
    boost::asio::post(node.io, [&node] { node.io.stop(); });
    if (node.asio.joinable()) node.asio.join();
    audit::tell({.kind = audit::Kind::stopped});
    node.trail.reset();
    log::event("node.stopped");
}

std::uint16_t Node::dicom_port() const {
    return impl_->door.port();
}

std::uint16_t Node::admin_port() const {
    return impl_->admin ? impl_->admin->port() : std::uint16_t{0};
}

}  // namespace bucky
