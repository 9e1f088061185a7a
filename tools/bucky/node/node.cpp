// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/node/node.h"
#include "conf/observe/first_series.h"
#include "storage/site.h"

#include "tools/bucky/alert/send.h"
#include "tools/bucky/node/node_state.h"
#include "tools/bucky/node/ports.h"
#include "tools/bucky/shared/priority.h"

namespace bucky {
namespace {

using namespace std::chrono_literals;

constexpr auto kForLastAnswers = 2s;  // that a slow line may take to carry them

constexpr auto kForTheEnd = 10s;  // that a process takes to give its memory back, on a busy machine

/// Of node.stop_timeout_s: for associations to end by themselves.
constexpr int kDrainPercent = 60;

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

std::uint64_t min_free_bytes(const conf::Settings& settings) {
    return static_cast<std::uint64_t>(settings.storage.min_free_mb) << 20U;
}

/// A node that nobody can reach ends before it loads a model.
const conf::Settings& with_free_ports(const conf::Settings& settings) {
    check_ports(settings);
    return settings;
}

/// On a full disk, too: what may leave has to leave, and results have to be sent.
storage::Database open_with_room(const conf::Settings& settings, storage::DiskReserve& reserve) {
    give_if_full(reserve);
    return storage::Site{settings.node.data_dir}.open();
}

storage::Recovered recovered(storage::Database& db, const conf::Settings& settings,
                             const Clock& clock, storage::Aside& aside) {
    storage::doubt_at_start(clock);
    const auto found = storage::recover(db, settings.node.data_dir, clock, aside);
    const bool is_odd = found.images_found > 0 || found.results_aside > 0;
    log::event(is_odd ? log::Level::warning : log::Level::info, "node.recovered",
               {{"files_swept", found.files_swept},
                {"images_found", found.images_found},
                {"results_aside", found.results_aside},
                {"jobs_returned", found.jobs_returned}});
    return found;
}

}  // namespace

void give_if_full(storage::DiskReserve& reserve) {
    if (!reserve.look()) return;
    log::event(log::Level::warning, "disk.reserve_given",
               {{"words", "the disk is full: the database has this room, images are refused"},
                {"bytes", reserve.bytes()}});
}

Node::Impl::Impl(conf::Settings told, std::function<conf::Settings()> reread_)
    : in_force(std::make_shared<const conf::Settings>(std::move(told))),
      reread(std::move(reread_)),
      lock(in_force->node.data_dir),
      reserve(with_free_ports(*in_force).node.data_dir, min_free_bytes(*in_force)),
      database(open_with_room(*in_force, reserve)),
      aside(in_force->node.data_dir, clock),
      returned(recovered(database, *in_force, clock, aside)),
      decoders(decode_workers(), decoder_command()),
      shelves(load_models(*in_force)),
      signals(io),
      hangups(io),
      door(io, *in_force, clock, work),
      alerts(in_force->node.data_dir, clock, send_alert) {}

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
    threads.start("site", [this](const std::stop_token& stop) { keep_certificate(stop); });
    threads.start("heartbeat", [this](const std::stop_token& stop) { beat(stop); });
    threads.start("packages", [this](const std::stop_token& stop) { keep_packages(stop); });
    threads.start("alerts", [this](const std::stop_token& stop) { keep_alerts(stop); });
    threads.start("coverage", [this](const std::stop_token& stop) { keep_coverage(stop); });
    if (fetches_list(settings()->service)) {
        threads.start("list", [this](const std::stop_token& stop) { keep_list(stop); });
    }
    // Opened here: a database that is gone in this very moment is an error of the start, or a
    // trouble that the watch reports, and never the end of a thread.
    const storage::Site site{settings()->node.data_dir};
    const std::shared_ptr<storage::Database> db =
        site.open_on_heap(storage::Database::Mode::existing);
    threads.start("watch", [this, db](const std::stop_token& stop) { watch(*db, stop); });
}

void Node::open() {
    auto& node = *impl_;
    metrics::set("bucky_build_info", 1, {{"version", BUCKY_VERSION}});
    metrics::begin_at_zero();
    node.heed_signals();
    const auto told = node.settings();
    node.trail.emplace(told->audit, audit_source(told->node.ae_title.str()), node.clock);
    storage::Database db =
        storage::Site{told->node.data_dir}.open(storage::Database::Mode::existing);
    {
        const MutexLock guard(node.note_mutex);
        node.note.since_ms = node.clock.now_ms();
    }
    node.look_around(db);  // before anyone can ask
    if (const auto& listen = told->admin.listen; !listen.empty()) {
        const auto& token = told->admin.token_file;
        node.admin.emplace(
            node.io, listen, [&node] { return node.not_ready(); },
            token.empty() ? std::string{} : read_secret(token),
            [&node] { return to_json(node.status.last()); },
            told->service.listen.empty() ? Admin::Status{}
                                         : [&node] { return node.rows_of_sites(); });
    }
    node.note_down([&told](RunningNote& of_it) {
        of_it.process = std::to_string(::getpid());
        of_it.in_force = conf::spelled_out(*told);
    });
    node.open_service(*told);
    auto generation = node.gather(told, *node.shelves.now());
    node.door.open();
    if (node.service) node.service->open();
    node.threads.exchange(std::move(generation));
    node.start_keepers();
    node.asio = named_thread("asio", [&node](std::stop_token) { node.io.run(); });
    audit::tell({.kind = audit::Kind::started, .words = "version " BUCKY_VERSION});
    log::event("node.ready", {{"dicom_port", dicom_port()},
                              {"web_port", web_port()},
                              {"admin_port", admin_port()},
                              {"service_port", node.service ? node.service->port() : 0},
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
    storage::mark_stopping(node.settings()->node.data_dir);
    const std::chrono::seconds at_most{node.settings()->node.stop_timeout_s};
    const std::chrono::milliseconds whole = at_most;
    node.supervisor.stopping(at_most + kForTheEnd);
    node.door.close();
    if (node.service) node.service->close();
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
    if (node.service) node.service->shut(kForLastAnswers);
    node.door.shut();
    boost::asio::post(node.io, [&node] { node.io.stop(); });
    if (node.asio.joinable()) node.asio.join();
    audit::tell({.kind = audit::Kind::stopped});
    node.trail.reset();
    log::event("node.stopped");
}

std::uint16_t Node::dicom_port() const {
    const auto told = impl_->settings();
    return has_senders(*told) ? impl_->door.port() : std::uint16_t{0};  // 0: it only serves models
}

std::uint16_t Node::web_port() const {
    const auto told = impl_->settings();
    if (told->web.listen.empty()) return 0;
    return impl_->door.port((told->scp.plain ? 1U : 0U) + told->listeners.size());
}

std::uint16_t Node::admin_port() const {
    return impl_->admin ? impl_->admin->port() : std::uint16_t{0};
}

}  // namespace bucky
