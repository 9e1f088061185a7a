// SPDX-License-Identifier: Apache-2.0
// Images that come by STOW-RS (PS3.18 10.5), sent by curl and by hand.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include "conf/base/digest.h"
#include "tests/scp/images.h"
#include "tests/scp/test_front_door.h"
#include "tests/support/process.h"
#include "tests/support/test_pki.h"

using namespace bucky;
using namespace bucky::test;
using Catch::Contains;

namespace {

const std::string kType =
    R"(Content-Type: multipart/related; type="application/dicom"; boundary=b)";
constexpr std::size_t kWeb = 1;  ///< its place among the listeners

std::string bytes_of(const std::filesystem::path& file) {
    std::ifstream in{file, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
}

TestFrontDoor web_door(const std::function<void(conf::Settings&)>& change = {}) {
    return TestFrontDoor{[&](conf::Settings& settings) {
        settings.web.listen = "127.0.0.1:0";
        if (change) change(settings);
    }};
}

void add_clinic(conf::Settings& settings, const std::string& caller) {
    auto& tenant = settings.tenants.emplace_back();
    tenant.ae_title = AeTitle{"CLINIC"};
    tenant.callers = {caller};
}

std::filesystem::path image(const TestFrontDoor& door, int number) {
    const auto uid = fmt::format("1.2.826.0.1.3680043.9.1.{}", number);
    return write_image(door.dir() / fmt::format("{}.dcm", number), {.sop_instance = uid});
}

std::string body_of(const std::vector<std::string>& parts,
                    const std::string& type = "Content-Type: application/dicom\r\n") {
    std::string body = "a preamble";
    for (const auto& part : parts) body += "\r\n--b\r\n" + type + "\r\n" + part;
    return body + "\r\n--b--\r\n";
}

struct Answered {
    std::string status, headers, body;
};

Answered post(const TestFrontDoor& door, const std::string& body,
              std::vector<std::string> options = {}, const std::string& path = "/dicom-web/studies",
              const std::string& type = kType) {
    std::ofstream{door.dir() / "body", std::ios::binary} << body;
    const bool is_tls = !door.settings().web.certificate.empty();
    std::vector<std::string> command{
        "curl",
        "-s",
        "-i",
        "--data-binary",
        "@" + (door.dir() / "body").string(),
        "-H",
        type,
        fmt::format("{}://127.0.0.1:{}{}", is_tls ? "https" : "http", door.port(kWeb), path)};
    command.insert(command.end(), options.begin(), options.end());
    auto text = run(command).output;
    constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    if (text.starts_with(kContinue)) text.erase(0, kContinue.size());
    const auto end = text.find("\r\n\r\n");
    if (end == std::string::npos) return {};
    return {text.substr(9, 3), text.substr(0, end), text.substr(end + 4)};
}

/// What the node answers to these bytes, until it closes.
std::string said_to(const TestFrontDoor& door, const std::string& bytes) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(static_cast<std::uint16_t>(door.port(kWeb)));
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0);
    (void)::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    std::string said(4096, '\0');
    const auto got = ::recv(fd, said.data(), said.size(), MSG_WAITALL);
    ::close(fd);
    said.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    return said;
}

}  // namespace

TEST_CASE("images of one request are kept byte for byte, and each has its answer", "[scp][web]") {
    auto door = web_door();
    const auto one = bytes_of(image(door, 1)), two = bytes_of(image(door, 2));
    const auto answered = post(door, body_of({one, two}));
    CHECK(answered.status == "200");
    CHECK_THAT(answered.headers, Contains("application/dicom+json"));
    CHECK_THAT(answered.body, Contains("\"00081199\"") && Contains("9.1.1\"") &&
                                  Contains("9.1.2\"") && !Contains("00081198"));
    const auto kept = door.kept();
    REQUIRE(kept.size() == 2);
    CHECK(kept[0].calling_ae == "WEB");
    CHECK(kept[0].address == "127.0.0.1");
    CHECK(dataset_bytes(kept[0].file) == dataset_bytes(door.dir() / "1.dcm"));
    CHECK(post(door, body_of({one})).status == "200");  // the same once more
    CHECK(door.kept().size() == 2);
}

