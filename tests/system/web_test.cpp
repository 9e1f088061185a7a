// SPDX-License-Identifier: Apache-2.0
// Images come by STOW-RS: from Debian's Orthanc with its DICOMweb plugin as the client, from curl,
// over a crash and under a reload.
#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/support/http.h"
#include "tests/support/orthanc.h"
#include "tests/support/poll.h"
#include "tests/support/process.h"
#include "tests/support/running_node.h"
#include "tests/support/temp_dir.h"
#include "tests/support/xray.h"

using namespace bucky;
using namespace bucky::test;
using Catch::Contains;

namespace {

constexpr auto kWeb = "[web]\nlisten = \"127.0.0.1:0\"\n";

std::string url_of(RunningNode& node) {
    const auto ready = node.process().wait_for_line(" node.ready ", 1s);
    return fmt::format("http://127.0.0.1:{}/dicom-web", field(ready.value_or(""), "web_port"));
}

/// A request to store these files, in `body`.
void write_body(const std::filesystem::path& body,
                const std::vector<std::filesystem::path>& files) {
    std::ofstream out{body, std::ios::binary};
    for (const auto& file : files) {
        std::ifstream in{file, std::ios::binary};
        out << "\r\n--x\r\nContent-Type: application/dicom\r\n\r\n" << in.rdbuf();
    }
    out << "\r\n--x--";
}

/// The HTTP status that curl got; "000" when it got none.
std::string post(RunningNode& node, const std::filesystem::path& body) {
    return run({"curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--data-binary",
                "@" + body.string(), "-H",
                "Content-Type: multipart/related; type=\"application/dicom\"; boundary=x",
                url_of(node) + "/studies"})
        .output.substr(0, 3);
}

/// Images of the study, once each has a verdict.
std::size_t verdicts(RunningNode& node, const std::string& study) {
    const auto shown = nlohmann::json::parse(node.bucky({"study", "show", "--json", study}).output,
                                             nullptr, false);
    if (!shown.is_object()) return 0;
    const auto& found = shown.at("studies").at(0);
    return found.at("pending") == 0 ? found.at("image_list").size() : 0;
}

}  // namespace

TEST_CASE("Orthanc sends a study by STOW-RS, and its results go back", "[system][web]") {
    const TempDir dir;
    Orthanc pacs{Orthanc::Plugins::dicom_web};
    RunningNode node{{.destinations = {pacs.destination()}, .more = kWeb}};
    const auto xray = write_xray(dir.path(), {.seed = 101, .rows = 256, .columns = 256});
    pacs.keeps(xray.file);
    const nlohmann::json server{{"Url", url_of(node)}};
    REQUIRE(run({"curl", "-s", "-f", "-X", "PUT", "-d", server.dump(),
                 pacs.url("/dicom-web/servers/bucky")})
                .status == 0);
    const auto held = pacs.instances(xray.uids.study_uid);
    REQUIRE(held.size() == 1);
    const nlohmann::json what{{"Resources", {held.front().id}}, {"Synchronous", true}};
    const auto sent = http_post(pacs.url("/dicom-web/servers/bucky/stow"), what.dump());
    INFO(sent << node.process().output());
    CHECK(node.logged("web.request"));
    CHECK(poll_until(
        [&] { return pacs.instances(xray.uids.study_uid, kComprehensive3dSr).size() == 1; }, 20s));
    CHECK_THAT(node.bucky({"study", "show", xray.uids.study_uid}).output, Contains("WEB"));
    CHECK_THAT(node.get("/metrics"), Contains("bucky_web_requests_total{status=\"200\"} 1"));
}

TEST_CASE("killed within a request, the node has what it answered, and no half of the rest",
          "[system][web]") {
    const TempDir dir;
    const auto one = write_xray(dir.path(), {.seed = 102, .rows = 256, .columns = 256});
    const auto two = write_xray(dir.path(), {.seed = 103, .rows = 256, .columns = 256});
    const auto three = write_xray(dir.path(), {.seed = 104, .rows = 256, .columns = 256});
    write_body(dir / "first", {one.file});
    write_body(dir / "second", {two.file, three.file});
    RunningNode node{{.more = kWeb, .environment = {{"BUCKY_CRASH_AT", "intake.after_rename:3"}}}};
    CHECK(post(node, dir / "first") == "200");
    CHECK(post(node, dir / "second") == "000");
    REQUIRE(node.process().wait(20s) == -SIGKILL);
    node.restart();
    CHECK(post(node, dir / "second") == "200");
    for (const auto* xray : {&one, &two, &three}) {
        CHECK(poll_until([&] { return verdicts(node, xray->uids.study_uid) == 1; }, 20s));
    }
}

TEST_CASE("requests under way and to come pass over a reload", "[system][web]") {
    const TempDir dir;
    RunningNode node{{.more = kWeb}};
    std::atomic<int> answered = 0, other = 0;
    std::atomic<bool> is_over = false;
    std::thread sender{[&] {
        for (std::uint64_t seed = 200; !is_over; ++seed) {
            const auto xray = write_xray(dir.path(), {.seed = seed, .rows = 64, .columns = 64});
            write_body(dir / "body", {xray.file});
            ++(post(node, dir / "body") == "200" ? answered : other);
        }
    }};
    for (int round = 0; round < 2; ++round) {
        const int before = answered;
        CHECK(poll_until([&] { return answered > before + 2; }, 20s));
        CHECK(node.bucky({"reload"}).status == 0);
    }
    is_over = true;
    sender.join();
    CHECK(other == 0);
    CHECK(node.stop() == 0);
}
