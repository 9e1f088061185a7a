// SPDX-License-Identifier: Apache-2.0
// An archive is asked what it has, and sends it: Debian's Orthanc as SCP of C-FIND and C-MOVE.
#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/support/orthanc.h"
#include "tests/support/poll.h"
#include "tests/support/running_node.h"
#include "tests/support/senders.h"
#include "tests/support/temp_dir.h"
#include "tests/support/xray.h"

using namespace bucky;
using namespace bucky::test;
using Catch::Contains;

namespace {

std::string archive_named(const std::string& name, const Orthanc& pacs) {
    return "[[archive]]\nname = \"" + name +
           "\"\nae_title = \"ORTHANC\"\nhost = \"127.0.0.1\"\nport = " +
           std::to_string(pacs.dicom_port()) + "\n";
}

}  // namespace

TEST_CASE("Orthanc answers what it has of a day, without a name, and sends a study that is fetched",
          "[system][archive]") {
    const TempDir dir;
    Orthanc pacs;
    const auto xray = write_xray(dir.path(), {.seed = 71, .rows = 256, .columns = 256});
    pacs.keeps(xray.file);
    RunningNode node{{.more = archive_named("pacs", pacs)}};
    pacs.knows("BUCKY", node.dicom_port());

    const auto echoed = node.bucky({"archive", "echo", "pacs"});
    INFO(echoed.output);
    CHECK(echoed.status == 0);
    CHECK_THAT(echoed.output, Contains("answers queries"));

    const auto found = node.bucky({"archive", "find", "pacs", "--date", "2026-01-02"});
    INFO(found.output);
    CHECK(found.status == 0);
    CHECK_THAT(found.output, Contains(xray.uids.study_uid) && Contains("2026-01-02 10:15") &&
                                 Contains("DX") && !Contains("Phantom") && !Contains("PHANTOM"));
    CHECK(node.bucky({"archive", "find", "pacs", "--date", "2026-01-03"}).status == 1);
    CHECK(node.bucky({"archive", "find", "pacs", "--study", xray.uids.study_uid}).status == 0);

    const auto fetched = node.bucky({"archive", "fetch", "pacs", xray.uids.study_uid});
    INFO(fetched.output);
    CHECK(fetched.status == 0);
    CHECK_FALSE(node.verdict_line(xray.uids.sop_instance_uid).empty());
    CHECK(node.bucky({"archive", "fetch", "pacs", "1.2.3.4"}).status == 1);
}

TEST_CASE("of an archive that does not know this node, the words say what to register",
          "[system][archive]") {
    const TempDir dir;
    Orthanc pacs;
    const auto xray = write_xray(dir.path(), {.seed = 72, .rows = 256, .columns = 256});
    pacs.keeps(xray.file);
    RunningNode node{{.more = archive_named("pacs", pacs)}};
    const auto fetched = node.bucky({"archive", "fetch", "pacs", xray.uids.study_uid});
    INFO(fetched.output);
    CHECK(fetched.status == 1);
    CHECK_THAT(fetched.output, Contains("AE title registered there"));
}

