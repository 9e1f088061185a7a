// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/storage/data_folder.h"
#include "tests/storage/fault_of.h"
#include "tests/storage/faulty_calls.h"
#include "tests/storage/faulty_disk.h"

namespace bucky::storage::test {
namespace {

constexpr std::int64_t kHourMs = 3'600'000;
constexpr std::int64_t kDayMs = 24 * kHourMs;

/// Files of these tests contain their SOP Instance UID, and another word where they differ.
Spooled read_text(const std::filesystem::path& file) {
    std::ifstream in{file};
    if (!in) throw Error(Fault::unavailable, "cannot read it");
    std::string uid, header;
    std::int64_t at_ms = 0;
    in >> uid >> header >> at_ms;
    if (uid == "broken") throw Error(Fault::bad_input, "cut off");
    return {.sop_instance = Uid{uid},
            .sop_class = Uid{"1.2.840.10008.5.1.4.1.1.1.1"},
            .study = Uid{kStudy},
            .series = Uid{"1.2.3.1.1"},
            .transfer_syntax = kExplicitLittle,
            .accession_number = "A-1",
            .is_of_our_make = uid == "9.9",
            .from = {.association = "7",
                     .calling_ae = "XRAY1",
                     .called_ae = "BUCKY",
                     .peer_address = "10.0.0.1",
                     .tenant = "XRAY1",
                     .received_at_ms = kStartMs + at_ms}};
}

/// A node with files that its database does not know.
struct Found {
    DataFolder node;
    Aside aside{node.dir.path(), node.clock};

