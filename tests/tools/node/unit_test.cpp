// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/node/unit.h"

#include <filesystem>

#include <catch2/catch.hpp>

#include "conf/base/why_unwritten.h"
#include "tests/support/temp_dir.h"
#include "tests/tools/commands/command_line.h"
#include "tools/bucky/shared/files.h"

using namespace bucky;
using namespace bucky::test;
using Catch::Contains;

namespace {

conf::Settings writing_to(const std::filesystem::path& data_dir,
                          const std::filesystem::path& audit_file = {}) {
    conf::Settings settings;
    settings.node.data_dir = data_dir;
    settings.audit.file = audit_file;
    return settings;
}

}  // namespace

TEST_CASE("the drop-in names each folder that the config file adds to the unit's own", "[tools]") {
    CHECK(unit_drop_in(writing_to("/var/lib/bucky", "/var/lib/bucky/audit.xml")) ==
          "# Every folder that the node writes is in /var/lib/bucky: no drop-in is needed.\n");
    const auto both = unit_drop_in(writing_to("/srv/bucky/", "/var/log/bucky/audit.xml"));
    CHECK_THAT(both, Contains("\n[Unit]\nRequiresMountsFor=/srv/bucky /var/log/bucky\n\n[Service]\n"
                              "ReadWritePaths=/srv/bucky /var/log/bucky\n"));
    CHECK_THAT(both, Contains("\n#   install -d -m 0750 -o bucky -g bucky /srv/bucky\n"));
    CHECK_THAT(unit_drop_in(writing_to("/srv/x rays/50%")),
               Contains("ReadWritePaths=\"/srv/x rays/50%%\"\n") &&
                   Contains("-g bucky '/srv/x rays/50%'\n"));
    CHECK_THAT(unit_drop_in(writing_to("/run/user/7/bucky")),
               Contains("ProtectHome=tmpfs\nBindPaths=/run/user/7/bucky\n") &&
                   !Contains("ReadWritePaths"));
    CHECK_THAT(unit_drop_in(writing_to("/var/lib/bucky2")), Contains("=/var/lib/bucky2\n"));
}

TEST_CASE("bucky config systemd prints the drop-in of the file", "[tools]") {
    const TempDir dir;
    const auto file = (dir / "bucky.toml").string();
    write_file(file,
               "[node]\nae_title = \"BUCKY\"\ndata_dir = \"/srv/bucky\"\n[inference]\nmodels = "
               "[\"" +
                   phantom_model().string() + "\"]\n");
    CHECK(bucky_command({"config", "systemd", file}).text ==
          unit_drop_in(writing_to("/srv/bucky")));
}

TEST_CASE("what the installed unit does not let the node write is a note", "[tools]") {
    const TempDir root;
    const auto settings = writing_to(root / "srv");
    CHECK(unit_troubles(settings, root.path()).empty());  // no unit is installed

    std::filesystem::create_directories(root / "usr/lib/systemd/system");
    write_file(root / "usr/lib/systemd/system/bucky.service", "[Service]\nProtectSystem=strict\n");
    auto troubles = unit_troubles(settings, root.path());
    REQUIRE(troubles.size() == 1);
    CHECK_THAT(troubles.front(), Contains("may not write to " + settings.node.data_dir.string()) &&
                                     Contains("`bucky config systemd`"));

    const auto drop_in = root / "etc/systemd/system/bucky.service.d/paths.conf";
    std::filesystem::create_directories(drop_in.parent_path());
    write_file(drop_in, unit_drop_in(settings));
    troubles = unit_troubles(settings, root.path());
    REQUIRE(troubles.size() == 1);
    CHECK_THAT(troubles.front(), Contains("is not there") && Contains("install -d -m 0750"));

    std::filesystem::create_directories(settings.node.data_dir);
    CHECK(unit_troubles(settings, root.path()).empty());
    write_file(drop_in, "[Service]\nReadWritePaths=/nowhere " + root.path().string() + "\n");
    CHECK(unit_troubles(settings, root.path()).empty());  // that is above it
    write_file(drop_in, "[Service]\nReadWritePaths=" + settings.node.data_dir.string() + "2\n");
    CHECK(unit_troubles(settings, root.path()).size() == 1);
    CHECK(unit_troubles(writing_to("/var/lib/bucky"), root.path()).empty());
}

TEST_CASE("a read-only file system is mostly the unit's sandbox, and the words say so", "[tools]") {
    CHECK_THAT(why_unwritten(EROFS),
               Contains("Read-only file system") && Contains("`bucky config systemd`"));
    CHECK(why_unwritten(EACCES) == "Permission denied");
}