TEST_CASE("the archive's priors are the patient's newest two chest films, and nobody else's",
          "[system][archive]") {
    const TempDir dir;
    std::uint64_t seed = 90;
    const auto film = [&](const std::string& day, const std::string& birth_date,
                          const std::string& part) {
        phantom::DicomOptions dicom;
        dicom.patient_id = "SAME-ID";
        dicom.study_date = day;
        dicom.body_part = part;
        auto xray =
            write_xray(dir.path(), {.seed = ++seed, .rows = 160, .columns = 160, .dicom = dicom});
        REQUIRE(run({"dcmodify", "-nb", "-m", "PatientBirthDate=" + birth_date, "-m",
                     "PatientSex=F", xray.file.string()})
                    .status == 0);
        return xray;
    };
    const auto now = film("20260102", "19700101", "CHEST");
    const auto oldest = film("20230302", "19700101", "CHEST");
    const auto older = film("20240302", "19700101", "CHEST");
    const auto newest = film("20250302", "19700101", "CHEST");
    const auto later = film("20260103", "19700101", "CHEST");
    const auto hand = film("20250902", "19700101", "HAND");
    const auto other = film("20251002", "19551231", "CHEST");  // another who has this ID
    Orthanc pacs;
    for (const auto* one : {&oldest, &older, &newest, &later, &hand, &other}) {
        pacs.keeps(one->file);
    }
    RunningNode node{{.more = archive_named("pacs", pacs) + "coverage_minutes = 0\n"}};
    pacs.knows("BUCKY", node.dicom_port());
    REQUIRE(node.store(now.file) == 0x0000);
    const auto said = node.bucky({"archive", "priors", "pacs", now.uids.study_uid});
    INFO(said.output);
    CHECK(said.status == 0);
    const auto at = [&](const Xray& one) { return said.output.find(one.uids.study_uid); };
    CHECK(at(newest) < at(older));
    CHECK(at(older) != std::string::npos);
    for (const auto* one : {&now, &oldest, &later, &hand, &other}) {
        CHECK(at(*one) == std::string::npos);
    }
    CHECK_THAT(said.output, !Contains("SAME-ID") && !Contains("Phantom"));
}

namespace {

/// Studies of two devices in an archive, of which some never come to the node.
struct Fleet {
    std::vector<Xray> came, withheld;

    Fleet(const std::filesystem::path& dir, std::size_t all, std::size_t kept_back,
          const std::string& day) {
        for (std::size_t number = 0; number < all; ++number) {
            const bool is_held = number < kept_back;
            phantom::DicomOptions dicom;
            dicom.study_date = day;
            dicom.study_time = is_held ? "091200" : "081500";
            dicom.station_name = is_held ? "XRAY2" : "XRAY1";
            auto xray =
                write_xray(dir, {.seed = 9000 + number, .rows = 64, .columns = 64, .dicom = dicom});
            (is_held ? withheld : came).push_back(std::move(xray));
        }
    }
    std::vector<std::filesystem::path> files_that_came() const {
        std::vector<std::filesystem::path> files;
        for (const auto& one : came) files.push_back(one.file);
        return files;
    }
    std::vector<std::filesystem::path> all_files() const {
        auto files = files_that_came();
        for (const auto& one : withheld) files.push_back(one.file);
        return files;
    }
};

bool is_long() {
    return std::getenv("BUCKY_LONG") != nullptr;
}

void set_in_config(RunningNode& node, const std::string& was, const std::string& is) {
    std::stringstream text;
    text << std::ifstream{node.config_file()}.rdbuf();
    auto changed = text.str();
    changed.replace(changed.find(was), was.size(), is);
    std::ofstream{node.config_file()} << changed;
    const auto reloaded = node.bucky({"reload"});
    INFO(reloaded.output);
    REQUIRE(reloaded.status == 0);
}

/// The local day of yesterday: nothing of it is on its way.
std::string yesterday() {
    const std::time_t at = std::time(nullptr) - 24 * 3600;
    std::tm local{};
    (void)::localtime_r(&at, &local);
    char text[16]{};
    (void)std::strftime(text, sizeof(text), "%Y%m%d", &local);
    return text;
}

}  // namespace

