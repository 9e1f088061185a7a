// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/pipeline/reingest_worker.h"

#include <chrono>

#include "conf/base/error.h"
#include "conf/observe/log.h"
#include "scp/receive/spooled_reader.h"
#include "scp/wire/dataset_header.h"
#include "storage/job_queue.h"
#include "storage/reingest.h"
#include "storage/site.h"
#include "tools/bucky/shared/priority.h"

namespace bucky {
namespace {

using namespace std::chrono_literals;

constexpr auto kAgainAfter = 5s;  // after the queue, the disk or the database refused

/// Files of earlier versions do not record the called AE title. With tenants configured, that title
/// is the image's owner, and a guess could send a result to another tenant's archive.
storage::Spooled read(const std::filesystem::path& file, const conf::Settings& settings) {
    auto found = scp::read_spooled(file);
    auto& from = found.from;
    if (!from.called_ae.empty()) return found;
    if (!settings.tenants.empty()) {
        throw Error(Fault::bad_input, "it does not say which tenant's image it is");
    }
    from.called_ae = settings.node.ae_title.str();
    from.tenant = from.calling_ae;
    return found;
}

/// Runs until no file is left or a stop is requested. Throws when one cannot be taken in now.
void take_in_all(const conf::Settings& settings, const Clock& clock, storage::Aside& aside,
                 Wakeup& work, const std::stop_token& stop) {
    storage::Database db =
        storage::Site{settings.node.data_dir}.open(storage::Database::Mode::existing);
    storage::Spool spool{settings.spool_dir()};
    storage::Reingest files{
        db,
        spool,
        aside,
        clock,
        {settings.study.quiet_s * 1000, settings.study.ceiling_s * 1000},
        {settings.study.identity_changes == IdentityChanges::follow, scp::read_image_facts},
        [&](const auto& file) { return read(file, settings); }};
    if (files.left() == 0) return;
    log::event(log::Level::warning, "reingest.begun", {{"images", files.left()}});
    while (!stop.stop_requested()) {
        const auto waiting = storage::JobQueue{db, clock}.open(storage::Lane::infer());
        if (waiting >= settings.inference.queue_max / 2) {
            Wakeup{}.wait_beyond(0, stop, kAgainAfter);
            continue;
        }
        if (!files.take_in_next()) break;
        work.ring();
    }
    log::event("reingest.ended", {{"left", files.left()}});
}

}  // namespace

void reingest(const conf::Settings& settings, const Clock& clock, storage::Aside& aside,
              Wakeup& work, const std::stop_token& stop) {
    lower_priority();
    while (!stop.stop_requested()) {
        try {
            return take_in_all(settings, clock, aside, work, stop);
        } catch (const std::exception& error) {  // the files stay where they are
            log::event(log::Level::warning, "reingest.later", {{"words", error.what()}});
        }
        Wakeup{}.wait_beyond(0, stop, kAgainAfter);
    }
}

}  // namespace bucky
