// SPDX-License-Identifier: Apache-2.0
#include "conf/observe/process_metrics.h"

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include <sys/resource.h>
#include <unistd.h>

#include "conf/base/clock.h"
#include "conf/base/mutex.h"
#include "conf/observe/metrics.h"
#include "conf/run/immortal.h"

namespace bucky::metrics {
namespace {

/// Of /proc/self/stat (proc(5)), in ticks, pages and bytes.
struct Stat {
    double user = 0, system = 0, threads = 0, started = 0, virtual_bytes = 0, resident_pages = 0;
};

Stat read_stat() {
    std::ifstream file{"/proc/self/stat"};
    std::string text;
    std::getline(file, text);
    std::istringstream fields{text.substr(text.rfind(')') + 1)};  // the name may hold anything
    Stat stat;
    std::string value;
    for (int number = 3; fields >> value; ++number) {
        double* wanted = number == 14   ? &stat.user
                         : number == 15 ? &stat.system
                         : number == 20 ? &stat.threads
                         : number == 22 ? &stat.started
                         : number == 23 ? &stat.virtual_bytes
                         : number == 24 ? &stat.resident_pages
                                        : nullptr;
        if (wanted != nullptr) *wanted = std::stod(value);
    }
    return stat;
}

/// UTC, as the kernel counts; a clock that is set moves it.
double boot_s() {
    std::ifstream file{"/proc/stat"};
    std::string word;
    double at_s = 0;
    while (file >> word) {
        if (word == "btime" && file >> at_s) break;
    }
    return at_s;
}

std::int64_t open_files() {
    std::error_code failed;
    const std::filesystem::directory_iterator files{"/proc/self/fd", failed};
    return failed ? 0 : std::distance(begin(files), end(files)) - 1;  // without the folder itself
}

/// A counter grows by what is new.
class CpuTime {
public:
    void is_now(double seconds) {
        const MutexLock lock(mutex_);
        const double added_s = std::max(seconds - counted_s_, 0.0);  // another thread read later
        count("process_cpu_seconds_total", {}, added_s);
        counted_s_ += added_s;
    }

private:
    Mutex mutex_;
    double counted_s_ GUARDED_BY(mutex_) = 0;
};

}  // namespace

void look_at_process() {
    static const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
    static const auto page = static_cast<double>(::sysconf(_SC_PAGESIZE));
    const auto stat = read_stat();
    immortal<CpuTime>().is_now((stat.user + stat.system) / ticks);
    set("process_start_time_seconds", boot_s() + stat.started / ticks);
    set("process_virtual_memory_bytes", stat.virtual_bytes);
    set("process_resident_memory_bytes", stat.resident_pages * page);
    set("process_threads", stat.threads);
    set("process_open_fds", static_cast<double>(open_files()));
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        set("process_max_fds", static_cast<double>(limit.rlim_cur));
    }
    set("bucky_clock_timestamp_seconds", static_cast<double>(SystemClock{}.now_ms()) / 1000);
}

}  // namespace bucky::metrics
