// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "conf/base/error.h"
#include "conf/base/limits.h"
#include "scp/wire/contexts.h"
#include "scp/wire/dataset_header.h"
#include "scp/wire/part10.h"
#include "scp/wire/start.h"
#include "tests/scp/images.h"
#include "tests/support/temp_dir.h"
#include "tests/support/unknown_elements.h"
#include "tests/support/wrapped_deflations.h"

using namespace bucky;
using namespace bucky::scp;
using namespace bucky::test;

namespace {

using Bytes = std::vector<std::uint8_t>;

/// An element in implicit VR little endian.
Bytes element(std::uint32_t tag, const Bytes& value, std::uint32_t length) {
    Bytes bytes;
    for (const unsigned shift : {16U, 24U, 0U, 8U}) {
        bytes.push_back(static_cast<std::uint8_t>(tag >> shift));
    }
    for (unsigned i = 0; i < 4; ++i) bytes.push_back(static_cast<std::uint8_t>(length >> 8 * i));
    bytes.insert(bytes.end(), value.begin(), value.end());
    return bytes;
}
Bytes element(std::uint32_t tag, const Bytes& value) {
    return element(tag, value, static_cast<std::uint32_t>(value.size()));
}
Bytes text(std::string_view value) {
    return {value.begin(), value.end()};
}
Bytes operator+(Bytes one, const Bytes& other) {
    one.insert(one.end(), other.begin(), other.end());
    return one;
}

constexpr std::uint32_t kStudy = 0x0020000D, kItem = 0xFFFEE000, kPrivate = 0x00091010;
constexpr std::uint32_t kUndefined = 0xFFFFFFFF;

DatasetHeader read(const Bytes& dataset, std::string_view syntax = kImplicitLittleEndian) {
    start_wire();
    static const TempDir dir;
    write_bytes(dir / "it", dataset);
    return read_dataset_header(dir / "it", 0, syntax);
}

void check_bad(const Bytes& dataset, const std::string& why,
               std::string_view syntax = kImplicitLittleEndian) {
    try {
        (void)read(dataset, syntax);
        FAIL("taken, though it " << why);
    } catch (const Error& error) {
        CHECK(error.fault() == Fault::bad_input);
        CHECK_THAT(error.what(), Catch::Contains(why));
    }
}

}  // namespace

TEST_CASE("the identifiers are found in every native transfer syntax", "[scp]") {
    start_wire();
    const TempDir dir;
    for (const auto& syntax : transfer_syntaxes()) {
        if (!syntax.is_native()) continue;
        INFO(syntax.name);
        ImageOf image;
        image.transfer_syntax = syntax.uid;
        const auto file = write_image(dir / "image.dcm", image);
        const auto header =
            read_dataset_header(file, read_part10_header(file).dataset_at, syntax.uid);
        CHECK(header.sop_class == image.sop_class);
        CHECK(header.sop_instance == image.sop_instance);
        CHECK(header.study == image.study);
        CHECK(header.series == image.series);
        CHECK(header.accession_number == image.accession_number);
    }
}

TEST_CASE("a dataset cut off anywhere is refused, except between two of its elements", "[scp]") {
    start_wire();
    const TempDir dir;
    for (const auto syntax : {kImplicitLittleEndian, kExplicitLittleEndian, kExplicitBigEndian}) {
        ImageOf image;
        image.transfer_syntax = syntax;
        image.side = 4;
        const Bytes whole = dataset_bytes(write_image(dir / "image.dcm", image));
        std::size_t taken = 0;
        for (std::size_t size = 0; size < whole.size(); ++size) {
            try {
                (void)read(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)),
                           syntax);
                ++taken;
            } catch (const Error& error) {
                CHECK(error.fault() == Fault::bad_input);
            }
        }
        CHECK(taken == 16);  // cut before each of its 16 elements
    }
}

