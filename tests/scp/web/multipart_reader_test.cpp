// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "conf/base/error.h"
#include "conf/base/limits.h"
#include "scp/web/multipart_reader.h"

using namespace bucky;

namespace {

struct Part {
    std::string type, bytes;
    bool is_whole = false;
    bool operator==(const Part&) const = default;
};

struct Seen final : scp::MultipartParts {
    std::vector<Part> parts;
    void part_begins(std::string_view type) override { parts.push_back({std::string{type}, {}}); }
    void part_bytes(std::string_view bytes) override { parts.back().bytes += bytes; }
    void part_ends() override { parts.back().is_whole = true; }
};

std::vector<Part> taken(std::string_view body, const std::vector<std::size_t>& cuts = {}) {
    Seen seen;
    scp::MultipartReader reader{"b.ou:nd", seen};
    std::size_t from = 0;
    for (const auto cut : cuts) {
        reader.take(body.substr(from, cut - from));
        from = cut;
    }
    reader.take(body.substr(from));
    return seen.parts;
}

constexpr std::string_view kTwo =
    "a preamble that nobody reads\r\n--b.ou:nd \t\r\n"
    "Content-Type: application/dicom;\r\n transfer-syntax=1.2.3\r\nContent-Length: 99\r\n\r\n"
    "one\r\n--b.ou:n and \r\r\n--b.ou:ndless\r\n--b.ou:nd\r\n"
    "\r\n"
    "two\r\n\r\n--b.ou:nd--\r\nan epilogue\r\n--b.ou:nd\r\n\r\nthree";

const std::vector<Part> kParts{
    {"application/dicom;transfer-syntax=1.2.3", "one\r\n--b.ou:n and \r\r\n--b.ou:ndless", true},
    {"", "two\r\n", true}};

}  // namespace

TEST_CASE("a multipart body is the same parts, wherever its pieces are cut", "[scp][web]") {
    REQUIRE(taken(kTwo) == kParts);
    for (std::size_t one = 0; one <= kTwo.size(); ++one) {
        INFO(one);
        CHECK(taken(kTwo, {one}) == kParts);
        for (std::size_t two = one; two <= kTwo.size(); two += 3) {
            if (taken(kTwo, {one, two}) != kParts) FAIL("and " << two);
        }
    }
    std::vector<std::size_t> each;
    for (std::size_t at = 1; at < kTwo.size(); ++at) each.push_back(at);
    CHECK(taken(kTwo, each) == kParts);
}

TEST_CASE("a body may begin with its delimiter, and lines of a header may end in LF alone",
          "[scp][web]") {
    CHECK(taken("--b.ou:nd\nContent-type:application/dicom\n\nbytes\r\n--b.ou:nd--") ==
          std::vector<Part>{{"application/dicom", "bytes", true}});
    CHECK(taken("no delimiter of it: --b.ou:nd\r\n\r\nbytes").empty());
    CHECK(taken("--b.ou:nd--").empty());
}

TEST_CASE("a part that is cut off is not whole", "[scp][web]") {
    Seen seen;
    scp::MultipartReader reader{"b.ou:nd", seen};
    reader.take("--b.ou:nd\r\n\r\nby");
    CHECK(reader.is_in_part());
    reader.take("tes\r\n--b.ou:nd");  // perhaps a longer boundary
    CHECK(reader.is_in_part());
    CHECK_FALSE(reader.is_over());
    CHECK(seen.parts == std::vector<Part>{{"", "bytes", false}});
    reader.take("--");
    CHECK_FALSE(reader.is_in_part());
    CHECK(reader.is_over());
    CHECK(reader.parts() == 1);
}

TEST_CASE("the header of a part, and the number of parts, have a limit", "[scp][web]") {
    Seen seen;
    scp::MultipartReader endless{"b", seen};
    endless.take("--b\r\nX: ");
    const std::string line(1U << 10U, 'x');
    CHECK_THROWS_AS(
        [&] {
            while (true) endless.take(line);
        }(),
        Error);
    scp::MultipartReader many{"b", seen};
    std::string parts;
    for (std::size_t at = 0; at < limits::kWebPartsMax; ++at) parts += "\r\n--b\r\n\r\n";
    many.take(parts);
    CHECK(many.parts() == limits::kWebPartsMax);
    CHECK_THROWS_AS(many.take("\r\n--b\r\n\r\n"), Error);
}
