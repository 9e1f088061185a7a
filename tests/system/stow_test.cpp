// SPDX-License-Identifier: Apache-2.0
// Results go out by STOW-RS: to Debian's Orthanc with its DICOMweb plugin, and to a service that
// wants a token.
#include <fstream>
#include <string>

#include <catch2/catch.hpp>

#include "tests/support/orthanc.h"
#include "tests/support/poll.h"
#include "tests/support/process.h"
#include "tests/support/running_node.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_pki.h"
#include "tests/support/xray.h"

using namespace bucky;
using namespace bucky::test;
using Catch::Contains;

namespace {

/// A token endpoint and a STOW-RS service in one. It takes the first token once, then wants a new
/// one; it answers A700 to the first object.
constexpr auto kService = R"py(
import http.server, json, ssl, sys
state = {"tokens": 0, "stored": 0, "asked": 0}
class Service(http.server.BaseHTTPRequestHandler):
    def log_message(self, *words): pass
    def answer(self, status, body, kind):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/login/token":
            good = b"client_id=bucky&client_secret=s%26cret&scope=dicom.write" in body
            state["tokens"] += 1
            print("token", state["tokens"], good, flush=True)
            token = "t%d" % state["tokens"]
            return self.answer(200 if good else 400, {"access_token": token,
                               "expires_in": 3600}, "application/json")
        if self.headers["Authorization"] != "Bearer t2":
            print("unauthorized", self.headers["Authorization"], flush=True)
            return self.answer(401, {}, "application/json")
        state["asked"] += 1
        uid = json.loads(self.reason(body))
        kind = self.headers["Content-Type"]
        whole = b"DICM" in body and "multipart/related" in kind
        print("object", state["asked"], self.path, whole, flush=True)
        self.answer(409 if state["asked"] == 1 else 200, uid, "application/dicom+json")
    def reason(self, body):
        item = {"00081197": {"vr": "US", "Value": [0xA700]}}
        failed = {"00081198": {"vr": "SQ", "Value": [item]}}
        return json.dumps(failed if state["asked"] == 1 else {})
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
if len(sys.argv) > 1:
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=sys.argv[3])
    tls.verify_mode = ssl.CERT_REQUIRED
    tls.load_cert_chain(sys.argv[1], sys.argv[2])
    server.socket = tls.wrap_socket(server.socket, server_side=True)
print("port", server.server_address[1], flush=True)
server.serve_forever()
)py";

}  // namespace

TEST_CASE("results are stored in Orthanc by STOW-RS, and the same once more is no failure",
          "[system][stow]") {
    const TempDir dir;
    Orthanc pacs{Orthanc::Plugins::dicom_web};
    auto there = pacs.destination();
    there.more = "url = \"" + pacs.url("/dicom-web") + "\"\n";
    RunningNode node{{.destinations = {there}}};
    const auto xray = write_xray(dir.path(), {.seed = 91});
    REQUIRE(node.store(xray.file) == 0x0000);
    const auto results = pacs.wait_for_results(xray.uids.study_uid, 1);
    INFO(node.process().output());
    CHECK(results.reports.size() == 1);
    CHECK(results.overlays.size() == 1);
    const auto again = node.bucky({"send", "pacs", xray.file.string()});
    INFO(again.output);
    CHECK(again.status == 0);
    CHECK(node.bucky({"send", "pacs", xray.file.string()}).status == 0);
    const auto echoed = node.bucky({"echo", "pacs"});
    CHECK(echoed.status == 1);
    CHECK_THAT(echoed.output, Contains("STOW-RS, which has no echo"));
}

TEST_CASE("a service that wants an OAuth2 token gets one, and a new one when it refuses the old",
          "[system][stow]") {
    const TempDir dir;
    std::ofstream{dir / "service.py"} << kService;
    std::ofstream{dir / "secret"} << "s&cret\n";
    std::filesystem::permissions(dir / "secret", std::filesystem::perms::owner_read);
    Process service{{"python3", "-u", (dir / "service.py").string()}};
    const auto line = service.wait_for_line("port ", 20s);
    REQUIRE(line);
    const auto base = "http://127.0.0.1:" + line->substr(5);
    RunningNode node{
        {.destinations = {{.name = "cloud",
                           .ae_title = "CLOUD",
                           .port = 1,
                           .more = "url = \"" + base + "/v1\"\ntoken_url = \"" + base +
                                   "/login/token\"\nclient_id = \"bucky\"\n" +
                                   "client_secret_file = \"" + (dir / "secret").string() +
                                   "\"\nscope = \"dicom.write\"\n"}}}};
    const auto xray = write_xray(dir.path(), {.seed = 92});
    REQUIRE(node.store(xray.file) == 0x0000);
    CHECK(service.wait_for_line("unauthorized Bearer t1", 30s));  // then a second token
    CHECK(service.wait_for_line("object 1 /v1/studies True", 30s));
    CHECK(service.wait_for_line("object 3 /v1/studies True", 30s));  // report, picture, once more
    CHECK(node.logged("deliver.retry"));
    CHECK_THAT(service.output(), Contains("token 2 True") && !Contains("token 3"));
    CHECK(poll_until(
        [&] { return node.bucky({"queue"}).output.find("cloud") != std::string::npos; }, 10s));
}

TEST_CASE(
    "over mutual TLS, results go to the service that shows the right certificate, and to no other",
    "[system][stow]") {
    const TempDir dir;
    std::ofstream{dir / "service.py"} << kService;
    std::ofstream{dir / "token"} << "t2\n";
    std::filesystem::permissions(dir / "token", std::filesystem::perms::owner_read);
    const auto started = [&](const Identity& identity) {
        return Process{{"python3", "-u", (dir / "service.py").string(),
                        identity.certificate.string(), identity.key.string(),
                        pki().authority.certificate().string()}};
    };
    Process right = started(pki().peer()), wrong = started(pki().unknown());
    const auto to = [&](const std::string& name, Process& service, const std::string& more) {
        const auto line = service.wait_for_line("port ", 20s);
        REQUIRE(line);
        return Destination{.name = name,
                           .ae_title = "CLOUD",
                           .port = 1,
                           .more = "url = \"https://127.0.0.1:" + line->substr(5) +
                                   "/v1\"\nca = \"" + pki().authority.certificate().string() +
                                   "\"\ntoken_file = \"" + (dir / "token").string() + "\"\n" +
                                   more};
    };
    const auto ours = "certificate = \"" + pki().node().certificate.string() + "\"\nkey = \"" +
                      pki().node().key.string() + "\"\n";
    RunningNode node{{.destinations = {to("right", right, ours), to("wrong", wrong, ours),
                                       to("bare", right, "")}}};
    const auto xray = write_xray(dir.path(), {.seed = 93});
    REQUIRE(node.store(xray.file) == 0x0000);
    CHECK(right.wait_for_line("object 3 /v1/studies True", 30s));
    for (const auto* refused : {"wrong", "bare"}) {  // which shows no certificate
        INFO(refused);
        const auto line = node.process().wait_for_line(
            [&](std::string_view one) {
                return one.find(" deliver.retry ") != std::string_view::npos &&
                       field(one, "to") == refused;
            },
            30s);
        CHECK(line);
    }
    CHECK_THAT(wrong.output(), !Contains("object"));
    CHECK_THAT(right.output(), !Contains("object 4"));
}
