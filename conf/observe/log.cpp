// SPDX-License-Identifier: Apache-2.0
#include "conf/observe/log.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <map>
#include <optional>
#include <utility>

#include <time.h>
#include <unistd.h>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <nlohmann/json.hpp>

#include "conf/base/clock.h"
#include "conf/base/error.h"
#include "conf/base/limits.h"
#include "conf/base/mutex.h"
#include "conf/base/printable.h"
#include "conf/observe/journal.h"
#include "conf/observe/log_queue.h"
#include "conf/observe/metrics.h"
#include "conf/run/immortal.h"

namespace bucky::log {
namespace {

struct Logger : spdlog::logger {
    Logger() : spdlog::logger("bucky", std::make_shared<spdlog::sinks::stdout_sink_mt>()) {
        set_pattern("%v");                // event() writes the whole line, with the time in UTC
        set_level(spdlog::level::debug);  // Levels decides
        flush_on(spdlog::level::debug);
    }
};

spdlog::logger& logger() {
    return immortal<Logger>();
}

spdlog::level::level_enum to_spdlog(Level level) {
    switch (level) {
        case Level::debug: return spdlog::level::debug;
        case Level::info: return spdlog::level::info;
        case Level::warning: return spdlog::level::warn;
        case Level::error: return spdlog::level::err;
    }
    __builtin_unreachable();
}

/// Counts the lines of each event per second.
class Rate {
public:
    /// Nothing: the line may not be written. Else the number of lines left out since the last.
    std::optional<std::uint64_t> admit(std::string_view event, int most,
                                       std::chrono::steady_clock::time_point now) {
        const MutexLock lock(mutex_);
        auto& one = events_[std::string{event}];
        if (now - one.since >= std::chrono::seconds{1}) {
            one.since = now;
            one.written = 0;
        }
        if (++one.written <= most) return std::exchange(one.left_out, 0);
        ++one.left_out;
        return std::nullopt;
    }

private:
    struct Event {
        std::chrono::steady_clock::time_point since{};
        int written = 0;
        std::uint64_t left_out = 0;
    };
    Mutex mutex_;
    /// By names in the code, so there are few.
    std::map<std::string, Event> events_ GUARDED_BY(mutex_);
};

/// The lowest level at which an event is written: that of its module, else the general one.
class Levels {
public:
    void exchange(Level all, std::map<std::string, Level, std::less<>> modules) {
        const MutexLock lock(mutex_);
        all_ = all;
        modules_.swap(modules);
    }
    bool admit(Level level, std::string_view event) const {
        const MutexLock lock(mutex_);
        const auto own = modules_.find(event.substr(0, event.find('.')));
        return level >= (own == modules_.end() ? all_ : own->second);
    }

private:
    mutable Mutex mutex_;
    Level all_ GUARDED_BY(mutex_) = Level::info;
    std::map<std::string, Level, std::less<>> modules_ GUARDED_BY(mutex_);
};

Levels& levels() {
    return immortal<Levels>();
}

Rate& rate() {
    return immortal<Rate>();
}

std::atomic<LogFormat> format = LogFormat::text;
std::atomic<bool> patients_shown = false;

bool is_plain(char c) {
    return c > ' ' && c <= '~' && c != '"' && c != '\\' && c != '=';
}

/// The parts of an event, in the order in which they are written.
struct Line {
    std::string time;
    Level level;
    std::string_view event;
    std::initializer_list<Field> fields;
    std::uint64_t left_out;
};

bool is_shown(const Field& field) {
    return !field.is_patient || patients_shown;
}

/// The journal has a time and a priority of its own for each line.
bool goes_to_journal() {
    static const bool it_does = is_journal(STDOUT_FILENO);
    return it_does;
}

std::string as_text(const Line& line) {
    std::string text = goes_to_journal() ? "" : line.time + ' ';
    text += fmt::format("{} {}", word_of(line.level), line.event);
    for (const auto& field : line.fields) {
        if (is_shown(field)) text += fmt::format(" {}={}", field.key, escaped(field.value));
    }
    if (line.left_out > 0) text += fmt::format(" left_out={}", line.left_out);
    return text;
}

/// ASCII only: text from the network reaches no terminal and no parser unchanged.
std::string as_json(const Line& line) {
    using Json = nlohmann::ordered_json;
    Json json{{"time", line.time}, {"level", word_of(line.level)}, {"event", line.event}};
    for (const auto& field : line.fields) {
        if (!is_shown(field)) continue;
        const auto value = std::string_view{field.value}.substr(0, limits::kWordsMax);
        json[std::string{field.key}] = field.is_number ? Json::parse(value) : Json(value);
    }
    if (line.left_out > 0) json["left_out"] = line.left_out;
    return json.dump(-1, ' ', true, Json::error_handler_t::replace);
}

std::string written(const Line& line) {
    const std::string_view lead = goes_to_journal() ? priority_of(line.level) : "";
    return fmt::format("{}{}", lead, format == LogFormat::json ? as_json(line) : as_text(line));
}

std::string notice(std::uint64_t dropped) {
    const Field lines{"lines", dropped};
    return written({.time = iso_utc(SystemClock{}.now_ms()),
                    .level = Level::warning,
                    .event = "log.dropped",
                    .fields = {lines},
                    .left_out = 0}) +
           '\n';
}

using namespace std::chrono_literals;

constexpr auto kAtTheEnd = 1s;     // for queued lines, at an orderly end of the process
constexpr int kLooksAtDeath = 40;  // 5 ms apart, at a fatal signal
constexpr auto kUnread = 5s;       // a write that takes so long has no reader

std::atomic<LogQueue*> in_background = nullptr;  ///< never deleted: a thread may use it

/// The last lines give the cause: they get a moment, then the signal has its default effect.
void at_death(int signal) {
    const auto* queue = in_background.load();
    const timespec while_waiting{0, 5'000'000};
    for (int look = 0; look < kLooksAtDeath && queue != nullptr && !queue->is_empty(); ++look) {
        (void)::nanosleep(&while_waiting, nullptr);
    }
    (void)std::signal(signal, SIG_DFL);
    if (signal != SIGABRT) (void)std::raise(signal);
}

void heed_deaths() {
    for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL}) {
        struct sigaction before {};
        if (::sigaction(signal, nullptr, &before) != 0 || before.sa_handler != SIG_DFL) continue;
        struct sigaction ours {};
        ours.sa_handler = at_death;
        ours.sa_flags = SA_NODEFER;
        (void)::sigaction(signal, &ours, nullptr);
    }
}

}  // namespace