TEST_CASE("too many elements and items are refused before they use memory", "[scp]") {
    const auto items = [](std::size_t count) {
        Bytes all = element(kPrivate, {}, kUndefined);
        const Bytes empty = element(kItem, {});
        all.reserve(all.size() + empty.size() * count);
        for (std::size_t i = 0; i < count; ++i) all.insert(all.end(), empty.begin(), empty.end());
        return all + element(0xFFFEE0DD, {});
    };
    CHECK_NOTHROW(read(items(100'000)));
    check_bad(items(limits::kDatasetElementsMax), "has more than 250000 elements");
    check_bad(items(8'000'000), "has more than 250000 elements");
}

TEST_CASE("sequences nested deeper than any IOD are refused without a crash", "[scp]") {
    CHECK_NOTHROW(read(nested_sequences(30)));
    check_bad(nested_sequences(40), "nests sequences too deep");
    check_bad(nested_sequences(500'000), "nests sequences too deep");
}

TEST_CASE("a private element is walked as a sequence only if it is one", "[scp]") {
    const Bytes study = element(kStudy, text("1.2.3\0"));
    const Bytes inner = element(kItem, element(0x00080018, text("9.9")));
    CHECK(read(element(kPrivate, inner) + study).study == "1.2.3");
    CHECK(read(element(kPrivate, inner) + study).sop_instance.empty());  // not that of the dataset
    // Bytes that begin like an item and do not continue like one.
    const Bytes noise = element(kItem, text("\x01\x02\x03\x04\x05\x06\xFF\xFF\xFF\x7F"), 200);
    CHECK(read(element(kPrivate, noise) + study).study == "1.2.3");
    CHECK(read(element(kPrivate, element(kItem, {}, kUndefined)) + study).study == "1.2.3");
    // Deep nesting is refused nevertheless: a parser with a private dictionary would follow it.
    Bytes deep;
    for (int i = 0; i < 100; ++i) deep = element(kPrivate, element(kItem, deep));
    check_bad(deep, "nests sequences too deep");
}

TEST_CASE("lengths that contradict each other are refused", "[scp]") {
    check_bad(element(kStudy, text("1.2"), 1000), "is cut off");
    check_bad(element(0x00081140, element(kItem, element(kStudy, text("1.2"), 50))),
              "longer than what holds it");
    check_bad(element(0x00081140, element(kItem, {}, 50)), "longer than what holds it");
    check_bad(element(0x00081140, element(kStudy, text("1.2"))), "where an item must be");
    check_bad(element(0x00081140, {}, kUndefined), "ends inside a sequence");
    check_bad(element(0xFFFEE00D, {}), "end of an item");
    check_bad(text("this is no DICOM at all, it is text of some length"), "is cut off");
}

TEST_CASE("values in the forms that other products write are read", "[scp]") {
    CHECK(read(element(kStudy, {'1', '.', '2', 0})).study == "1.2");
    CHECK(read(element(kStudy, text("1.2 "))).study == "1.2");
    CHECK(read(element(kStudy, {})).study.empty());
    CHECK(read({}).study.empty());
    CHECK(read(element(0x00080050, text("A\x1B$\xE9"))).accession_number == "A?$?");
}

TEST_CASE("encapsulated pixel data is skipped, fragment by fragment", "[scp]") {
    // Explicit VR: (7FE0,0010) OB of undefined length, an offset table, one fragment, the end.
    const Bytes pixels{0xE0, 0x7F, 0x10, 0x00, 'O',  'B',  0, 0, 0xFF, 0xFF,
                       0xFF, 0xFF, 0xFE, 0xFF, 0x00, 0xE0, 0, 0, 0,    0,
                       0xFE, 0xFF, 0x00, 0xE0, 4,    0,    0, 0, 1,    2,
                       3,    4,    0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0,    0};
    constexpr auto kJpeg = "1.2.840.10008.1.2.4.70";
    CHECK_NOTHROW(read(pixels, kJpeg));
    check_bad(Bytes(pixels.begin(), pixels.end() - 8), "ends inside a sequence", kJpeg);
    check_bad(Bytes(pixels.begin(), pixels.end() - 10), "is cut off", kJpeg);
}

TEST_CASE("a sequence of VR UN is followed, in explicit VR and implicit", "[scp][unknown]") {
    const auto bytes_of = [](const std::string& text) { return Bytes(text.begin(), text.end()); };
    const Bytes study = bytes_of(explicit_text(kStudy, "UI", std::string("1.2.3\0", 6)));
    for (const auto tag : {0x00082218U, 0x00091010U, 0x00081140U}) {
        for (const auto& unknown : unknown_elements(tag)) {
            INFO(unknown.what << " in " << std::hex << tag);
            const auto header =
                read(bytes_of(unknown.bytes + unknown.bytes) + study, kExplicitLittleEndian);
            CHECK(header.study == "1.2.3");
        }
    }
}

TEST_CASE("a sequence of VR UN that breaks off, or holds itself without end, is refused for good",
          "[scp][unknown]") {
    const auto bytes_of = [](const std::string& text) { return Bytes(text.begin(), text.end()); };
    const auto whole = element_of(0x00091010, "UN", item_of(explicit_chest(), true), true);
    for (std::size_t size = 12; size < whole.size(); ++size) {
        CHECK_THROWS_AS(read(bytes_of(whole.substr(0, size)), kExplicitLittleEndian), Error);
    }
    std::string deep;
    for (int i = 0; i < 100; ++i) {
        deep += tag_of(0x00091010) + "UN" + little(0, 2) + little(kUndefinedLength, 4) +
                tag_of(0xFFFEE000) + little(kUndefinedLength, 4);
    }
    check_bad(bytes_of(deep + explicit_chest()), "nests sequences too deep", kExplicitLittleEndian);
}

TEST_CASE("a length that no data set has is the data set's fault, whatever it is read as",
          "[scp][unknown]") {
    check_bad(element(kPrivate, text("abcd"), 0xFFFFFFF0), "larger than 1024 MiB");
    check_bad(element(kPrivate, text("abcd"), 0x7FFFFFF0), "larger than 1024 MiB");
    check_bad(element(kPrivate, text("abcd"), 0x3FFFFF00), "is cut off");
}

TEST_CASE("a deflated data set is read behind a header of zlib or gzip, and before trailing bytes",
          "[scp][deflated]") {
    start_wire();
    const TempDir dir;
    const auto plain = dataset_bytes(write_image(dir / "image.dcm", ImageOf{}));
    for (const auto& [what, stream] : wrapped_deflations({plain.begin(), plain.end()})) {
        INFO(what);
        const auto header = read(Bytes(stream.begin(), stream.end()), kDeflatedLittleEndian);
        CHECK(header.sop_instance == ImageOf{}.sop_instance);
        CHECK(header.accession_number == "A123");
    }
}

TEST_CASE("a deflated data set that breaks off or is none is refused for good", "[scp][deflated]") {
    start_wire();
    const TempDir dir;
    const auto plain = dataset_bytes(write_image(dir / "image.dcm", ImageOf{}));
    std::size_t cuts = 0, taken = 0;
    for (const auto& [what, stream] : wrapped_deflations({plain.begin(), plain.end()})) {
        // Behind the last block there may be a checksum and anything else.
        for (std::size_t size = 1; size + 40 < stream.size(); size += 7, ++cuts) {
            INFO(what << ", " << size << " bytes of it");
            const Bytes shorter(stream.begin(), stream.begin() + static_cast<long>(size));
            try {
                (void)read(shorter, kDeflatedLittleEndian);
                ++taken;
            } catch (const Error& error) {
                CHECK(error.fault() == Fault::bad_input);
            }
        }
    }
    // Between two elements a zero, which DCMTK appends, may end the block.
    CHECK(taken <= cuts / 20);
    check_bad(Bytes(5000, 0xFF), "does not inflate", kDeflatedLittleEndian);
    check_bad(text("\x1F\x8B\x09 not deflated in gzip, but by another method"), "does not inflate",
              kDeflatedLittleEndian);
}
