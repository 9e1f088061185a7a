// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/audit_trail.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/base/error.h"
#include "conf/base/limits.h"
#include "conf/base/log.h"
#include "conf/base/metrics.h"
#include "scp/wire/unique_fd.h"
#include "tools/bucky/syslog.h"

namespace bucky {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using Now = std::chrono::steady_clock;

constexpr auto kLongestPause = 30s;
constexpr auto kAtTheEnd = 2s;

[[noreturn]] void throw_errno(const fs::path& file) {
    throw Error(Fault::unavailable, "audit.file {}: {}", file.string(),
                std::generic_category().message(errno));
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
    const auto whole = line + '\n';
    std::string_view rest = whole;
    while (!rest.empty()) {
        const auto written = ::write(fd.get(), rest.data(), rest.size());
        if (written < 0 && errno != EINTR) throw_errno(file_);
        if (written > 0) rest.remove_prefix(static_cast<std::size_t>(written));
    }
}

void AuditFile::turn_over() {
    std::error_code ignored;  // one that is not there yet
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
    std::mutex mutex;
    std::condition_variable_any filled;
    std::deque<std::string> waiting;  ///< guarded by mutex
    Now::time_point give_up = Now::time_point::max();
    std::jthread thread;

    void run(const std::stop_token& stop);
    bool out(const std::string& message);
    void count_dropped(std::size_t messages) const;
};

AuditOutlet::AuditOutlet(std::string name, AuditSink sink, std::chrono::milliseconds first_pause)
    : impl_(new Impl{
          std::move(name), std::move(sink), first_pause, {}, {}, {}, Now::time_point::max(), {}}) {
    impl_->thread =
        std::jthread{[impl = impl_.get()](const std::stop_token& stop) { impl->run(stop); }};
}

AuditOutlet::~AuditOutlet() {
    {
        const std::lock_guard lock(impl_->mutex);
        impl_->give_up = Now::now() + kAtTheEnd;
    }
    impl_->thread.request_stop();
    impl_->thread.join();
    if (!impl_->waiting.empty()) impl_->count_dropped(impl_->waiting.size());
}

void AuditOutlet::put(const std::string& message) {
    {
        const std::lock_guard lock(impl_->mutex);
        if (impl_->waiting.size() < limits::kAuditQueueMax) {
            impl_->waiting.push_back(message);
            impl_->filled.notify_one();
            return;
        }
    }
    impl_->count_dropped(1);
}

void AuditOutlet::Impl::count_dropped(std::size_t messages) const {
    metrics::count("bucky_audit_dropped_total", {{"outlet", name}}, static_cast<double>(messages));
    log::event(log::Level::error, "audit.dropped", {{"outlet", name}, {"messages", messages}});
}

/// The oldest stays in the queue until it is out. When the node ends, one failure is the last.
void AuditOutlet::Impl::run(const std::stop_token& stop) {
    auto pause = first_pause;
    std::unique_lock lock(mutex);
    while (true) {
        filled.wait(lock, stop, [this] { return !waiting.empty(); });
        if (waiting.empty() || Now::now() >= give_up) return;
        const auto message = waiting.front();
        lock.unlock();
        const bool is_out = out(message);
        lock.lock();
        if (is_out) {
            waiting.pop_front();
            pause = first_pause;
            continue;
        }
        if (stop.stop_requested()) return;
        filled.wait_for(lock, stop, pause, [] { return false; });
        pause = std::min<std::chrono::milliseconds>(2 * pause, kLongestPause);
    }
}

bool AuditOutlet::Impl::out(const std::string& message) {
    try {
        sink(message);
        metrics::count("bucky_audit_messages_total", {{"outlet", name}});
        return true;
    } catch (const std::exception& error) {
        log::event(log::Level::warning, "audit.trouble",
                   {{"outlet", name}, {"words", error.what()}});
        return false;
    }
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

AuditSource audit_source(const std::string& ae_title) {
    std::array<char, 256> host{};
    (void)::gethostname(host.data(), host.size() - 1);
    return {ae_title, host.front() == '\0' ? "unknown" : host.data(), std::to_string(::getpid())};
}

}  // namespace bucky
