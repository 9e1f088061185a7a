// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/admin/admin.h"

#include <mutex>
#include <thread>

#include <catch2/catch.hpp>

#include <boost/asio/io_context.hpp>

#include "conf/base/error.h"
#include "conf/base/limits.h"
#include "conf/observe/metrics.h"
#include "tests/tools/admin/http_talk.h"

using namespace bucky;
using bucky::test::Talk;

namespace {

/// An admin listener on a port that the system chooses, with its own thread.
class Served {
public:
    explicit Served(std::string token = {})
        : admin_(
              io_, "127.0.0.1:0", [this] { return reasons(); }, std::move(token),
              [] { return std::string{"{\"lanes\":[]}"}; }) {
        thread_ = std::jthread{[this] { io_.run(); }};
    }
    ~Served() {
        io_.stop();
        thread_.join();
    }

    std::uint16_t port() const { return admin_.port(); }
    std::string ask(const std::string& request) const { return Talk{port()}.say(request).rest(); }
    void set_reasons(std::vector<std::string> reasons) {
        const std::lock_guard lock(mutex_);
        reasons_ = std::move(reasons);
    }

private:
    std::vector<std::string> reasons() {
        const std::lock_guard lock(mutex_);
        return reasons_;
    }

    std::mutex mutex_;
    std::vector<std::string> reasons_;
    boost::asio::io_context io_;
    Admin admin_;
    std::jthread thread_;
};

}  // namespace

