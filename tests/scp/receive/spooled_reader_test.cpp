// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>

#include "conf/base/error.h"
#include "scp/receive/file_meta.h"
#include "scp/receive/spooled_reader.h"
#include "scp/wire/part10.h"
#include "tests/scp/images.h"
#include "tests/scp/test_front_door.h"
#include "tests/support/process.h"
#include "tests/support/senders.h"
#include "tests/support/temp_dir.h"

using namespace bucky;
using namespace bucky::test;
namespace fs = std::filesystem;

namespace {

const storage::Provenance kFrom{.association = "17",
                                .calling_ae = "XRAY1",
                                .called_ae = "CLINIC_NORTH",
                                .peer_address = "2001:db8::1",
                                .tenant = "a tenant\nurgent=1",
                                .owner = "CLINIC_NORTH",
                                .urgent = false,
                                .received_at_ms = 1'795'444'200'123};

std::vector<std::uint8_t> meta_bytes(const storage::Provenance& from = kFrom) {
    const ImageOf image;
    return scp::write_file_meta({.sop_class = image.sop_class,
                                 .sop_instance = image.sop_instance,
                                 .transfer_syntax = image.transfer_syntax,
                                 .from = from});
}

/// A spool file as the node writes it.
fs::path spooled(const TempDir& dir, const std::vector<std::uint8_t>& meta,
                 const ImageOf& image = {}) {
    auto bytes = meta;
    const auto dataset = dataset_bytes(write_image(dir / "image.dcm", image));
    bytes.insert(bytes.end(), dataset.begin(), dataset.end());
    write_bytes(dir / "spooled.dcm", bytes);
    return dir / "spooled.dcm";
}

std::optional<Fault> fault_reading(const fs::path& file) {
    try {
        (void)scp::read_spooled(file);
    } catch (const Error& error) {
        return error.fault();
    }
    return std::nullopt;
}

}  // namespace

TEST_CASE("a spool file alone identifies its image and its sender", "[scp]") {
    const TempDir dir;
    const auto file = spooled(dir, meta_bytes());
    const auto found = scp::read_spooled(file);
    const ImageOf image;
    CHECK(found.sop_instance.str() == image.sop_instance);
    CHECK(found.sop_class.str() == image.sop_class);
    CHECK(found.study.str() == image.study);
    CHECK(found.series.str() == image.series);
    CHECK(found.transfer_syntax == image.transfer_syntax);
    CHECK(found.accession_number == image.accession_number);
    auto expected = kFrom;
    expected.tenant = "a tenant urgent=1";  // cannot add a line of its own
    CHECK(found.from == expected);
    CHECK(scp::read_part10_header(file).dataset_at == scp::read_file_meta(file).dataset_at);
    const auto dumped = output_of("dcmdump --print-all " + file.string());
    CHECK_THAT(dumped, Catch::Contains("(0002,0017) AE [XRAY1]") &&
                           Catch::Contains("(0002,0018) AE [CLINIC_NORTH]") &&
                           Catch::Contains("(0002,0100) UI") && Catch::Contains("(0002,0102) OB"));
}

TEST_CASE("a spool file contains the image and its caller", "[scp]") {
    TestFrontDoor door;
    const auto image = write_image(door.dir() / "image.dcm");
    REQUIRE(dcmsend(door.port(), {image}).all_accepted());
    const auto kept = door.kept();
    REQUIRE(kept.size() == 1);
    const auto found = scp::read_spooled(kept[0].file);
    CHECK(found.from.calling_ae == "XRAY1");
    CHECK(found.from.called_ae == "BUCKY");
    CHECK(found.from.peer_address == "127.0.0.1");
    CHECK(found.from.tenant == "XRAY1");
    CHECK_FALSE(found.from.association.empty());
    CHECK(found.from.received_at_ms > 0);
}

TEST_CASE("a file of an earlier version, or of another writer, contains less", "[scp]") {
    const TempDir dir;
    const auto found = scp::read_spooled(write_image(dir / "image.dcm"));
    CHECK(found.from.called_ae.empty());
    CHECK(found.from.owner.empty());
}

TEST_CASE("a spool file that is truncated, changed or of another kind is refused at every length",
          "[scp]") {
    const TempDir dir;
    const auto file = spooled(dir, meta_bytes());
    std::ifstream in{file, std::ios::binary};
    const std::vector<std::uint8_t> whole{std::istreambuf_iterator<char>{in}, {}};
    const auto dataset_at = scp::read_file_meta(file).dataset_at;
    for (std::size_t length = 0; length < whole.size(); length += length < dataset_at ? 1 : 97) {
        write_bytes(file, {whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)});
        INFO(length << " bytes");
        CHECK(fault_reading(file) == Fault::bad_input);
    }
    auto huge = whole;
    std::ranges::fill(std::span{huge}.subspan(140, 4), std::uint8_t{0xFF});
    write_bytes(file, huge);
    CHECK(fault_reading(file) == Fault::bad_input);
    ImageOf twin;
    twin.sop_instance += ".2";
    CHECK(fault_reading(spooled(dir, meta_bytes(), twin)) == Fault::corrupt);
    CHECK(fault_reading(dir / "none.dcm") == Fault::unavailable);
}
