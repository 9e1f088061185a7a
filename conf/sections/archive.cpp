// SPDX-License-Identifier: Apache-2.0
#include <set>

#include <fmt/format.h>

#include "conf/sections/all.h"
#include "conf/sections/checker.h"
#include "conf/sections/tls_keys.h"

namespace bucky::conf {
namespace {

using enum Presence;

constexpr Key<ArchiveSettings> kKeys[] = {
    {"name", &ArchiveSettings::name, Fits{is_destination_name, "1 to 32 of a-z, 0-9 and -"}, "",
     "Name of the archive in commands, logs and metrics.", R"("pacs")", required},
    {"ae_title", &ArchiveSettings::ae_title, Anything{}, "", "AE title of the archive.",
     R"("ORTHANC")", required},
    {"host", &ArchiveSettings::host, Fits{is_host, "a host name or an IP address"}, "",
     "Host name or IP address.", R"("127.0.0.1")", required},
    {"port", &ArchiveSettings::port, Range{1, 65535}, "", "TCP port.", "4242"},
    {"connect_timeout_s", &ArchiveSettings::connect_timeout_s, Range{1, 300}, "s",
     "Time for the archive to accept the connection and the association."},
    {"response_timeout_s", &ArchiveSettings::response_timeout_s, Range{1, 3600}, "s",
     "Time for each answer to a C-FIND; all of its answers have ten times as long."},
    {"fetch_timeout_s", &ArchiveSettings::fetch_timeout_s, Range{1, 86400}, "s",
     "Time for the archive to send a series after a C-MOVE."},
    {"matches_max", &ArchiveSettings::matches_max, Range{1, 100'000}, "studies",
     "Maximum matches that are read of one query. The rest is cancelled, and the answer says so."},
    {"coverage_minutes", &ArchiveSettings::coverage_minutes, Range{0, 1440}, "min",
     "How often its CR and DX chest studies since yesterday are compared with what came (`bucky "
     "coverage`). 0: never by itself."},
    {"backfill", &ArchiveSettings::backfill, Anything{}, "",
     "Fetch studies that never came, after each such comparison, while few images wait for "
     "analysis."},
    {"tls", &ArchiveSettings::tls, Anything{}, "",
     "Use TLS 1.2 or 1.3 (PS3.15 B.12), and nothing else."},
    {"ca", &ArchiveSettings::ca, kFileOrNone, "", "As destination.ca."},
    {"certificate", &ArchiveSettings::certificate, kFileOrNone, "", "As destination.certificate."},
    {"key", &ArchiveSettings::key, kFileOrNone, "", "As destination.key."},
    {"crl", &ArchiveSettings::crl, kFileOrNone, "", "As destination.crl."},
    {"tls_name", &ArchiveSettings::tls_name, Anything{}, "", "As destination.tls_name."},
};

void check(const Settings& settings, Checker& checker) {
    std::set<std::string> names;
    for (std::size_t i = 0; i < settings.archives.size(); ++i) {
        const auto& archive = settings.archives[i];
        const Place place{"archive", i};
        if (!archive.name.empty() && !names.insert(archive.name).second) {
            checker.complain(place, "name",
                             fmt::format(R"("{}" names two archives)", archive.name));
        }
        check_tls_keys(archive, archive.tls, "tls = true", place, checker);
    }
}

}  // namespace

Section<ArchiveSettings> archive_section() {
    return {.name = "archive",
            .field = &Settings::archives,
            .keys = kKeys,
            .sentence =
                "Archives (PACS) that are asked which studies they have, one [[archive]] each: by "
                "C-FIND and C-MOVE (study root). What is fetched is sent by the archive to this "
                "node's AE title and port, which must be registered there.",
            .in_example = false,
            .check = check};
}

}  // namespace bucky::conf
