// SPDX-License-Identifier: Apache-2.0
// Hostile peers that speak DICOM's upper layer: each kind costs its own association and harms no
// other. (front_door_test.cpp has those that do not speak DICOM.)
#include <array>
#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include <zlib.h>
#include <catch2/catch.hpp>

#include "tests/scp/images.h"
#include "tests/scp/test_front_door.h"
#include "tests/support/poll.h"
#include "tests/support/wire_client.h"

using namespace bucky;
using namespace bucky::test;
using namespace std::chrono_literals;

namespace {

constexpr int kAccepted = 2, kRejected = 3;
constexpr auto kDeflated = "1.2.840.10008.1.2.1.99";

void put_big(Bytes& to, std::uint64_t value, int bytes) {
    for (int i = bytes - 1; i >= 0; --i) to.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

void put_little(Bytes& to, std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) to.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

Bytes operator+(Bytes left, const Bytes& right) {
    left.insert(left.end(), right.begin(), right.end());
    return left;
}

/// A PDU with any length field, followed by any bytes.
Bytes pdu(std::uint8_t type, std::uint32_t length, const Bytes& body = {}) {
    Bytes made{type, 0};
    put_big(made, length, 4);
    return made + body;
}

/// A P-DATA-TF of one PDV: context, control bits (1 command, 2 last), content.
Bytes data(std::uint8_t context, std::uint8_t control, const Bytes& content) {
    Bytes pdv;
    put_big(pdv, content.size() + 2, 4);
    pdv.push_back(context);
    pdv.push_back(control);
    pdv = pdv + content;
    return pdu(4, static_cast<std::uint32_t>(pdv.size()), pdv);
}

/// Elements of a command set (PS3.7 6.3.1), group length first.
struct Command {
    Bytes elements;
    Command& number(std::uint16_t element, std::uint16_t value) {
        Bytes bytes;
        put_little(bytes, value, 2);
        return raw(element, bytes);
    }
    Command& text(std::uint16_t element, std::string value) {
        if (value.size() % 2 != 0) value.push_back('\0');
        return raw(element, Bytes(value.begin(), value.end()));
    }
    Command& raw(std::uint16_t element, const Bytes& value) {
        put_little(elements, 0, 2);
        put_little(elements, element, 2);
        put_little(elements, value.size(), 4);
        elements = elements + value;
        return *this;
    }
    Bytes bytes(std::int64_t length = -1) const {
        Command head;
        Bytes size;
        put_little(size, length < 0 ? elements.size() : static_cast<std::uint64_t>(length), 4);
        return head.raw(0x0000, size).elements + elements;
    }
};

/// A C-STORE-RQ; `with` is the Command Data Set Type (0101: no data set follows).
Command store_request(const std::string& sop_instance, std::uint16_t with = 0) {
    return Command{}
        .text(0x0002, kCr)
        .number(0x0100, 0x0001)
        .number(0x0110, 1)
        .number(0x0700, 0)
        .number(0x0800, with)
        .text(0x1000, sop_instance);
}

/// An open association for CR images.
struct Caller : WireClient {
    explicit Caller(const TestFrontDoor& door, const char* syntax = kExplicitLittleEndian)
        : WireClient(door.port()) {
        REQUIRE(associate({kCr, syntax}) == kAccepted);
    }
};

bool still_serves(TestFrontDoor& door) {
    WireClient client(door.port());
    return client.associate({}) == kAccepted && client.echo() == 0;
}

bool idle(TestFrontDoor& door) {
    return poll_until([&] { return door.door().open_associations() == 0; }, 30s);
}

std::size_t files_in(const std::filesystem::path& folder) {
    std::size_t files = 0;
    for (const auto& one : std::filesystem::recursive_directory_iterator{folder}) {
        files += one.is_regular_file() ? 1 : 0;
    }
    return files;
}

Bytes deflated(std::size_t zeros, const Bytes& first) {
    z_stream stream{};
    REQUIRE(deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY) == Z_OK);
    Bytes out;
    std::vector<std::uint8_t> in(1U << 20U), piece(1U << 20U);
    const auto pump = [&](const std::uint8_t* bytes, std::size_t count, int flush) {
        stream.next_in = const_cast<std::uint8_t*>(bytes);
        stream.avail_in = static_cast<unsigned>(count);
        do {
            stream.next_out = piece.data();
            stream.avail_out = static_cast<unsigned>(piece.size());
            (void)deflate(&stream, flush);
            out.insert(out.end(), piece.begin(), piece.end() - stream.avail_out);
        } while (stream.avail_out == 0);
    };
    pump(first.data(), first.size(), Z_NO_FLUSH);
    for (std::size_t left = zeros; left > 0; left -= std::min(left, in.size())) {
        pump(in.data(), std::min(left, in.size()), Z_NO_FLUSH);
    }
    pump(nullptr, 0, Z_FINISH);
    deflateEnd(&stream);
    if (out.size() % 2 != 0) out.push_back(0);  // PS3.5 A.5
    return out;
}

}  // namespace