TEST_CASE("coverage names exactly the studies that never came, and backfill brings them",
          "[system][archive][coverage]") {
    const TempDir dir;
    const std::size_t all = is_long() ? 1000 : 60, held = is_long() ? 37 : 5;
    const Fleet fleet{dir.path(), all, held, yesterday()};
    Orthanc pacs;
    REQUIRE(dcmsend(pacs.dicom_port(), fleet.all_files(), "ORTHANC").all_accepted());
    RunningNode node{{.more = archive_named("pacs", pacs) + "coverage_minutes = 0\n"}};
    pacs.knows("BUCKY", node.dicom_port());
    REQUIRE(dcmsend(node.dicom_port(), fleet.files_that_came()).all_accepted());

    const auto before = node.bucky({"coverage", "--since", "2d"});
    INFO(before.output);
    CHECK(before.status == 1);
    CHECK_THAT(before.output, Contains(std::to_string(held) + " never came") && Contains("XRAY2") &&
                                  !Contains("XRAY1") && !Contains("Phantom"));
    const auto names = [&](const Xray& one) {
        return before.output.find(one.uids.study_uid + '\n') != std::string::npos;
    };
    CHECK(std::ranges::all_of(fleet.withheld, names));
    CHECK(std::ranges::none_of(fleet.came, names));

    const auto filled = node.bucky({"coverage", "--since", "2d", "--backfill"});
    INFO(filled.output);
    CHECK_THAT(filled.output,
               Contains("sent " + std::to_string(held) + " of " + std::to_string(held)));
    const auto after = node.bucky({"coverage", "--since", "2d"});
    INFO(after.output);
    CHECK(after.status == 0);
    CHECK_THAT(after.output, Contains(" 0 never came"));
}

TEST_CASE("the node says by itself which device's studies never came, and fetches them if it may",
          "[system][archive][coverage]") {
    const TempDir dir;
    const Fleet fleet{dir.path(), 3, 2, yesterday()};
    Orthanc pacs;
    REQUIRE(dcmsend(pacs.dicom_port(), fleet.all_files(), "ORTHANC").all_accepted());
    RunningNode node{{.more = archive_named("pacs", pacs) + "coverage_minutes = 0\n"}};
    pacs.knows("BUCKY", node.dicom_port());
    set_in_config(node, "coverage_minutes = 0", "coverage_minutes = 60");
    CHECK(poll_until(
        [&] {
            return node.get("/status.json").find("XRAY2: archive pacs has 2 studies of it since") !=
                   std::string::npos;
        },
        30s));
    CHECK_THAT(node.get("/metrics"),
               Contains("bucky_archive_studies{archive=\"pacs\",state=\"missing\"} 3"));
    set_in_config(node, "coverage_minutes = 60", "backfill = true");
    for (const auto& one : fleet.withheld) {
        CHECK_FALSE(node.verdict_line(one.uids.sop_instance_uid).empty());
    }
}

TEST_CASE("a study that came in part is named with how much of it came, a hand is no chest",
          "[system][archive][coverage]") {
    const TempDir dir;
    const auto image = [&](std::uint64_t seed, const std::string& study, const std::string& part) {
        phantom::DicomOptions dicom;
        dicom.study_uid = study;
        dicom.body_part = part;
        dicom.patient_id = "PHANTOM-OF-" + study;  // else Orthanc has two studies of one UID
        dicom.study_date = yesterday();
        return write_xray(dir.path(), {.seed = seed, .rows = 160, .columns = 160, .dicom = dicom});
    };
    const std::string study = "1.2.826.0.1.3680043.9.7777.1";
    const auto first = image(81, study, "CHEST"), second = image(82, study, "CHEST");
    const auto hand = image(83, "1.2.826.0.1.3680043.9.7777.2", "HAND");
    Orthanc pacs;
    REQUIRE(
        dcmsend(pacs.dicom_port(), {first.file, second.file, hand.file}, "ORTHANC").all_accepted());
    RunningNode node{{.more = archive_named("pacs", pacs) + "coverage_minutes = 0\n"}};
    pacs.knows("BUCKY", node.dicom_port());
    REQUIRE(node.store(first.file) == 0x0000);
    const auto said = node.bucky({"coverage", "--since", "2d"});
    INFO(said.output);
    CHECK(said.status == 1);
    CHECK_THAT(said.output, Contains("chest studies 1") && Contains("1 in part, 0 never came") &&
                                Contains("1 more name another part of the body") &&
                                Contains("1 of 2 images came"));
    CHECK(node.bucky({"coverage", "--since", "2d", "--backfill"}).status == 0);
    const auto after = node.bucky({"coverage", "--since", "2d"});
    INFO(after.output);
    CHECK(after.status == 0);
}
