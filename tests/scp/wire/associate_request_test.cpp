// SPDX-License-Identifier: Apache-2.0
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include "scp/wire/associate_request.h"
#include "tests/support/wire_client.h"

using namespace bucky::scp;
using bucky::test::WireClient;

namespace {

Peek peek_at(std::string_view bytes) {
    return peek({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

}  // namespace

TEST_CASE("the beginning of an A-ASSOCIATE-RQ asks for the rest, byte by byte", "[scp]") {
    const auto request = WireClient::associate_request({});
    for (std::size_t so_far = 0; so_far < request.size(); ++so_far) {
        const Peek seen = peek({request.data(), so_far});
        INFO(so_far);
        CHECK(seen.kind == Peek::Kind::more);
        CHECK(seen.bytes == (so_far < 6 ? 6 : request.size()));
    }
    CHECK(peek(request).kind == Peek::Kind::whole);
}

TEST_CASE("bytes that are no A-ASSOCIATE-RQ are recognised by the first one", "[scp]") {
    CHECK(peek_at("G").why == "not_dicom");
    CHECK(peek_at("\x16\x03\x01").why == "tls_on_plain_port");  // a ClientHello
    CHECK(peek_at({"\0", 1}).why == "not_dicom");
    CHECK(peek_at("\x04").why == "not_dicom");  // a P-DATA-TF before any association
}

TEST_CASE("a length that no request can have is refused with the header", "[scp]") {
    CHECK(peek_at({"\x01\0\xFF\xFF\xFF\xFF", 6}).why == "too_large");
    CHECK(peek_at({"\x01\0\0\x10\0\x01", 6}).why == "too_large");
    CHECK(peek_at({"\x01\0\0\x10\0\0", 6}).kind == Peek::Kind::more);  // 1 MiB is accepted
    CHECK(peek_at({"\x01\0\0\0\0\x43", 6}).why == "too_short");
    CHECK(peek_at({"\x01\0\0\0\0\x44", 6}).kind == Peek::Kind::more);
}
