// SPDX-License-Identifier: Apache-2.0
// Troubles are told by mail and webhook, without Prometheus.
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/support/alert_receiver.h"
#include "tests/support/fake_pacs.h"
#include "tests/support/poll.h"
#include "tests/support/running_node.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_pki.h"
#include "tests/support/xray.h"

using namespace bucky;
using namespace bucky::test;
using nlohmann::json;

namespace {

/// How many mails or posts with these words came.
int count(const AlertReceiver& receiver, const char* kind, std::string_view words) {
    int found = 0;
    for (const auto& one : json::parse(receiver.taken())) {
        if (one.contains(kind) && one[kind].dump().find(words) != std::string::npos) ++found;
    }
    return found;
}

constexpr std::string_view kBegun = "begun: destination", kOver = "over: destination";

}  // namespace

TEST_CASE("a dead PACS is told by mail and webhook once, over a restart, and so is its end",
          "[system][alert]") {
    const TempDir dir;
    const auto& server = pki().node();
    const auto password = dir.path() / "password";
    std::ofstream(password) << "secret words\n";
    std::filesystem::permissions(password, std::filesystem::perms::owner_read);
    const AlertReceiver mail{{"--tls", server.certificate.string(), server.key.string(), "--user",
                              "bucky", "secret words"}};
    AlertReceiver hook;
    hook.answer(500);  // at first it takes nothing
    FakePacs pacs;
    const auto destination = pacs.destination();
    RunningNode node{
        {.destinations = {destination},
         .more = fmt::format("[status]\nworry_after_s = 0\n"
                             "[[alert]]\nname = \"team\"\nabout = [\"destination\"]\nafter_s = 0\n"
                             "smtp = \"{}\"\nfrom = \"bucky@hospital.example\"\n"
                             "to = [\"pacs@hospital.example\"]\nuser = \"bucky\"\n"
                             "password_file = \"{}\"\nca = \"{}\"\n"
                             "[[alert]]\nname = \"chat\"\nabout = [\"destination\"]\nafter_s = 0\n"
                             "url = \"{}\"\n",
                             mail.smtp(), password.string(), pki().authority.certificate().string(),
                             hook.url())}};
    const auto tried = node.bucky({"alert", "test", "team"});
    INFO(tried.output);
    REQUIRE(tried.status == 0);
    CHECK(count(mail, "mail", "test of an alert") == 1);

    pacs.kill9();
    const auto xray = write_xray(dir.path(), {.seed = 31});
    REQUIRE(node.store(xray.file) == 0x0000);
    REQUIRE(poll_until([&] { return count(mail, "mail", kBegun) == 1; }, 30s));
    const auto all = mail.taken();
    CHECK_THAT(all, Catch::Contains("\"tls\": true") && Catch::Contains("\"user\": true") &&
                        Catch::Contains("pacs@hospital.example"));
    CHECK_THAT(all, !Catch::Contains(xray.uids.study_uid));
    CHECK(poll_until(
        [&] {
            return node.bucky({"status"}).output.find("alert chat could not") != std::string::npos;
        },
        10s));
    CHECK(node.get("/metrics").find("bucky_troubles{concern=\"alert\"} 1") != std::string::npos);
    hook.answer(200);
    CHECK(poll_until([&] { return count(hook, "post", kBegun) == 1; }, 30s));

    node.restart();
    pacs.start_again();
    CHECK(poll_until([&] { return count(mail, "mail", kOver) == 1; }, 60s));
    CHECK(poll_until([&] { return count(hook, "post", kOver) == 1; }, 60s));
    CHECK(count(mail, "mail", kBegun) == 1);
    CHECK(count(hook, "post", kBegun) == 1);
}
