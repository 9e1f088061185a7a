// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/service/proxy_header.h"

#include <vector>

#include <catch2/catch.hpp>

#include "tests/tools/service/served.h"

using namespace bucky;
using namespace bucky::test;
using namespace bucky::service;

namespace {

/// As HAProxy sends it for a caller at 192.0.2.7, port 4660.
const std::vector<std::uint8_t> kOfIpv4{0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49,
                                        0x54, 0x0A, 0x21, 0x11, 0x00, 0x0C, 192,  0,    2,    7,
                                        127,  0,    0,    1,    0x12, 0x34, 0x01, 0xBB};

auto head_of(const std::vector<std::uint8_t>& bytes) {
    return std::span<const std::uint8_t, kProxyHeadBytes>{bytes.data(), kProxyHeadBytes};
}

}  // namespace

TEST_CASE("the caller's address is read from a PROXY header of version 2", "[service]") {
    CHECK(proxy_rest_bytes(head_of(kOfIpv4)) == std::size_t{12});
    CHECK(proxied_address(head_of(kOfIpv4), std::span{kOfIpv4}.subspan(16)) == "192.0.2.7");
    auto local = kOfIpv4;
    local[12] = 0x20;
    CHECK(proxied_address(head_of(local), std::span{local}.subspan(16)).empty());
    CHECK(proxied_address(head_of(kOfIpv4), {}).empty());
}

TEST_CASE("what is no PROXY header, or too long a one, is none", "[service]") {
    auto wrong = kOfIpv4;
    wrong[0] = 'G';
    CHECK_FALSE(proxy_rest_bytes(head_of(wrong)));
    wrong = kOfIpv4;
    wrong[12] = 0x11;
    CHECK_FALSE(proxy_rest_bytes(head_of(wrong)));
    wrong = kOfIpv4;
    wrong[14] = 0xFF;
    CHECK_FALSE(proxy_rest_bytes(head_of(wrong)));
}

TEST_CASE("behind a load balancer every connection begins with its header", "[service]") {
    auto told = plain_service();
    told.proxy_protocol = true;
    const Served served{told};
    const std::string header{kOfIpv4.begin(), kOfIpv4.end()};
    HttpCaller proxied{served.port()};
    proxied.send(header);
    CHECK(proxied.ask({}).status == 200);
    CHECK(proxied.ask({}).status == 200);
    HttpCaller direct{served.port()};
    direct.send("GET /v2 HTTP/1.1\r\n\r\n");
    CHECK_THROWS(direct.hear());
}

TEST_CASE("a proxy on this machine that ends TLS names the site, and nobody else does",
          "[service]") {
    auto told = plain_service();
    told.certificate_header = "X-Client-CN";
    told.site_per_day = 1;
    const Served served{told};
    HttpCaller proxy{served.port()};
    auto request = infer_request(slope(), {1, 1, 256, 256});
    request.fields.emplace_back("X-Client-CN", "clinic");
    CHECK(proxy.ask(request).status == 200);
    CHECK(proxy.ask(request).status == 429);  // counted for this site
    request.fields.back().second = "other";
    CHECK(proxy.ask(request).status == 200);
    request.fields.pop_back();
    const auto nameless = HttpCaller{served.port()}.ask(request);
    CHECK(nameless.status == 401);
}
