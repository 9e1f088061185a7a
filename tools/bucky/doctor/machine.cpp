// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/doctor/machine.h"

#include <filesystem>
#include <string>

#include <fmt/format.h>
#include <sys/timex.h>

#include "conf/base/clock.h"
#include "conf/base/error.h"
#include "tools/bucky/node/certificate_watch.h"
#include "tools/bucky/node/disk_estimate.h"
#include "tools/bucky/shared/table.h"

namespace bucky {
namespace {

constexpr std::int64_t kDayMs = 24LL * 3600 * 1000;
constexpr std::uint64_t kMegabyte = 1'000'000;

Check certificate(const std::string& section, const scp::TlsFiles& files, std::int64_t least_days,
                  std::int64_t now_ms) {
    Check made{"certificate", Outcome::good, {}};
    try {
        const auto read = scp::TlsContext::for_calls(files, section);
        const auto end_ms = read->expires_s() * 1000;
        const auto left = (end_ms - now_ms) / kDayMs;
        made.words = fmt::format("{}: {} ends {} ({} days)", section, printable(read->subject()),
                                 iso_utc(end_ms).substr(0, 10), left);
        if (left >= least_days) return made;
        made.remedy = fmt::format("renew {}", files.certificate.string());
    } catch (const Error& error) {  // a line of the report
        made.words = fmt::format("{}: {}", section, error.what());
        made.remedy = fmt::format("give {} a certificate and key that can be read", section);
    }
    made.outcome = Outcome::bad;
    return made;
}

}  // namespace

Check check_disk(const conf::Settings& settings) {
    std::error_code failed;
    const auto space = std::filesystem::space(settings.node.data_dir, failed);
    if (failed) {
        return {"disk", Outcome::bad,
                fmt::format("{}: {}", settings.node.data_dir.string(), failed.message()),
                "make the folder, or name another one in node.data_dir"};
    }
    const auto least = static_cast<std::uint64_t>(settings.storage.min_free_mb) * kMegabyte;
    Check made{"disk", Outcome::good,
               fmt::format("{} free of {}; {}", size(space.available), size(space.capacity),
                           disk_estimate(settings).substr(std::string_view{"disk: "}.size()))};
    if (space.available < least) {
        made.outcome = Outcome::bad;
        made.remedy = fmt::format("make room on the disk of {}: images are refused below {}",
                                  settings.node.data_dir.string(), size(least));
    }
    return made;
}

Check check_clock() {
    timex told{};  // modes 0: nothing is set
    const int state = ::adjtimex(&told);
    if (state == -1 || state == TIME_ERROR || (told.status & STA_UNSYNC) != 0) {
        return {"clock", Outcome::note,
                "follows no time server, as far as the kernel knows: times in reports and the "
                "checks of certificates depend on it (`timedatectl`)"};
    }
    const auto most_ms = static_cast<double>(told.maxerror) / 1000;  // maxerror: microseconds
    return {"clock", Outcome::good,
            fmt::format("follows a time server, at most {:.0f} ms off", most_ms)};
}

std::vector<Check> check_certificates(const conf::Settings& settings, std::int64_t now_ms) {
    std::vector<Check> all;
    for (const auto& [section, files] : own_certificates(settings)) {
        all.push_back(certificate(section, files, settings.status.certificate_days, now_ms));
    }
    return all;
}

}  // namespace bucky
