// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/retrospective/archive_source.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <thread>

#include <fmt/format.h>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "conf/aliases.h"
#include "conf/base/clock.h"
#include "conf/run/wakeup.h"
#include "scp/query/archive.h"
#include "scp/receive/front_door.h"
#include "storage/site.h"
#include "tools/bucky/coverage/coverage.h"
#include "tools/bucky/shared/days.h"
#include "tools/bucky/shared/files.h"

namespace bucky {
namespace {

namespace fs = std::filesystem;
namespace asio = boost::asio;

/// Studies in a row without an answer, before the archive is taken for gone.
constexpr int kSilentMax = 3;

/// The node's own way of receiving, for the archive alone: no tenant, no other port.
conf::Settings landing_settings(conf::Settings settings, const ArchiveSourceOptions& options) {
    settings.node.ae_title = options.ae_title;
    settings.node.data_dir = options.landing;
    settings.scp.plain = true;
    settings.scp.port = options.port;
    settings.scp.check_called_ae = true;
    settings.listeners.clear();
    settings.tenants.clear();
    return settings;
}

/// A door that stands open as long as this lives.
class Landing {
public:
    Landing(const conf::Settings& settings, const ArchiveSourceOptions& options)
        : settings_(landing_settings(settings, options)) {
        fs::remove_all(options.landing);  // of a run that was killed
        fs::create_directories(options.landing);
        (void)storage::Site{options.landing}.open();
        door_ = std::make_unique<scp::FrontDoor>(io_, settings_, clock_, work_);
        door_->open();
        thread_ = std::jthread{[this] { io_.run(); }};
    }
    Landing(const Landing&) = delete;
    Landing& operator=(const Landing&) = delete;
    ~Landing() {
        door_->shut();
        (void)door_->drain(std::chrono::seconds{5});
        busy_.reset();
        io_.stop();
        thread_.join();
        door_.reset();
    }

    std::vector<fs::path> files() const {
        const auto spool = settings_.spool_dir();
        return fs::exists(spool) ? files_of({spool}) : std::vector<fs::path>{};
    }

private:
    conf::Settings settings_;
    SystemClock clock_;
    Wakeup work_;
    asio::io_context io_;
    asio::executor_work_guard<asio::io_context::executor_type> busy_{io_.get_executor()};
    std::unique_ptr<scp::FrontDoor> door_;
    std::jthread thread_;
};

}  // namespace

struct ArchiveSource::Impl {
    const ArchiveSourceOptions options;
    const std::vector<ExamAlias> aliases;
    Landing landing;
    scp::Archive archive;
    std::set<fs::path> seen{};  ///< of earlier studies, where they are kept
    int silent = 0;             ///< studies in a row for which it did not answer

    Brought brought_of(const Uid& study);
};

ArchiveSource::ArchiveSource(const conf::Settings& settings, const conf::ArchiveSettings& archive,
                             ArchiveSourceOptions options)
    : impl_(new Impl{.options = options,
                     .aliases = conf::aliases_for(settings, ""),
                     .landing = {settings, options},
                     .archive = {archive, options.ae_title}}) {}

ArchiveSource::~ArchiveSource() {
    const auto folder = impl_->options.landing;
    const bool keep = impl_->options.keep;
    impl_.reset();
    std::error_code left;  // a best effort: the next audit in this folder empties it
    if (!keep) fs::remove_all(folder, left);
}

/// Day by day, so that archive.matches_max holds for a day and not for a year.
AuditIds ArchiveSource::ids() {
    AuditIds made;
    std::set<std::string> all;
    for (const auto& day : days_of(impl_->options.from, impl_->options.to)) {
        const auto found =
            impl_->archive.studies({.from = day, .to = day, .modalities = {"CR", "DX"}});
        made.is_cut = made.is_cut || found.is_cut;
        for (const auto& study : found.rows) all.insert(study.study.str());
    }
    made.ids.assign(all.begin(), all.end());
    return made;
}

/// A study that the archive chokes on costs that study; an archive that is gone ends the audit,
/// which goes on where it was when it is started again.
Brought ArchiveSource::bring(const std::string& id) {
    try {
        auto brought = impl_->brought_of(Uid{id});
        impl_->silent = 0;
        return brought;
    } catch (const Error& error) {  // of one study only, unless more follow
        if (++impl_->silent == kSilentMax) throw;
        return {.files = {}, .left_out = fmt::format("did not come: {}", error.what())};
    }
}

Brought ArchiveSource::Impl::brought_of(const Uid& study) {
    Brought brought{.files = {}, .study = study.str()};
    bool is_other_part = false;
    std::string trouble;
    for (const auto& one : archive.series(study).rows) {
        if (!is_radiograph(one)) continue;
        if (!may_be_chest(one, aliases)) {
            is_other_part = true;
            continue;
        }
        const auto fetched = archive.fetch(study, one.series, options.ae_title);
        if (!fetched.trouble.empty()) trouble = fetched.trouble;
    }
    for (auto& file : landing.files()) {
        if (seen.insert(file).second) brought.files.push_back(std::move(file));
    }
    if (!brought.files.empty()) return brought;
    brought.is_of_sample = !is_other_part || !trouble.empty();
    brought.left_out = !trouble.empty() ? "did not come: " + trouble
                       : is_other_part  ? "its series name another part of the body"
                                        : "the archive has no CR or DX series of it any more";
    return brought;
}

void ArchiveSource::drop(const std::string&) {
    if (impl_->options.keep) return;
    for (const auto& file : impl_->landing.files()) fs::remove(file);
    impl_->seen.clear();
}

}  // namespace bucky