Background::Background() {
    if (in_background != nullptr) return;
    in_background = new LogQueue(STDOUT_FILENO, limits::kLogQueueBytesMax, notice);
    heed_deaths();
}

Background::~Background() {
    flush(kAtTheEnd);
}

void flush(std::chrono::milliseconds at_most) {
    if (auto* queue = in_background.load()) (void)queue->flush(at_most);
}

std::string trouble() {
    const auto* queue = in_background.load();
    if (queue == nullptr) return {};
    const auto [dropped, waiting_bytes, stuck_for] = queue->state();
    if (dropped == 0 && stuck_for < kUnread) return {};
    return fmt::format(
        "nobody takes the log: {} kB wait, {} lines were dropped; look at where "
        "standard output of the service goes",
        waiting_bytes / 1000, dropped);
}

std::string escaped(std::string_view text) {
    text = text.substr(0, limits::kWordsMax);
    if (!text.empty() && std::all_of(text.begin(), text.end(), is_plain)) return std::string{text};
    std::string quoted = "\"";
    while (!text.empty()) {
        const std::size_t bytes = printable_bytes(text);
        if (bytes == 0) {
            quoted += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[0]));
        } else {
            if (text[0] == '"' || text[0] == '\\') quoted += '\\';
            quoted += text.substr(0, bytes);
        }
        text.remove_prefix(std::max<std::size_t>(bytes, 1));
    }
    return quoted + '"';
}

void event(Level level, std::string_view name, std::initializer_list<Field> fields) {
    if (!is_written(level, name)) return;
    const auto most =
        level >= Level::warning ? limits::kLogLinesPerSecond : limits::kLogInfoLinesPerSecond;
    const auto left_out = rate().admit(name, most, std::chrono::steady_clock::now());
    if (!left_out) return metrics::count("bucky_limit_reached_total", {{"limit", "log"}});
    const Line line{.time = iso_utc(SystemClock{}.now_ms()),
                    .level = level,
                    .event = name,
                    .fields = fields,
                    .left_out = *left_out};
    if (auto* queue = in_background.load()) {
        if (!queue->put(written(line) + '\n')) metrics::count("bucky_log_dropped_total");
        return;
    }
    logger().log(to_spdlog(level), written(line));
}

bool is_written(Level level, std::string_view name) {
    return levels().admit(level, name);
}

void event(std::string_view name, std::initializer_list<Field> fields) {
    event(Level::info, name, fields);
}

void set_format(LogFormat chosen) {
    format = chosen;
}

void show_patients(bool shown) {
    patients_shown = shown;
}

void set_level(Level level, std::span<const ModuleLevel> modules) {
    std::map<std::string, Level, std::less<>> others;
    for (const auto& one : modules) others[one.module] = one.level;
    levels().exchange(level, std::move(others));
}

}  // namespace bucky::log
