// SPDX-License-Identifier: Apache-2.0
// New settings while the node runs: the file is read again, and the next generation of threads
// stands ready before the last one leaves (docs/decisions/0701).
#include <malloc.h>

#include "tools/bucky/engine/model_purposes.h"
#include "tools/bucky/engine/precedence.h"
#include "tools/bucky/node/generation_plan.h"
#include "tools/bucky/node/node_state.h"

namespace bucky {
namespace {

using namespace std::chrono_literals;

/// Whoever else comes first, those whom the config names are told apart in the metrics.
void keep_series_of_tenants(const conf::Settings& settings) {
    std::vector<std::string> names;
    for (const auto& tenant : settings.tenants) names.push_back(tenant.ae_title.str());
    for (const auto& peer : settings.peers) {
        if (!peer.tenant.empty()) names.push_back(peer.tenant);
    }
    metrics::keep_series("tenant", names);
}

}  // namespace

std::shared_ptr<const inference::Shelf> load_models(const conf::Settings& settings,
                                                    const inference::Shelf* before) {
    const auto started = std::chrono::steady_clock::now();
    auto shelf = load_shelf(settings, before);
    (void)::malloc_trim(0);  // loading takes several times what stays
    const auto took = std::chrono::steady_clock::now() - started;
    for (const auto& [package, model, shadow] : shelf->packages()) {
        log::event("model.loaded", {{"name", package.identity.name},
                                    {"version", package.identity.version},
                                    {"device", model->device()},
                                    {"shadow", shadow},
                                    {"purpose", name_of(package.identity.purpose)},
                                    {"took_ms", took / 1ms},
                                    {"sha256", package.identity.sha256}});
    }
    if (const auto* gate = shelf->gate()) {
        const auto& identity = gate->package().identity;
        log::event("gate.loaded", {{"name", identity.name},
                                   {"version", identity.version},
                                   {"mode", word_of(settings.inference.gate)},
                                   {"sha256", identity.sha256}});
    }
    for (const auto& note : purposes_of(settings, *shelf).notes) {
        log::event(log::Level::warning, "model.demonstration", {{"words", note}});
    }
    for (const auto& note : overlaps(settings, *shelf)) {
        log::event(log::Level::warning, "model.overlap", {{"words", note}});
    }
    return shelf;
}

void Node::Impl::heed_hangups() {
    hangups.async_wait([this](const boost::system::error_code& failed, int) {
        if (failed) return;
        reload_asked_for.ring();
        heed_hangups();
    });
}

/// Loading takes seconds and memory for both shelves, so it has a thread of its own. The images and
/// the reports that the last process left behind are done first, one at a time (generation_plan.h).
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
        look_for_packages.ring();
        look_at_archives.ring();
        supervisor.ready();
    }
}

/// All or nothing: an error is found before anything changes.
void Node::Impl::reload() {
    note_down([](RunningNote& of_it) { ++of_it.begun; });
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
    } catch (const std::exception& error) {  // refused whole: the node goes on as it was
        refused = error.what();
        metrics::count("bucky_reloads_total", {{"outcome", "refused"}});
        audit::tell({.kind = audit::Kind::configured,
                     .outcome = audit::Outcome::minor_failure,
                     .words = refused});
        log::event(log::Level::error, "reload.refused", {{"words", error.what()}});
    }
    note_down([&](RunningNote& of_it) {
        if (refused.empty()) of_it.waiting = std::move(waiting);
        of_it.in_force = conf::spelled_out(*settings());
        of_it.refused = std::move(refused);
        ++of_it.reloads;
    });
}

void Node::Impl::note_down(const std::function<void(RunningNote&)>& change) {
    const MutexLock guard(note_mutex);
    change(note);
    leave_note(settings()->node.data_dir, note);
}

RunningNote Node::Impl::noted() const {
    const MutexLock guard(note_mutex);
    return note;
}

/// Work in progress ends with the settings and models that it began with. The next generation
/// stands ready before anything changes. Returns how many keys changed, and which `waiting` for a
/// restart.
std::size_t Node::Impl::take_up(conf::Settings read, std::vector<std::string>& waiting) {
    const Told before = settings();
    waiting = keep_until_restart(*before, read);
    auto models = load_models(read, shelves.now().get());
    const auto changes = conf::differences(conf::spelled_out(*before), conf::spelled_out(read));
    const auto next = std::make_shared<const conf::Settings>(std::move(read));
    auto generation = gather(next, *models);
    std::function<void()> service_follows = [] {};
    if (service) service_follows = service->prepare(with_authority(*next));
    door.adopt(*next);  // the last that may be refused
    service_follows();
    take_up_log(next->log);
    shelves.exchange(std::move(models));
    {
        const MutexLock guard(in_force_mutex);
        in_force = next;
    }
    threads.exchange(std::move(generation));
    return changes.size();
}

/// All workers for these settings, ready to begin. There are as many infer workers as keep every
/// replica busy while others decode and prepare.
ThreadGroup::Generation Node::Impl::gather(const Told& told, const inference::Shelf& shelf) {
    keep_series_of_tenants(*told);
    std::vector<ThreadGroup::Planned> plan;
    const ReadSource read_source = [this](const auto& file) { return decoders.source(file); };
    const GenerationPlan by{told, clock, work, give_up.get()};
    by.plan_workers(plan, "infer", preparers_for(*told, shelf), returned.images_returned,
                    returned_are_done, [&] {
                        return std::make_shared<InferWorker>(*told, shelves, clock, work, decoders,
                                                             &report_shared.films, read_source);
                    });
    by.plan_workers(plan, "report", reporters_for(*told), returned.reports_returned,
                    returned_are_done, [&] {
                        return std::make_shared<ReportWorker>(*told, clock, work, report_shared,
                                                              decoders, read_source);
                    });
    by.plan_senders(plan);
    if (service) by.plan_service(plan, *service, shelf);
    auto generation = ThreadGroup::gather(std::move(plan));
    returned.images_returned = returned.reports_returned = 0;  // the first generation's alone
    return generation;
}

}  // namespace bucky