TEST_CASE("PDUs of length 0 and 4 GiB inside an association end only that one",
          "[scp][strangers]") {
    TestFrontDoor door([](conf::Settings& settings) { settings.scp.read_timeout_s = 1; });
    for (const std::uint8_t type : std::array<std::uint8_t, 5>{1, 4, 5, 7, 255}) {
        for (const std::uint32_t length : {0U, 0xFFFFFFFFU}) {
            INFO(int{type} << ", length " << length);
            Caller caller(door);
            caller.send(pdu(type, length));
            CHECK(caller.closed_within(30s));
        }
    }
    CHECK(idle(door));
    CHECK(still_serves(door));
}

TEST_CASE(
    "PDVs of odd lengths, and of lengths that contradict their PDU, end only their association",
    "[scp][strangers]") {
    TestFrontDoor door([](conf::Settings& settings) { settings.scp.read_timeout_s = 1; });
    for (const std::uint32_t length : {0U, 1U, 3U, 0xFFFFFFFFU}) {
        for (const std::uint8_t control : std::array<std::uint8_t, 2>{0, 3}) {
            INFO("PDV of " << length << ", control " << int{control});
            Caller caller(door);
            Bytes pdv;
            put_big(pdv, length, 4);
            pdv = pdv + Bytes{1, control, 0, 0};
            caller.send(pdu(4, static_cast<std::uint32_t>(pdv.size()), pdv));
            CHECK(caller.closed_within(30s));
        }
    }
    CHECK(idle(door));
    CHECK(still_serves(door));
}

TEST_CASE("zero presentation contexts are an association that can do nothing", "[scp][strangers]") {
    TestFrontDoor door;
    auto request = WireClient::associate_request({});
    // The context item (0x20) follows the application context; remove it.
    const std::size_t at = 6 + 68 + 4 + 21;
    REQUIRE(request[at] == 0x20);
    const std::size_t length = 4 + (std::size_t{request[at + 2]} << 8U | request[at + 3]);
    request.erase(request.begin() + static_cast<std::ptrdiff_t>(at),
                  request.begin() + static_cast<std::ptrdiff_t>(at + length));
    const auto rest = request.size() - 6;
    request[4] = static_cast<std::uint8_t>(rest >> 8U);
    request[5] = static_cast<std::uint8_t>(rest);
    {
        WireClient client(door.port());
        client.send(request);
        client.send(data(1, 3, store_request("1.1").bytes()));
        CHECK(client.closed_within(30s));
    }
    CHECK(idle(door));
    CHECK(still_serves(door));
    CHECK(door.kept().empty());
}

TEST_CASE("data for a context that was not proposed ends only that association",
          "[scp][strangers]") {
    TestFrontDoor door;
    for (const std::uint8_t context : std::array<std::uint8_t, 4>{0, 2, 3, 255}) {
        INFO("context " << int{context});
        {
            Caller caller(door);
            caller.send(data(context, 3, store_request("1.1").bytes()));
            caller.send(data(context, 2, {0, 0}));
            CHECK(caller.closed_within(30s));
        }
        {
            Caller caller(door);  // the command in a good context, the data set in the other
            caller.send(data(1, 3, store_request("1.1").bytes()));
            caller.send(data(context, 2, {0, 0}));
            caller.send(pdu(5, 4, {0, 0, 0, 0}));
            CHECK(caller.closed_within(30s));
        }
    }
    CHECK(idle(door));
    CHECK(door.kept().empty());
    CHECK(still_serves(door));
}

TEST_CASE("a command set that contradicts itself or its data set harms no other association",
          "[scp][strangers]") {
    TestFrontDoor door([](conf::Settings& settings) { settings.scp.read_timeout_s = 1; });
    const auto good = store_request("1.1");
    const std::vector<Bytes> lies{
        good.bytes(0),
        good.bytes(1),
        good.bytes(0x7FFFFFFF),
        good.bytes(0xFFFFFFFF),
        store_request("1.1", 0x0101).bytes(),           // no data set, as announced
        store_request(std::string(4000, '1')).bytes(),  // a UID of invalid length
        store_request("").bytes(),
        Command{}.number(0x0100, 0x0001).bytes(),  // without its mandatory elements
        Command{}.number(0x0100, 0xFFFF).number(0x0800, 0).bytes(),
        Command{}.number(0x0100, 0x8001).number(0x0800, 0x0101).bytes(),  // no request
        Command{}.raw(0x0100, {}).bytes(),
        Command{}.raw(0x0100, Bytes(64, 0xFF)).bytes(),
        Bytes(500, 0xFF),
        {},
    };
    for (std::size_t i = 0; i < lies.size(); ++i) {
        INFO("lie " << i);
        Caller caller(door);
        caller.send(data(1, 3, lies[i]));
        caller.send(data(1, 2, {8, 0, 0x18, 0}));  // a truncated data set
        CHECK(caller.closed_within(60s));
    }
    CHECK(idle(door));
    CHECK(door.kept().empty());
    CHECK(poll_until([&] { return files_in(door.settings().spool_dir()) == 0; }, 30s));
    CHECK(still_serves(door));
}

