// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/service/content_coding.h"

#include <zlib.h>
#include <catch2/catch.hpp>

#include "conf/base/error.h"

using namespace bucky;
using namespace bucky::service;

namespace {

/// `window` as zlib knows it: 15 zlib, 31 gzip, -15 bare.
std::string packed(const std::string& content, int window) {
    z_stream stream{};
    REQUIRE(deflateInit2(&stream, 6, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    std::string made(deflateBound(&stream, content.size()) + 64, '\0');
    std::string from = content;
    stream.next_in = reinterpret_cast<Bytef*>(from.data());
    stream.avail_in = static_cast<uInt>(from.size());
    stream.next_out = reinterpret_cast<Bytef*>(made.data());
    stream.avail_out = static_cast<uInt>(made.size());
    REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
    made.resize(stream.total_out);
    deflateEnd(&stream);
    return made;
}

}  // namespace

TEST_CASE("deflate in both of its forms and gzip unpack to the same content", "[service]") {
    const std::string content(100'000, 'x');
    CHECK(decode_content(packed(content, 15), "deflate", 100'000) == content);
    CHECK(decode_content(packed(content, -15), "deflate", 100'000) == content);
    CHECK(decode_content(packed(content, 31), "gzip", 100'000) == content);
    CHECK(decode_content(content, "", 100'000) == content);
    CHECK(decode_content(content, "Identity", 100'000) == content);
}

TEST_CASE("a body that unpacks to more than it may is refused in words", "[service]") {
    const auto bomb = packed(std::string(64U << 20U, '\0'), 15);
    CHECK(bomb.size() < 100'000);
    CHECK_THROWS_WITH(decode_content(bomb, "deflate", 1'000'000),
                      Catch::Contains("unpacks to more than 1000000 bytes"));
}

TEST_CASE("a damaged body and an unknown coding are refused in words", "[service]") {
    auto half = packed(std::string(1000, 'x'), 15);
    half.resize(half.size() / 2);
    CHECK_THROWS_WITH(decode_content(half, "deflate", 1000), Catch::Contains("no sound deflate"));
    CHECK_THROWS_WITH(decode_content("nothing", "gzip", 1000), Catch::Contains("no sound gzip"));
    CHECK_THROWS_WITH(decode_content("x", "br", 1000),
                      Catch::Contains("identity, deflate or gzip"));
}