    void file(const std::string& text) {
        auto in = node.spool.open();
        in.write(bytes_of(text));
        node.spool.keep(in, node.clock.now_ms());
    }
    Reingest start() {
        recover(node.db, node.dir.path(), node.clock, aside);
        return Reingest{node.db, node.spool, aside, node.clock, {}, {}, read_text};
    }
    void take_in_all() {
        auto files = start();
        while (files.take_in_next()) {
        }
    }
    std::size_t left() const {
        return static_cast<std::size_t>(std::distance(
            std::filesystem::directory_iterator{node.spool.root() / kReingestFolder}, {}));
    }
};

}  // namespace

TEST_CASE("images that the database does not know are taken in as if just received, oldest first",
          "[storage]") {
    Found found;
    auto& node = found.node;
    found.file("1.1");
    node.clock.advance_ms(5 * kHourMs);
    found.file("1.2");
    node.clock.advance_ms(kHourMs);
    auto files = found.start();
    CHECK(files.left() == 2);
    REQUIRE(files.take_in_next());
    REQUIRE(node.studies.instances(kStudy).size() == 1);
    CHECK(node.studies.instances(kStudy)[0].sop_instance.str() == "1.1");
    REQUIRE(files.take_in_next());
    CHECK_FALSE(files.take_in_next());

    for (const auto& image : node.studies.instances(kStudy)) {
        CHECK(image.calling_ae == "XRAY1");
        CHECK(image.called_ae == "BUCKY");
        CHECK(image.peer_address == "10.0.0.1");
        CHECK(std::filesystem::exists(node.spool.absolute(image.file)));
    }
    CHECK(found.left() == 0);
    CHECK(node.files().size() == 2);
    const auto events = node.events();
    CHECK(std::ranges::count(events, "image.reingested") == 2);
    CHECK(node.give_verdict());
    CHECK(node.give_verdict());
    CHECK(found.start().left() == 0);
}

TEST_CASE("of the files of a stored image only equal copies are deleted", "[storage]") {
    Found found;
    auto& node = found.node;
    found.file("1.1");
    found.take_in_all();
    found.file("1.1");        // a copy
    found.file("1.1 other");  // a conflict: kept apart, as when received
    found.file("9.9");        // of our own make
    found.take_in_all();
    CHECK(node.instance_rows() == 2);
    CHECK(node.files().size() == 2);
    CHECK(found.aside.held().copies == 1);
    CHECK(found.aside.held().images == 0);
}

TEST_CASE("of two copies of an image the later one is current, whichever is taken in first",
          "[storage]") {
    const bool older_is_known = GENERATE(false, true);
    INFO("the older one has a row: " << older_is_known);
    Found found;
    auto& node = found.node;
    // The second word is a header, the third is the time of arrival.
    const auto facts = [](const std::filesystem::path& file, std::string_view, bool) {
        std::ifstream in{file};
        std::string uid, header;
        in >> uid >> header;
        return ImageFacts{{{0x00100020, "1"}, {0x00081030, header}}, "pixels"};
    };
    const auto take_in = [&] {
        recover(node.db, node.dir.path(), node.clock, found.aside);
        Reingest files{node.db, node.spool, found.aside, node.clock, {}, {true, facts}, read_text};
        while (files.take_in_next()) {
        }
    };
    found.file(older_is_known ? "1.1 wrong 1" : "1.1 right 2");
    take_in();
    found.file(older_is_known ? "1.1 right 2" : "1.1 wrong 1");
    take_in();
    const auto stands = node.count({"test.stands", R"sql(
        SELECT max(id) FROM instance WHERE conflicting = 0 AND replaced = 0)sql"});
    auto row = node.db.prepare({"test.file", "SELECT file FROM instance WHERE id = :id"});
    row.bind(":id", stands);
    REQUIRE(row.step());
    std::ifstream in{node.spool.absolute(row.text(0))};
    std::string uid, header;
    in >> uid >> header;
    CHECK(header == "right");
}

TEST_CASE("a file that cannot be read moves aside, is counted, and is kept for its days",
          "[storage]") {
    Found found;
    auto& node = found.node;
    found.file("broken");
    found.file("1.2");
    found.take_in_all();
    CHECK(node.instance_rows() == 1);
    CHECK(found.aside.held().images == 1);
    CHECK(Aside(node.dir.path(), node.clock).held().images == 1);
    node.clock.advance_ms(29 * kDayMs);
    CHECK(found.aside.sweep(0) == 0);
    CHECK(found.aside.sweep(30 * kDayMs) == 0);
    node.clock.advance_ms(3 * kDayMs);
    CHECK(found.aside.sweep(30 * kDayMs) == 1);
    CHECK(found.aside.held().images == 0);
}

TEST_CASE("whatever fails while an image is taken in again, its file stays for the next attempt",
          "[storage]") {
    const FaultyDisk disk;
    Found found;
    auto& node = found.node;
    found.file("1.1");
    SECTION("the disk is full under the database") {
        auto files = found.start();
        FaultyDisk::fails_with = SQLITE_FULL;
        FaultyDisk::failing_writes = 1;
        CHECK(thrown_by([&] { files.take_in_next(); }) == Fault::exhausted);
        FaultyDisk::failing_writes = 0;
        CHECK(found.left() == 1);
        CHECK(node.files().size() == 1);
        CHECK(files.take_in_next());
    }
    SECTION("any file call fails") {
        for (int call = 1; call <= 8; ++call) {
            INFO("call " << call);
            FaultyCalls calls;
            Spool spool{node.dir / "spool", 0, calls.table()};
            recover(node.db, node.dir.path(), node.clock, found.aside);
            Reingest files{node.db, spool, found.aside, node.clock, {}, {}, read_text};
            if (files.left() == 0) break;
            FaultyCalls::fail(call, EIO);
            const auto thrown = thrown_by([&] { files.take_in_next(); });
            FaultyCalls::fail(0, 0);
            CHECK(node.files().size() == 1);
            if (thrown.none()) break;
            CHECK(thrown == Fault::unavailable);
            CHECK(files.left() == 1);
        }
        found.take_in_all();
    }
    CHECK(node.instance_rows() == 1);
    CHECK(node.files().size() == 1);
    CHECK(found.left() == 0);
}

}  // namespace bucky::storage::test
