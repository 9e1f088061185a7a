// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/audit/trail.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <deque>
#include <system_error>
#include <thread>
#include <tuple>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/base/error.h"
#include "conf/base/limits.h"
#include "conf/base/mutex.h"
#include "conf/base/why_unwritten.h"
#include "conf/observe/log.h"
#include "conf/observe/metrics.h"
#include "scp/wire/unique_fd.h"
#include "tools/bucky/audit/syslog.h"

namespace bucky {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using Now = std::chrono::steady_clock;

constexpr auto kLongestPause = 30s;
constexpr auto kAtTheEnd = 2s;

[[noreturn]] void throw_errno(const fs::path& file) {
    throw Error(Fault::unavailable, "audit.file {}: {}", file.string(), why_unwritten(errno));
}

fs::path numbered(const fs::path& file, std::int64_t number) {
    return file.string() + '.' + std::to_string(number);
}

}  // namespace

AuditFile::AuditFile(fs::path file, std::uint64_t bytes_max, std::int64_t kept)
    : file_(std::move(file)), bytes_max_(bytes_max), kept_(kept) {}

void AuditFile::append(const std::string& line) {
    scp::UniqueFd fd{::open(file_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640)};
    if (fd.get() < 0) throw_errno(file_);
    struct stat is {};
    if (::fstat(fd.get(), &is) == 0 && static_cast<std::uint64_t>(is.st_size) >= bytes_max_) {
        turn_over();
        fd = scp::UniqueFd{::open(file_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640)};
        if (fd.get() < 0) throw_errno(file_);
    }
    const auto before = ::lseek(fd.get(), 0, SEEK_END);
    const auto whole = line + '\n';
    std::string_view rest = whole;
    while (!rest.empty()) {
        const auto written = ::write(fd.get(), rest.data(), rest.size());
        if (written < 0 && errno != EINTR) {
            const int why = errno;
            std::ignore = ::ftruncate(fd.get(), before);  // removes the partial line
            errno = why;
            throw_errno(file_);
        }
        if (written > 0) rest.remove_prefix(static_cast<std::size_t>(written));
    }
}

void AuditFile::turn_over() {
    std::error_code ignored;  // the file may not exist yet
    fs::remove(numbered(file_, kept_), ignored);
    for (auto at = kept_ - 1; at >= 1; --at) {
        fs::rename(numbered(file_, at), numbered(file_, at + 1), ignored);
    }
    fs::rename(file_, numbered(file_, 1), ignored);
}

struct AuditOutlet::Impl {
    const std::string name;
    const AuditSink sink;
    const std::chrono::milliseconds first_pause;
    mutable Mutex mutex{};
    StoppableCondition filled{};
    std::deque<std::string> waiting GUARDED_BY(mutex){};
    Now::time_point give_up GUARDED_BY(mutex) = Now::time_point::max();
    std::string trouble GUARDED_BY(mutex){};
    std::jthread thread{};

    enum class Fate { out, lost, again };
    void run(const std::stop_token& stop);
    Fate give_out(const std::string& message);
    void has_trouble(const std::string& words);
    void has_none();
    void drop(std::size_t messages, std::string_view reason, std::string_view words) const;
};

AuditOutlet::AuditOutlet(std::string name, AuditSink sink, std::chrono::milliseconds first_pause)
    : impl_(
          new Impl{.name = std::move(name), .sink = std::move(sink), .first_pause = first_pause}) {
    metrics::set("bucky_audit_answers", 1, {{"outlet", impl_->name}});
    metrics::count("bucky_audit_messages_total", {{"outlet", impl_->name}}, 0);
    for (const auto* reason : {"queue_full", "too_long", "node_ended"}) {
        metrics::count("bucky_audit_dropped_total", {{"outlet", impl_->name}, {"reason", reason}},
                       0);
    }
    impl_->thread =
        std::jthread{[impl = impl_.get()](const std::stop_token& stop) { impl->run(stop); }};
}

AuditOutlet::~AuditOutlet() {
    {
        const MutexLock lock(impl_->mutex);
        impl_->give_up = Now::now() + kAtTheEnd;
    }
    impl_->thread.request_stop();
    impl_->thread.join();
    const MutexLock lock(impl_->mutex);
    if (const auto left = impl_->waiting.size(); left > 0) {
        impl_->drop(left, "node_ended", impl_->trouble);
    }
}

void AuditOutlet::put(const std::string& message) {
    std::string trouble;
    {
        const MutexLock lock(impl_->mutex);
        if (impl_->waiting.size() < limits::kAuditQueueMax) {
            impl_->waiting.push_back(message);
            impl_->filled.notify_one();
            return;
        }
        trouble = impl_->trouble;
    }
    impl_->drop(1, "queue_full", trouble);
}

