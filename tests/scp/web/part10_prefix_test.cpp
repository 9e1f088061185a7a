// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>

#include <catch2/catch.hpp>

#include "scp/web/part10_prefix.h"
#include "tests/scp/images.h"
#include "tests/support/temp_dir.h"

using namespace bucky;
using namespace bucky::test;
using Kind = scp::Part10Prefix::Kind;

namespace {

std::string bytes_of(const std::filesystem::path& file) {
    std::ifstream in{file, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
}

constexpr std::size_t kPreambleBytes = 128;

}  // namespace

TEST_CASE("a DICOM file is known by its first bytes, and at no byte before", "[scp][web]") {
    const TempDir dir;
    const ImageOf image;
    const auto whole = bytes_of(write_image(dir / "image.dcm", image));
    const auto found = scp::read_prefix(whole);
    REQUIRE(found.kind == Kind::whole);
    CHECK(found.sop_instance == image.sop_instance);
    CHECK(found.sop_class == image.sop_class);
    CHECK(found.transfer_syntax == image.transfer_syntax);
    CHECK(whole.substr(found.dataset_at, 2) == std::string_view{"\x08\x00", 2});
    for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
        const auto begun = scp::read_prefix(std::string_view{whole}.substr(0, bytes));
        if (begun.kind == Kind::more) continue;
        REQUIRE(begun.kind == Kind::whole);
        CHECK(begun.dataset_at == found.dataset_at);
        CHECK(bytes == found.dataset_at + 8);  // the first element that is not of group 0002
        break;
    }
}

TEST_CASE("the preamble of a file may be missing, and its group length may be wrong",
          "[scp][web]") {
    const TempDir dir;
    auto whole = bytes_of(write_image(dir / "image.dcm", {}));
    const auto at = scp::read_prefix(whole).dataset_at;
    CHECK(scp::read_prefix(whole.substr(kPreambleBytes)).dataset_at == at - kPreambleBytes);
    CHECK(scp::read_prefix(whole.substr(kPreambleBytes + 4)).dataset_at == at - kPreambleBytes - 4);
    whole.replace(kPreambleBytes + 12, 4, "\xFF\xFF\xFF\xFF");
    CHECK(scp::read_prefix(whole).dataset_at == at);
}

TEST_CASE("what is no DICOM file is told apart, and what ends too early", "[scp][web]") {
    CHECK(scp::read_prefix(std::string(200, 'x')).kind == Kind::wrong);
    CHECK(scp::read_prefix(std::string(100, 'x')).kind == Kind::more);
    CHECK(scp::read_prefix(std::string(100, 'x'), true).kind == Kind::wrong);
    CHECK(scp::read_prefix("", true).kind == Kind::wrong);
    const TempDir dir;
    const auto whole = bytes_of(write_image(dir / "image.dcm", {}));
    const auto at = scp::read_prefix(whole).dataset_at;
    CHECK(scp::read_prefix(whole.substr(0, at), true).kind == Kind::wrong);
    std::string endless = std::string(kPreambleBytes, '\0') + "DICM";
    while (endless.size() < scp::kPrefixBytesMax) {
        endless += std::string_view{"\x02\0\x02\0UI\x04\0abcd", 12};
    }
    CHECK(scp::read_prefix(endless).kind == Kind::wrong);
}