TEST_CASE("a part that is no DICOM file fails alone", "[scp][web]") {
    auto door = web_door();
    const auto cut = bytes_of(image(door, 2));
    const auto answered =
        post(door,
             body_of({"no file", bytes_of(image(door, 1)), cut.substr(0, cut.size() - 99), "",
                      std::string(1000, '\0')}),
             {"-H", "Accept: application/dicom+xml"});
    CHECK(answered.status == "202");
    CHECK_THAT(answered.headers, Contains("application/dicom+xml"));
    CHECK_THAT(answered.body, Contains("OtherFailuresSequence") && Contains("FailedSOPSequence") &&
                                  Contains("<Item number=\"3\">") && Contains("49152"));
    CHECK(door.kept().size() == 1);
    CHECK(post(door, body_of({"no file"})).status == "409");
}

TEST_CASE("what real clients write is read: chunks, Expect, types without quotes", "[scp][web]") {
    auto door = web_door();
    int number = 0;
    const auto next = [&] { return bytes_of(image(door, ++number)); };
    CHECK(post(door, body_of({next()}), {"-H", "Transfer-Encoding: chunked"}).status == "200");
    CHECK(post(door, body_of({next()}), {"-H", "Expect: 100-continue"}).status == "200");
    CHECK(post(door, body_of({next()}), {}, "/dicom-web/studies/",
               "Content-Type: multipart/related;type=application/dicom;boundary=\"b\"")
              .status == "200");
    CHECK(post(door,
               body_of({next()},
                       "content-type:application/dicom; transfer-syntax=1.2.840.10008.1.2.1\r\n"))
              .status == "200");
    CHECK(post(door, body_of({next()}, "")).status == "200");
    CHECK(post(door, next(), {}, "/dicom-web/studies", "Content-Type: application/dicom").status ==
          "200");
    const auto no_preamble = next().substr(128);
    CHECK(post(door, body_of({no_preamble})).status == "200");
    CHECK(door.kept().size() == 7);
}

TEST_CASE("a request that is none is told why", "[scp][web]") {
    auto door = web_door();
    const auto one = body_of({bytes_of(image(door, 1))});
    CHECK(post(door, one, {}, "/dicom-web/studies/1.2.3").status == "409");
    CHECK(post(door, one, {}, "/aets/NOBODY/rs/studies").status == "404");
    CHECK(post(door, one, {}, "/elsewhere").status == "404");
    CHECK(post(door, one, {"-X", "PUT"}).status == "405");
    CHECK(post(door, one, {}, "/dicom-web/studies", "Content-Type: text/plain").status == "415");
    CHECK(post(door, one, {}, "/dicom-web/studies",
               "Content-Type: multipart/related; type=\"application/dicom+json\"; boundary=b")
              .status == "415");
    CHECK(post(door, one, {"-H", "Content-Encoding: gzip"}).status == "415");
    CHECK(post(door, one, {}, "/dicom-web/studies", "Content-Type: multipart/related").status ==
          "400");
    CHECK(post(door, "nothing in it").status == "400");
    CHECK(said_to(door, "POST /dicom-web/studies HTTP/1.1\r\nHost x\r\n\r\n")
              .starts_with("HTTP/1.1 400"));
    CHECK(said_to(door, std::string("\x01\x00\x00\x00\x00\x10", 6)).empty());
    CHECK(door.kept().empty());
    CHECK(post(door, one).status == "200");
}

TEST_CASE("one connection carries many requests", "[scp][web]") {
    auto door = web_door();
    std::vector<std::string> command{"curl", "-s"};
    const auto url = fmt::format("http://127.0.0.1:{}/dicom-web/studies", door.port(kWeb));
    for (int number = 1; number <= 3; ++number) {
        const auto file = door.dir() / fmt::format("body{}", number);
        std::ofstream{file, std::ios::binary} << body_of({bytes_of(image(door, number))});
        for (const auto& word :
             {std::string{"--data-binary"}, "@" + file.string(), std::string{"-H"}, kType,
              std::string{"-w"}, std::string{" %{http_code}/%{num_connects} "}, url,
              std::string{"--next"}, std::string{"-s"}}) {
            command.push_back(word);
        }
    }
    command.resize(command.size() - 2);
    CHECK_THAT(run(command).output, Contains("200/1") && Contains("200/0"));
    CHECK(door.kept().size() == 3);
}

