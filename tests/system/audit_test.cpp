// SPDX-License-Identifier: Apache-2.0
// The audit trail of a whole run of the node, as a file, validated by xmllint.
#include <algorithm>
#include <fstream>
#include <optional>

#include <catch2/catch.hpp>

#include "tests/support/fake_pacs.h"
#include "tests/support/poll.h"
#include "tests/support/process.h"
#include "tests/support/running_node.h"
#include "tests/support/senders.h"
#include "tests/support/syslog_server.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_pki.h"
#include "tests/support/xray.h"

using namespace bucky;
using namespace bucky::test;
using namespace std::chrono_literals;

namespace {

std::vector<std::string> messages_in(const std::filesystem::path& file) {
    std::ifstream in{file};
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

std::ptrdiff_t how_many(const std::vector<std::string>& messages, const std::string& part,
                        const std::string& also = "") {
    return std::count_if(messages.begin(), messages.end(), [&](const std::string& one) {
        return one.find(part) != std::string::npos && one.find(also) != std::string::npos;
    });
}

}  // namespace

TEST_CASE(
    "the audit trail tells of a node's start and end, of images in and results out, of who was "
    "refused, who looked, and what was changed",
    "[system][audit]") {
    const TempDir dir;
    const auto trail = dir / "audit.xml";
    const FakePacs pacs;
    RunningNode node{{.destinations = {pacs.destination()},
                      .more = "[audit]\nfile = \"" + trail.string() + "\"\n",
                      .scp = "check_called_ae = true\n"}};
    XrayOptions options{.seed = 5};
    options.dicom.patient_id = "AUDITED-1";
    const auto xray = write_xray(dir.path(), options);
    REQUIRE(node.store(xray.file) == 0);
    REQUIRE(
        run({"echoscu", "-aec", "WRONG", "127.0.0.1", std::to_string(node.dicom_port())}).status !=
        0);
    CHECK_FALSE(node.get("/").empty());
    REQUIRE(node.bucky({"reload"}).status == 0);
    REQUIRE(poll_until(
        [&] { return how_many(messages_in(trail), "110104", R"(ActionCode="R")") == 2; }, 60s));
    CHECK(node.stop() == 0);

    const auto all = messages_in(trail);
    CHECK(how_many(all, "Application Start") == 1);
    CHECK(how_many({all.back()}, "Application Stop") == 1);
    CHECK(how_many(all, "110104", R"(ActionCode="C")") == 1);
    CHECK(how_many(all, "110102") == 2);  // the deliveries of report and picture begin
    CHECK(how_many(all, R"(ParticipantObjectID="AUDITED-1")") == 5);
    CHECK(how_many(all, xray.uids.study_uid) == 5);
    CHECK(how_many(all, "Node Authentication", "called AE title is not ours") == 1);
    CHECK(how_many(all, "110112", R"(ParticipantObjectID="/")") == 1);
    CHECK(how_many(all, "Software Configuration") == 1);
    for (const auto& message : all) {
        const auto file = dir / "one.xml";
        std::ofstream{file} << message;
        const auto judged = run({"xmllint", "--noout", "--relaxng",
                                 BUCKY_SOURCE_DIR "/tests/audit/audit-message.rng", file.string()});
        INFO(judged.output << message);
        CHECK(judged.status == 0);
    }
}

TEST_CASE(
    "a syslog server that is not trusted costs no image, is one trouble of the log and of status, "
    "and has everything once it is trusted",
    "[system][audit][tls]") {
    auto server = std::make_optional<SyslogServer>(pki().unknown());
    const auto port = server->port();
    RunningNode node{{.more = "[audit]\nsyslog = \"tls://127.0.0.1:" + std::to_string(port) +
                              "\"\nca = \"" + pki().authority.certificate().string() + "\"\n"}};
    REQUIRE(node.logged(" warning audit.trouble outlet=syslog "));
    const TempDir dir;
    const auto xray = write_xray(dir.path(), {.seed = 6, .rows = 256, .columns = 256});
    CHECK(node.store(xray.file) == 0);
    CHECK_FALSE(node.verdict_line(xray.uids.sop_instance_uid).empty());
    CHECK(poll_until(
        [&] {
            const auto status = node.bucky({"status"});
            return status.status == 1 &&
                   status.output.find("! audit messages wait: connect to audit.syslog") !=
                       std::string::npos;
        },
        30s));
    CHECK(node.get("/status.json").find("is of no authority in audit.ca") != std::string::npos);
    CHECK(node.get("/metrics").find("bucky_audit_answers{outlet=\"syslog\"} 0") !=
          std::string::npos);

    server.reset();
    server.emplace(pki().peer(), std::filesystem::path{}, port);
    REQUIRE(node.logged(" info audit.restored outlet=syslog", 60s));
    const auto first = server->next_message(30s);
    REQUIRE(first.has_value());
    CHECK(first->find("Application Start") != std::string::npos);
    CHECK(poll_until(
        [&] { return node.bucky({"status"}).output.find("audit") == std::string::npos; }, 30s));
    CHECK(node.stop() == 0);
    CHECK(how_many(node.process().lines(), " audit.trouble ", "no authority") == 1);
}