TEST_CASE("healthz says that the process lives", "[tools]") {
    const Served served;
    const auto answer = served.ask("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    CHECK_THAT(answer, Catch::StartsWith("HTTP/1.1 200") && Catch::EndsWith("\r\n\r\nalive\n"));
}

TEST_CASE("readyz says why images are not taken, one reason a line", "[tools]") {
    Served served;
    CHECK_THAT(served.ask("GET /readyz HTTP/1.1\r\n\r\n"), Catch::StartsWith("HTTP/1.1 200"));
    served.set_reasons({"100 MB free", "the node is stopping"});
    CHECK_THAT(served.ask("GET /readyz HTTP/1.1\r\n\r\n"),
               Catch::StartsWith("HTTP/1.1 503") &&
                   Catch::EndsWith("100 MB free\nthe node is stopping\n"));
}

TEST_CASE("metrics come in the text format of Prometheus", "[tools]") {
    metrics::set("bucky_disk_free_bytes", 42);
    const Served served;
    CHECK_THAT(served.ask("GET /metrics HTTP/1.1\r\n\r\n"),
               Catch::Contains("text/plain; version=0.0.4") &&
                   Catch::Contains("# TYPE bucky_disk_free_bytes gauge") &&
                   Catch::Contains("bucky_disk_free_bytes 42"));
}

TEST_CASE("a HEAD is told the length and gets no body", "[tools]") {
    const Served served;
    const auto answer = served.ask("HEAD /healthz HTTP/1.1\r\n\r\n");
    CHECK_THAT(answer, Catch::Contains("Content-Length: 6") && Catch::EndsWith("\r\n\r\n"));
}

TEST_CASE("other methods and other paths are refused", "[tools]") {
    const Served served;
    CHECK_THAT(served.ask("DELETE /metrics HTTP/1.1\r\n\r\n"),
               Catch::StartsWith("HTTP/1.1 405") && Catch::Contains("Allow: GET, HEAD"));
    CHECK_THAT(served.ask("GET /../../etc/passwd HTTP/1.1\r\n\r\n"),
               Catch::StartsWith("HTTP/1.1 404"));
    CHECK_THAT(served.ask("POST /healthz HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"),
               !Catch::StartsWith("HTTP/1.1 200"));
}

TEST_CASE("what is no HTTP, or too much of it, is closed without an answer", "[tools]") {
    const Served served;
    CHECK(served.ask("\x01\x00\x00\x00 no HTTP\r\n\r\n").find("200") == std::string::npos);
    const std::string endless(20'000, 'x');
    CHECK(served.ask("GET /healthz HTTP/1.1\r\nX: " + endless + "\r\n\r\n").find("200") ==
          std::string::npos);
    CHECK_THAT(served.ask("GET /healthz HTTP/1.1\r\n\r\n"), Catch::StartsWith("HTTP/1.1 200"));
}

TEST_CASE("a caller who says nothing keeps nobody else waiting", "[tools]") {
    const Served served;
    const Talk silent{served.port()}, half{served.port()};
    half.say("GET /heal");
    CHECK_THAT(served.ask("GET /healthz HTTP/1.1\r\n\r\n"), Catch::StartsWith("HTTP/1.1 200"));
}

TEST_CASE("callers who say nothing, or half a line, cannot keep anybody from asking", "[tools]") {
    const Served served;
    std::vector<Talk> silent;
    for (std::size_t i = 0; i < 3 * limits::kAdminConnectionsMax; ++i) {
        silent.emplace_back(served.port()).say(i % 2 == 0 ? "" : "GET /he");
        if (i % 16 != 15) continue;
        for (const auto* path : {"/healthz", "/readyz", "/metrics"}) {
            CHECK_THAT(served.ask("GET " + std::string{path} + " HTTP/1.1\r\n\r\n"),
                       Catch::StartsWith("HTTP/1.1 200"));
        }
    }
    CHECK(silent.front().rest().empty());  // it was closed for the new one
}

TEST_CASE("callers who ask and do not read leave health to be told, and are answered in turn",
          "[tools]") {
    for (int i = 0; i < 200; ++i) {  // an answer larger than any socket buffer
        metrics::set("bucky_jobs", 1, {{"lane", std::string(100'000, 'x') + std::to_string(i)}});
    }
    const Served served;
    std::vector<Talk> deaf;
    for (std::size_t i = 0; i <= limits::kAdminAnswersMax; ++i) {
        deaf.emplace_back(served.port()).say("GET /metrics HTTP/1.1\r\n\r\n");
    }
    CHECK_THAT(deaf.back().rest(),
               Catch::StartsWith("HTTP/1.1 503") && Catch::Contains("Retry-After: 1"));
    CHECK_THAT(served.ask("GET /healthz HTTP/1.1\r\n\r\n"), Catch::StartsWith("HTTP/1.1 200"));
    deaf.clear();
    std::string answer;  // the node notices closed connections one by one
    for (int i = 0; i < 1000 && !answer.starts_with("HTTP/1.1 200"); ++i) {
        answer = served.ask("GET /status.json HTTP/1.1\r\n\r\n");
    }
    CHECK_THAT(answer, Catch::StartsWith("HTTP/1.1 200"));
}

TEST_CASE("why the node is not ready is for those who show the token: it may name a path",
          "[tools][hostile]") {
    const auto ask = [](const Served& served, const std::string& header) {
        return served.ask("GET /readyz HTTP/1.1\r\n" + header + "\r\n");
    };
    Served closed{"correct-horse-battery"};
    closed.set_reasons({"database /var/lib/bucky/its.db: disk I/O error"});
    CHECK_THAT(ask(closed, ""), Catch::StartsWith("HTTP/1.1 503") && !Catch::Contains("/var/lib"));
    CHECK_THAT(ask(closed, "Authorization: Bearer correct-horse-battery\r\n"),
               Catch::StartsWith("HTTP/1.1 503") && Catch::Contains("/var/lib"));
}

TEST_CASE("with a token, all but health is for those who show it", "[tools]") {
    const Served served{"correct-horse-battery"};
    for (const auto* open : {"/healthz", "/readyz"}) {
        CHECK_THAT(served.ask("GET " + std::string{open} + " HTTP/1.1\r\n\r\n"),
                   Catch::StartsWith("HTTP/1.1 200"));
    }
    for (const auto* header : {"", "Authorization: Bearer wrong\r\n"}) {
        CHECK_THAT(served.ask("GET /metrics HTTP/1.1\r\n" + std::string{header} + "\r\n"),
                   Catch::StartsWith("HTTP/1.1 401") &&
                       Catch::Contains("WWW-Authenticate: Basic realm=\"bucky\"") &&
                       !Catch::Contains("correct-horse"));
    }
    CHECK_THAT(served.ask("GET /metrics HTTP/1.1\r\n"
                          "Authorization: Bearer correct-horse-battery\r\n\r\n"),
               Catch::StartsWith("HTTP/1.1 200"));
}

TEST_CASE("the status page comes whole, and may load nothing that is not ours", "[tools]") {
    const Served served;
    const auto page = served.ask("GET / HTTP/1.1\r\n\r\n");
    CHECK_THAT(page, Catch::StartsWith("HTTP/1.1 200") && Catch::Contains("text/html") &&
                         Catch::Contains("Content-Security-Policy: default-src 'none';") &&
                         Catch::Contains("status.js") && Catch::EndsWith("</html>\n"));
    CHECK_THAT(page, !Catch::Contains("http://") && !Catch::Contains("https://"));
    CHECK_THAT(served.ask("GET /status.css HTTP/1.1\r\n\r\n"), Catch::Contains("text/css"));
    const auto script = served.ask("GET /status.js HTTP/1.1\r\n\r\n");
    CHECK_THAT(script, Catch::Contains("text/javascript") && Catch::EndsWith("ask();\n"));
    CHECK_THAT(script, !Catch::Contains("innerHTML"));
    CHECK_THAT(served.ask("GET /status.json HTTP/1.1\r\n\r\n"),
               Catch::Contains("application/json") && Catch::EndsWith("{\"lanes\":[]}"));
}

TEST_CASE("with a token, the status page is for those who show it, too", "[tools]") {
    const Served served{"correct-horse-battery"};
    for (const auto* path : {"/", "/status.js", "/status.json"}) {
        CHECK_THAT(served.ask("GET " + std::string{path} + " HTTP/1.1\r\n\r\n"),
                   Catch::StartsWith("HTTP/1.1 401"));
    }
}

TEST_CASE("a stranger's page that gives its name our address learns nothing", "[tools]") {
    const auto from = [](const Served& served, const std::string& host) {
        return served.ask("GET /status.json HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
    };
    const Served open;
    for (const auto* host : {"127.0.0.1:8090", "localhost:8090", "[::1]:8090", "localhost"}) {
        CHECK_THAT(from(open, host), Catch::StartsWith("HTTP/1.1 200"));
    }
    CHECK_THAT(from(open, "evil.example:8090"), Catch::StartsWith("HTTP/1.1 421"));
    const Served closed{"correct-horse-battery"};
    CHECK_THAT(from(closed, "bucky.example"), Catch::StartsWith("HTTP/1.1 401"));
}

TEST_CASE("the admin listener refuses addresses that others could reach, but with a token",
          "[tools]") {
    boost::asio::io_context io;
    const auto ready = [] { return std::vector<std::string>{}; };
    CHECK_THROWS_AS(Admin(io, "0.0.0.0:0", ready), Error);
    CHECK_NOTHROW(Admin(io, "0.0.0.0:0", ready, "correct-horse-battery"));
    CHECK_THROWS_AS(Admin(io, "nonsense", ready), Error);
    const Admin first{io, "127.0.0.1:0", ready};
    const auto taken = "127.0.0.1:" + std::to_string(first.port());
    CHECK_THROWS_WITH(Admin(io, taken, ready), Catch::Contains("cannot listen on admin.listen"));
}