TEST_CASE("only whoever has a token of web.tokens stores, under the name of the token",
          "[scp][web]") {
    const TempDir dir;
    std::ofstream{dir / "tokens"}  // of "sesame"
        << "# who\nCLOUD1:" << hex(sha256("sesame")) << '\n';
    auto door = web_door([&](conf::Settings& settings) {
        settings.web.tokens = dir / "tokens";
        add_clinic(settings, "OTHER");
    });
    const auto one = body_of({bytes_of(image(door, 1))});
    const auto refused = post(door, one);
    CHECK(refused.status == "401");
    CHECK_THAT(refused.headers, Contains("WWW-Authenticate: Bearer"));
    CHECK(post(door, one, {"-H", "Authorization: Bearer guess"}).status == "401");
    const std::vector<std::string> right{"-H", "Authorization: Bearer sesame"};
    CHECK(post(door, one, right, "/aets/CLINIC/rs/studies").status == "403");
    CHECK(post(door, one, right).status == "200");
    REQUIRE(door.kept().size() == 1);
    CHECK(door.kept()[0].calling_ae == "CLOUD1");
}

TEST_CASE("over mutual TLS, a caller is known by its certificate, and its tenant by the path",
          "[scp][web]") {
    auto door = web_door([](conf::Settings& settings) {
        settings.web.certificate = pki().node().certificate;
        settings.web.key = pki().node().key;
        settings.web.ca = pki().authority.certificate();
        settings.peers.push_back(
            {.ae_title = "XRAY7", .address = "127.0.0.0/8", .certificate_sha256 = {}});
        add_clinic(settings, "XRAY7");
    });
    const auto one = body_of({bytes_of(image(door, 1))});
    const auto ca = pki().authority.certificate().string();
    const std::vector<std::string> shown{"--cacert", ca,
                                         "--cert",   pki().peer().certificate.string(),
                                         "--key",    pki().peer().key.string()};
    CHECK(post(door, one, {"--cacert", ca}).status.empty());  // no certificate, no HTTP
    const auto answered = post(door, one, shown, "/aets/CLINIC/rs/studies");
    CHECK(answered.status == "200");
    CHECK(door.kept("1.2.826.0.1.3680043.9.1@CLINIC").size() == 1);
    CHECK(door.kept().empty());
    CHECK(post(door, one, shown).status == "200");
    REQUIRE(door.kept().size() == 1);
    CHECK(door.kept()[0].calling_ae == "XRAY7");
}

TEST_CASE("under pressure a request is answered 503 with Retry-After, before its body is read",
          "[scp][web]") {
    auto door = web_door([](conf::Settings& settings) { settings.inference.queue_max = 1; });
    CHECK(post(door, body_of({bytes_of(image(door, 1))})).status == "200");
    const auto full = post(door, body_of({bytes_of(image(door, 2))}));
    CHECK(full.status == "503");
    CHECK_THAT(full.headers, Contains("Retry-After: 30"));
    auto small = web_door([](conf::Settings& settings) { settings.scp.max_associations = 0; });
    CHECK_THAT(said_to(small, "POST / HTTP/1.1\r\n\r\n"), Contains("503") && Contains("Retry"));
    auto one_a_minute = web_door([](conf::Settings& settings) {
        settings.peers.push_back({.ae_title = {}, .address = "127.0.0.1", .images_per_minute = 1});
    });
    CHECK(post(one_a_minute,
               body_of({bytes_of(image(one_a_minute, 1)), bytes_of(image(one_a_minute, 2))}))
              .status == "202");
    CHECK(post(one_a_minute, body_of({bytes_of(image(one_a_minute, 3))})).status == "503");
    CHECK(one_a_minute.kept().size() == 1);
}

TEST_CASE("a caller that pauses within its body is told so, and keeps what was whole",
          "[scp][web]") {
    auto door = web_door([](conf::Settings& settings) { settings.scp.read_timeout_s = 1; });
    const auto whole = body_of({bytes_of(image(door, 1)), bytes_of(image(door, 2))});
    const auto said = said_to(
        door, fmt::format("POST /dicom-web/studies HTTP/1.1\r\n{}\r\nContent-Length: {}\r\n\r\n{}",
                          kType, whole.size(), whole.substr(0, whole.size() - 99)));
    CHECK(said.starts_with("HTTP/1.1 408"));
    CHECK(door.kept().size() == 1);
}

TEST_CASE("an instance above scp.max_instance_mb is refused, and the next is kept", "[scp][web]") {
    auto door = web_door([](conf::Settings& settings) { settings.scp.max_instance_mb = 1; });
    const auto large = write_image(door.dir() / "large.dcm",
                                   {.sop_instance = "1.2.826.0.1.3680043.9.1.77", .side = 1100});
    const auto answered = post(door, body_of({bytes_of(large), bytes_of(image(door, 1))}));
    CHECK(answered.status == "202");
    CHECK_THAT(answered.body, Contains("42752"));  // A700
    CHECK(door.kept().size() == 1);
}