TEST_CASE("a UID with slashes and dots names no file outside the spool", "[scp][strangers]") {
    TestFrontDoor door;
    const auto outside = door.dir() / "outside";
    std::filesystem::create_directory(outside);
    const auto before = files_in(door.dir().path());
    for (const std::string uid : {"../../outside/x", "/tmp/x", "..", "1.2/../../outside", "."}) {
        INFO(uid);
        const auto image = dataset_bytes(write_image(outside / "image", {.sop_instance = uid}));
        std::filesystem::remove(outside / "image");
        Caller caller(door);
        const auto status = caller.store(uid, image);
        CHECK((!status || *status != 0 || door.kept().size() <= 2));
    }
    CHECK(files_in(outside) == 0);
    for (const auto& kept : door.kept()) {
        const auto spool = door.settings().spool_dir().string();
        CHECK(std::filesystem::weakly_canonical(kept.file).string().starts_with(spool));
    }
    CHECK(files_in(door.dir().path()) <= before + 4 + 2 * door.kept().size());
    CHECK(idle(door));
}

TEST_CASE("malformed AE titles are rejected for good", "[scp][strangers]") {
    TestFrontDoor door;
    for (const std::string title :
         {"EVIL\x1b[2J", "A\nB", "A\\B", "\x80\x81", "    ", "A\tB", "\x7f"}) {
        INFO(title);
        WireClient client(door.port());
        CHECK(client.associate({.calling = title}) == kRejected);
    }
    CHECK(still_serves(door));
}

TEST_CASE("undefined lengths that never end are refused, and the association stays open",
          "[scp][strangers]") {
    TestFrontDoor door([](conf::Settings& settings) { settings.scp.max_instance_mb = 1; });
    Bytes item;
    put_little(item, 0xFFFE, 2);
    put_little(item, 0xE000, 2);
    put_little(item, 0xFFFFFFFF, 4);
    Bytes endless;
    put_little(endless, 0x0008, 2);
    put_little(endless, 0x1140, 2);
    endless = endless + Bytes{'S', 'Q', 0, 0};
    put_little(endless, 0xFFFFFFFF, 4);
    Bytes items = endless;
    for (int i = 0; i < 10'000; ++i) items = items + Bytes{0xFE, 0xFF, 0, 0xE0, 0, 0, 0, 0};
    Caller caller(door);
    for (const auto& bytes : {endless, endless + item, items, Bytes(3'000'000, 0xFE)}) {
        const auto status = caller.store("1.1", bytes);
        REQUIRE(status);
        CHECK(*status != 0);
    }
    CHECK(door.kept().empty());
    CHECK(still_serves(door));
}

TEST_CASE("a deflated data set is read up to its identifiers, not inflated to its end",
          "[scp][strangers]") {
    TestFrontDoor door;
    // A private element with 1.5 GB of zeros, which deflate to 1.5 MB.
    Bytes head;
    put_little(head, 0x0007, 2);
    put_little(head, 0x1000, 2);
    head = head + Bytes{'O', 'B', 0, 0};
    put_little(head, 1'500'000'000, 4);
    const auto bomb = deflated(300'000'000, head);  // and is truncated as well
    Caller caller(door, kDeflated);
    const auto began = std::chrono::steady_clock::now();
    const auto status = caller.store("1.1", bomb);
    REQUIRE(status);
    CHECK(*status != 0);
    CHECK(std::chrono::steady_clock::now() - began < 60s);
    CHECK(door.kept().empty());
    CHECK(poll_until([&] { return files_in(door.settings().spool_dir()) == 0; }, 30s));
    CHECK(still_serves(door));
}

TEST_CASE("a caller that sends nearly empty PDUs slowly does not keep its slot",
          "[scp][strangers]") {
    TestFrontDoor door([](conf::Settings& settings) {
        settings.scp.read_timeout_s = 1;
        settings.scp.max_associations = 1;
    });
    for (const Bytes& drop : {data(1, 0, {0, 0}), data(1, 0, {}), data(1, 1, {})}) {
        Caller caller(door);
        if (drop[11] == 0) caller.send(data(1, 3, store_request("1.1").bytes()));
        bool over = false;
        const auto began = std::chrono::steady_clock::now();
        while (!over && std::chrono::steady_clock::now() - began < 60s) {
            caller.send(drop);
            over = caller.closed_within(20ms);
        }
        CHECK(over);
        CHECK(idle(door));
    }
    CHECK(still_serves(door));
}
