// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <string_view>

#include <catch2/catch.hpp>

#include "scp/web/media_type.h"

using namespace bucky;
using scp::parse_media_type;
using scp::parse_store_target;

TEST_CASE("a media type is read with and without the quotes that it should have", "[scp][web]") {
    for (const auto* text :
         {R"(multipart/related; type="application/dicom"; boundary="a;b")",
          R"(Multipart/Related;boundary="a;b";type=application/dicom)",
          R"( multipart/related ;; TYPE = application/dicom ; Boundary = "a\;b" ;start=x)"}) {
        INFO(text);
        const auto type = parse_media_type(text);
        CHECK(type.type == "multipart/related");
        CHECK(type.parameter("type") == "application/dicom");
        CHECK(type.parameter("boundary") == "a;b");
    }
    CHECK(parse_media_type("").type.empty());
    CHECK(parse_media_type("a/b; c").parameter("c").empty());
}

TEST_CASE("images are stored under the node's title, or under the one in the address",
          "[scp][web]") {
    CHECK(parse_store_target("/dicom-web/studies")->title.empty());
    CHECK(parse_store_target("/dicom-web/studies/?x=1")->study.empty());
    CHECK(parse_store_target("/dicom-web/studies/1.2.3")->study == "1.2.3");
    CHECK(parse_store_target("/aets/CLINIC%20A/rs/studies/1.2.3")->title == "CLINIC A");
    CHECK(parse_store_target("/aets/CLINIC/rs/studies")->study.empty());
    for (const auto* elsewhere :
         {"", "/", "/studies", "/dicom-web", "/dicom-web/series", "/dicom-web/studies/x",
          "/dicom-web/studies/1.2/series/3", "/aets/C/rs", "/aets//rs/studies", "/aets/C/wado",
          "/aets/A%5CB/rs/studies", "*", "//dicom-web/studies"}) {
        INFO(elsewhere);
        CHECK_FALSE(parse_store_target(elsewhere));
    }
}

TEST_CASE("the answer is JSON unless XML is preferred", "[scp][web]") {
    for (const auto* json :
         {"", "*/*", "application/dicom+json", "application/json, text/xml;q=0.5",
          "application/dicom+json, application/dicom+xml"}) {
        INFO(json);
        CHECK_FALSE(scp::wants_xml(json));
    }
    for (const auto* xml : {"application/dicom+xml", "text/xml, */*;q=0.1",
                            "application/json;q=0.2,application/dicom+xml;q=0.9"}) {
        INFO(xml);
        CHECK(scp::wants_xml(xml));
    }
}

TEST_CASE("a bearer token is what follows the scheme", "[scp][web]") {
    CHECK(scp::bearer_token("Bearer abc") == "abc");
    CHECK(scp::bearer_token(" bEARER  abc ") == "abc");
    CHECK(scp::bearer_token("Basic abc").empty());
    CHECK(scp::bearer_token("Bearer").empty());
}

TEST_CASE("a connection that does not speak HTTP is seen by its first byte", "[scp][web]") {
    const auto seen = [](std::string_view text) {
        return scp::peek_request({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()})
            .kind;
    };
    using Kind = scp::Peek::Kind;
    CHECK(seen("") == Kind::more);
    CHECK(seen("POST / HTTP/1.1\r\nHost: x\r\n") == Kind::more);
    CHECK(seen("POST / HTTP/1.1\r\nHost: x\r\n\r\nbody") == Kind::whole);
    CHECK(seen(std::string_view{"\x01\0", 2}) == Kind::wrong);
    CHECK(seen("\x16\x03\x01") == Kind::wrong);
    CHECK(seen(std::string(scp::kRequestHeadBytesMax, 'A')) == Kind::wrong);
}