std::string AuditOutlet::trouble() const {
    const MutexLock lock(impl_->mutex);
    return impl_->trouble;
}

void AuditOutlet::Impl::drop(std::size_t messages, std::string_view reason,
                             std::string_view words) const {
    metrics::count("bucky_audit_dropped_total", {{"outlet", name}, {"reason", std::string{reason}}},
                   static_cast<double>(messages));
    log::event(log::Level::error, "audit.dropped",
               {{"outlet", name}, {"messages", messages}, {"reason", reason}, {"words", words}});
}

/// The oldest message stays in the queue until it is sent or dropped. While the node ends, there is
/// no retry.
void AuditOutlet::Impl::run(const std::stop_token& stop) {
    auto pause = first_pause;
    MutexLock lock(mutex);
    while (true) {
        filled.wait(lock, stop, [this]() REQUIRES(mutex) { return !waiting.empty(); });
        if (waiting.empty() || Now::now() >= give_up) return;
        const auto message = waiting.front();
        lock.unlock();
        const auto fate = give_out(message);
        lock.lock();
        if (fate != Fate::again) {
            waiting.pop_front();
            pause = first_pause;
            continue;
        }
        if (stop.stop_requested()) return;
        filled.wait_for(lock, stop, pause, [] { return false; });
        pause = std::min<std::chrono::milliseconds>(2 * pause, kLongestPause);
    }
}

AuditOutlet::Impl::Fate AuditOutlet::Impl::give_out(const std::string& message) {
    try {
        sink(message);
        metrics::count("bucky_audit_messages_total", {{"outlet", name}});
        has_none();
        return Fate::out;
    } catch (const Error& error) {
        // after bad_input a retry is useless
        if (error.fault() == Fault::bad_input) {
            drop(1, "too_long", error.what());
            return Fate::lost;
        }
        has_trouble(error.what());
    } catch (const std::exception& error) {  // the outlet's thread must go on
        has_trouble(error.what());
    }
    return Fate::again;
}

/// Logs a trouble once, not at each try, and again when its words change.
void AuditOutlet::Impl::has_trouble(const std::string& words) {
    {
        const MutexLock lock(mutex);
        if (std::exchange(trouble, words) == words) return;
    }
    metrics::set("bucky_audit_answers", 0, {{"outlet", name}});
    log::event(log::Level::warning, "audit.trouble", {{"outlet", name}, {"words", words}});
}

void AuditOutlet::Impl::has_none() {
    {
        const MutexLock lock(mutex);
        if (std::exchange(trouble, {}).empty()) return;
    }
    metrics::set("bucky_audit_answers", 1, {{"outlet", name}});
    log::event("audit.restored", {{"outlet", name}});
}

AuditTrail::AuditTrail(const conf::AuditSettings& told, AuditSource source, const Clock& clock) {
    if (!told.file.empty()) {
        const auto file = std::make_shared<AuditFile>(
            told.file, static_cast<std::uint64_t>(told.file_max_mb) * 1'000'000, told.files_kept);
        outlets_.push_back(std::make_unique<AuditOutlet>(
            "file", [file](const std::string& message) { file->append(message); }));
    }
    if (!told.syslog.empty()) {
        const auto server = std::make_shared<Syslog>(told);
        outlets_.push_back(std::make_unique<AuditOutlet>(
            "syslog", [server, source, &clock](const std::string& message) {
                server->send(syslog_message(message, source, clock.now_ms()));
            }));
    }
    if (outlets_.empty()) return;
    audit::record_with([this, source = std::move(source), &clock](const audit::Event& event) {
        const auto message = audit_message(event, source, clock.now_ms());
        for (const auto& outlet : outlets_) outlet->put(message);
    });
}

AuditTrail::~AuditTrail() {
    if (!outlets_.empty()) audit::record_with({});
}

std::vector<std::string> AuditTrail::troubles() const {
    std::vector<std::string> all;
    for (const auto& outlet : outlets_) {
        if (auto words = outlet->trouble(); !words.empty()) {
            all.push_back("audit messages wait: " + std::move(words));
        }
    }
    return all;
}

AuditSource audit_source(const std::string& ae_title) {
    std::array<char, 256> host{};
    (void)::gethostname(host.data(), host.size() - 1);
    return {ae_title, host.front() == '\0' ? "unknown" : host.data(), std::to_string(::getpid())};
}

}  // namespace bucky
