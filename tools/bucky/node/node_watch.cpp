// SPDX-License-Identifier: Apache-2.0
// What the node looks at once a second: its health, the metrics that are states, the status page,
// what may leave the disk, and the supervisor that wants to hear from it.
#include "tools/bucky/node/node_state.h"

#include "storage/waits.h"
#include "tools/bucky/engine/model_purposes.h"
#include "tools/bucky/engine/precedence.h"
#include "tools/bucky/node/certificate_watch.h"

namespace bucky {
namespace {

/// Two syncs each: a tenth of a second now and then, and 800,000 studies a day.
constexpr int kStudiesLetGoAtOnce = 20;

constexpr std::int64_t kStudiesOnPage = 20;

constexpr int kLooksPerCertificate = 60;  ///< a minute

void set_jobs(const storage::Lane& lane, const char* state, std::int64_t jobs) {
    metrics::set("bucky_jobs", static_cast<double>(jobs),
                 {{"lane", name_of(lane)}, {"state", state}});
}

/// A lane that has had no job yet has its series all the same.
void show_empty(const Health& health, const conf::Settings& settings) {
    std::vector<storage::Lane> lanes{storage::Lane::infer(), storage::Lane::report()};
    for (const auto& destination : settings.destinations) {
        lanes.push_back(storage::Lane::deliver(destination.name));
        if (destination.commitment) lanes.push_back(storage::Lane::commit(destination.name));
    }
    for (const auto& lane : lanes) {
        const bool has_jobs = std::ranges::any_of(
            health.lanes, [&](const storage::Backlog& one) { return one.lane == lane; });
        if (has_jobs) continue;
        for (const auto* state : {"ready", "running", "parked"}) set_jobs(lane, state, 0);
        for (const auto* name :
             {"bucky_jobs_failing", "bucky_unowned_jobs", "bucky_oldest_job_seconds"}) {
            metrics::set(name, 0, {{"lane", name_of(lane)}});
        }
    }
}

void show(const Health& health, std::int64_t now_ms) {
    for (const auto& lane : health.lanes) {
        const auto name = name_of(lane.lane);
        set_jobs(lane.lane, "ready", lane.ready);
        set_jobs(lane.lane, "running", lane.running);
        set_jobs(lane.lane, "parked", lane.parked);
        metrics::set("bucky_jobs_failing", static_cast<double>(lane.failing), {{"lane", name}});
        const auto waits_ms = lane.oldest_waiting_ms == 0
                                  ? 0
                                  : std::max<std::int64_t>(now_ms - lane.oldest_waiting_ms, 0);
        const bool is_unowned =
            std::ranges::find(health.unowned, lane.lane) != health.unowned.end();
        const auto unowned = is_unowned ? lane.ready + lane.running + lane.parked : 0;
        metrics::set("bucky_unowned_jobs", static_cast<double>(unowned), {{"lane", name}});
        metrics::set("bucky_oldest_job_seconds", static_cast<double>(waits_ms) / 1000.0,
                     {{"lane", name}});
    }
    metrics::set("bucky_database_sound", health.database.empty() ? 1 : 0);
    const auto& aside = health.aside;
    for (const auto& [kind, files] :
         {std::pair{"image", aside.images}, std::pair{"copy", aside.copies},
          std::pair{"result", aside.results}}) {
        metrics::set("bucky_aside_files", static_cast<double>(files), {{"kind", kind}});
    }
    std::map<Concern, int> rows;
    for (const auto& one : health.troubles) ++rows[one.concern];
    for (const auto& one : health.told_too) ++rows[one.concern];
    for (const auto& [concern, word] : kSpellings<Concern>) {
        metrics::set("bucky_troubles", rows[concern], {{"concern", std::string{word}}});
    }
    metrics::set("bucky_disk_free_bytes", static_cast<double>(health.free_bytes));
    metrics::set("bucky_disk_size_bytes", static_cast<double>(health.disk_bytes));
}

/// `set_back` is set when the clock was.
std::vector<Trouble> clock_troubles(storage::Database& db, const Clock& clock, bool& set_back) {
    std::vector<Trouble> all{{Concern::clock, "set", clock.steps().trouble()}};
    for (const auto step_ms : clock.steps().take_untold()) {
        if (step_ms < 0) set_back = true;
        metrics::count("bucky_clock_steps_total",
                       {{"direction", step_ms > 0 ? "forward" : "back"}});
        log::event(log::Level::warning, "clock.stepped",
                   {{"by_s", step_ms / 1000}, {"words", all.front().words}});
    }
    try {
        all.push_back({Concern::clock, "behind", storage::clock_behind(db, clock)});
    } catch (const Error&) {  // look() tells of a database that does not answer
    }
    std::erase_if(all, [](const Trouble& one) { return one.words.empty(); });
    return all;
}

/// What the search for text in pixels did, for the model whose inputs leave this machine.
std::string text_searched(const inference::Model& model) {
    if (model.text_may_pass()) return "";
    std::int64_t masked = 0, withheld = 0;
    for (const auto& [outcome, count] : metrics::sums_by("bucky_text_in_pixels_total", "outcome")) {
        (outcome == "masked" ? masked : withheld) += static_cast<std::int64_t>(count);
    }
    if (masked + withheld == 0) return "";
    return fmt::format("; images with text in their pixels: {} masked, {} not sent", masked,
                       withheld);
}

std::vector<ModelLine> model_lines(const inference::Shelf& shelf) {
    auto images = metrics::sums_by("bucky_package_images_total", "model");
    auto failures = metrics::sums_by("bucky_package_failures_total", "model");
    std::vector<ModelLine> lines;
    for (const auto& [package, model, shadow] : shelf.packages()) {
        const auto& name = package.identity.name;
        lines.push_back({.name = name,
                         .version = package.identity.version,
                         .device = model->device() + text_searched(*model),
                         .role = shadow ? "shadow" : "reports",
                         .answers = model->answers(),
                         .images = shadow ? 0 : static_cast<std::int64_t>(images[name]),
                         .failures = shadow ? 0 : static_cast<std::int64_t>(failures[name])});
    }
    if (const auto* gate = shelf.gate()) {
        const auto& identity = gate->package().identity;
        lines.push_back({.name = identity.name,
                         .version = identity.version,
                         .device = "-",
                         .role = "gate",
                         .answers = true});
    }
    return lines;
}

}  // namespace

/// Troubles that no other process can see.
std::vector<Trouble> Node::Impl::own_troubles() const {
    std::vector<Trouble> all = certificates_end;
    const auto add = [&](Concern concern, const std::string& about, std::string words) {
        all.push_back({concern, about, std::move(words)});
    };
    const auto shelf = shelves.now();
    for (const auto& loaded : shelf->packages()) {
        const auto& name = loaded.package.identity.name;
        for (auto& words : loaded.model->troubles()) add(Concern::model, name, std::move(words));
        metrics::set("bucky_model_answers", loaded.model->answers() ? 1 : 0,
                     {{"model", loaded.package.identity.name}});
        const auto since_ms = loaded.model->away_since_ms();
        const auto away_ms =
            since_ms == 0 ? 0 : std::max<std::int64_t>(clock.now_ms() - since_ms, 0);
        metrics::set("bucky_model_away_seconds", static_cast<double>(away_ms) / 1000,
                     {{"model", loaded.package.identity.name}});
    }
    for (const auto& one : compared()) std::ranges::move(one.troubles(), std::back_inserter(all));
    if (auto words = log::trouble(); !words.empty()) add(Concern::log, {}, std::move(words));
    if (trail) {
        for (auto& words : trail->troubles()) add(Concern::audit, {}, std::move(words));
    }
    std::ranges::move(aside_troubles(aside), std::back_inserter(all));
    std::ranges::move(alerts.troubles(), std::back_inserter(all));
    return all;
}

/// A database that does not answer is told of elsewhere.
std::vector<Trouble> Node::Impl::missed_senders(storage::Database& db) {
    try {
        return sender_watch.look(db, settings()->status, clock.now_ms());
    } catch (const Error&) {  // its trouble
        return {};
    }
}

void Node::Impl::look_at_certificates() {
    const auto told = settings();
    tell_own_certificates(*told);
    certificates_end = certificate_troubles(*told, clock.now_ms());
}

/// What was dated before the clock was set back would wait that much longer.
void Node::Impl::shorten_waits(storage::Database& db) {
    try {
        storage::forget_waits(db, clock);
        waits_are_too_long = false;
        work.ring();
    } catch (const Error&) {  // again at the next look, which tells of the database
    }
}

void Node::Impl::look_around(storage::Database& db) {
    auto health = look(*settings(), clock, db);
    health.aside = aside.held();
    auto purposes = purposes_of(*settings(), *shelves.now());
    metrics::set("bucky_models_for_patients", static_cast<double>(purposes.for_patients));
    for (auto& words : purposes.notes) {
        if (purposes.for_patients == 0) health.told_too.push_back({Concern::patients, {}, words});
        health.notes.push_back(std::move(words));
    }
    std::ranges::move(overlaps(*settings(), *shelves.now()), std::back_inserter(health.notes));
    std::vector<std::string> own_notes;
    for (const auto& one : offered()) {
        own_notes.push_back(fmt::format("the service announces {} {} instead of {}: {}", one.model,
                                        one.version, one.ours, one.why_not));
    }
    for (const auto& one : compared()) {
        own_notes.push_back(fmt::format("{} (looked at {})", one.summary(),
                                        iso_utc(one.looked_at_ms).substr(0, 16)));
    }
    health.notes.insert(health.notes.end(), own_notes.begin(), own_notes.end());
    auto own = own_troubles();
    std::ranges::move(clock_troubles(db, clock, waits_are_too_long), std::back_inserter(own));
    if (waits_are_too_long) shorten_waits(db);
    std::ranges::move(package_watch.look(metrics::sums_by("bucky_package_images_total", "model"),
                                         metrics::sums_by("bucky_package_failures_total", "model"),
                                         clock.now_ms()),
                      std::back_inserter(own));
    if (!log_watch) log_watch.emplace(storage::Site{settings()->node.data_dir});
    for (auto& words : log_watch->look(std::chrono::steady_clock::now())) {
        own.push_back({Concern::database, "log", std::move(words)});
    }
    std::ranges::move(missed_senders(db), std::back_inserter(own));
    metrics::set("bucky_database_log_bytes", static_cast<double>(log_watch->log_bytes()));
    health.troubles.insert(health.troubles.end(), own.begin(), own.end());
    const auto told = noted().troubles;
    for (const auto& found : health.database) {  // other processes open other files
        own.push_back({Concern::database, {}, found});
        if (std::ranges::count(told, own.back()) > 0) continue;
        log::event(log::Level::error, "database.trouble", {{"words", found}});
    }
    if (own != told || own_notes != noted().notes) {
        note_down([&](RunningNote& of_it) {
            of_it.troubles = own;
            of_it.notes = own_notes;
        });
    }
    show(health, clock.now_ms());
    show_empty(health, *settings());
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
    look.since_ms = noted().since_ms;
    look.health = health;
    look.destinations = told->destinations;
    look.models = model_lines(*shelves.now());
    look.hour = minute_stats.bars(now_ms, 1, 60);
    look.quarter_day = minute_stats.bars(now_ms, 5, 72);
    look.day = minute_stats.bars(now_ms, 20, 72);
    try {
        look.studies = storage::Studies{db, clock}.recent(kStudiesOnPage);
    } catch (const Error& error) {  // shown as a trouble: the page answers all the same
        look.health.troubles.push_back({Concern::database, {}, error.what()});
    }
    status.publish(std::move(look));
}

/// Deletes what was delivered and has had its time. A disk or a database that does not answer costs
/// this sweep; /readyz tells of it.
void Node::Impl::let_go(storage::Database& db) {
    if (!board.last().database.empty()) return;  // it may name what is needed
    constexpr std::int64_t kDayMs = 24LL * 3600 * 1000;
    const auto told = settings();
    const auto& keep = told->storage;
    const storage::KeepRules rules{keep.keep_days * kDayMs, keep.keep_mb * 1'000'000,
                                   keep.journal_days * kDayMs, keep.decisions_days * kDayMs};
    try {
        storage::Retention retention{db, told->node.data_dir, clock, rules};
        const auto swept = retention.sweep(kStudiesLetGoAtOnce);
        if (storage::may_expire(db, clock)) aside.sweep(rules.keep_ms);
        metrics::count("bucky_studies_left_total", {}, static_cast<double>(swept.studies));
        metrics::set("bucky_held_bytes", static_cast<double>(retention.held().bytes));
    } catch (const Error& error) {  // costs this sweep only
        log::event(log::Level::error, "retention.trouble", {{"words", error.what()}});
    }
}

/// Tells the supervisor that the node lives. This thread has been round, so disk and database
/// answer; the Asio thread sends it, so callers are heard.
void Node::Impl::say_alive() {
    const auto reasons = not_ready();
    supervisor.status(reasons.empty() ? "takes images" : "takes no images: " + reasons.front());
    boost::asio::post(io, [this] { supervisor.alive(); });
}

void Node::Impl::watch(storage::Database& db, const std::stop_token& stop) {
    for (int looks = 0; !stop.stop_requested(); ++looks) {
        Wakeup{}.wait_beyond(0, stop, kLookPeriod);
        try {
            if (looks % kLooksPerCertificate == 0) look_at_certificates();
            give_if_full(reserve);
            look_around(db);
            let_go(db);
            renew_authority();
            say_alive();
        } catch (const std::exception& error) {  // told, and looked at again in a second
            log::event(log::Level::error, "watch.trouble", {{"words", error.what()}});
        }
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

}  // namespace bucky
