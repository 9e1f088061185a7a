// SPDX-License-Identifier: Apache-2.0
// Association requests of complete length whose content is invalid: each is answered at once, and
// the log says what is wrong.
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

#include "conf/observe/log.h"
#include "tests/scp/test_front_door.h"
#include "tests/support/poll.h"
#include "tests/support/wire_client.h"
#include "tests/support/written.h"

using namespace bucky;
using namespace bucky::test;
using namespace std::chrono_literals;

namespace {

constexpr int kAccepted = 2, kRejected = 3, kAborted = 7;
constexpr std::string_view kContextName = "1.2.840.10008.3.1.1.1";

Bytes bytes(std::string_view text) {
    return {text.begin(), text.end()};
}

Bytes operator+(Bytes left, const Bytes& right) {
    left.insert(left.end(), right.begin(), right.end());
    return left;
}

Bytes big(std::size_t value, int count) {
    Bytes made;
    for (int i = count - 1; i >= 0; --i)
        made.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
    return made;
}

/// An item or sub-item (PS3.8 9.3.2) whose length field is wrong by so many bytes.
Bytes item(std::uint8_t type, const Bytes& body, int lie = 0) {
    const auto length = static_cast<std::size_t>(static_cast<int>(body.size()) + lie);
    return Bytes{type, 0} + big(length, 2) + body;
}

Bytes item(std::uint8_t type, std::string_view body, int lie = 0) {
    return item(type, bytes(body), lie);
}

Bytes context(std::uint8_t id, const Bytes& sub_items) {
    return item(0x20, Bytes{id, 0, 0, 0} + sub_items);
}

const Bytes kEcho = item(0x30, kVerification) + item(0x40, kImplicitLittleEndian);
const Bytes kMaxLength = item(0x51, big(16384, 4));
const Bytes kClass = item(0x52, "2.25.1");

/// A request that is valid except for what a row changes.
struct Request {
    std::string_view name;
    int answer = kAccepted;
    std::string_view why{};  ///< of a rejected request
    Bytes user = {};         ///< more sub-items of the user information
    Bytes contexts = context(1, kEcho);
    Bytes application_context = item(0x10, kContextName);
    Bytes user_information = item(0x50, kMaxLength + kClass + user);
    Bytes after = {};
    std::uint8_t protocol = 1;

    Bytes pdu() const {
        Bytes body{0, protocol, 0, 0};
        body = body + bytes("BUCKY           ") + bytes("XRAY1           ") + Bytes(32);
        body = body + application_context + contexts + user_information + after;
        return Bytes{1, 0} + big(body.size(), 4) + body;
    }
};

Bytes many_contexts(int count) {
    Bytes all;
    for (int i = 0; i < count; ++i)
        all = all + context(static_cast<std::uint8_t>(2 * i + 1), kEcho);
    return all;
}

/// Sub-items of the user information.
std::vector<Request> odd_user_information() {
    const auto name = [](std::size_t length) { return item(0x55, std::string(length, 'V')); };
    const auto identity = [](std::size_t claimed, const std::string& user) {
        return item(0x58, Bytes{1, 0} + big(claimed, 2) + bytes(user) + big(0, 2));
    };
    const auto role = [](std::size_t claimed, const std::string& uid) {
        return item(0x54, big(claimed, 2) + bytes(uid) + Bytes{1, 1});
    };
    return {
        {"nothing odd"},
        {"version name of 0 bytes", kAccepted, {}, name(0)},
        {"version name of 17 bytes", kAccepted, {}, name(17)},
        {"version name of 64 bytes", kAccepted, {}, name(64)},
        {"version name of 65 bytes", kAborted, "version name has 65 bytes, 64 at most", name(65)},
        {"version name of 1000 bytes", kAborted, "version name has 1000 bytes", name(1000)},
        {"version name that goes beyond", kAborted, "item 55H in the user information says",
         item(0x55, "V", 5)},
        {"implementation class of 65 bytes", kAborted, "class UID has 65 bytes",
         item(0x52, std::string(65, '1'))},
        {"maximum length of 0 bytes", kAborted, "maximum length has 0 bytes", item(0x51, Bytes{})},
        {"maximum length of 3 bytes", kAborted, "maximum length has 3 bytes",
         item(0x51, Bytes{0, 0, 1})},
        {"maximum length of 5 bytes", kAccepted, {}, item(0x51, Bytes{0, 0, 0x40, 0, 0})},
        {"maximum length: none", kAccepted, {}, item(0x51, big(0, 4))},
        {"maximum length: 13", kAborted, "PDUs may have 13 bytes", item(0x51, big(13, 4))},
        {"maximum length: 14", kAccepted, {}, item(0x51, big(14, 4))},
        {"maximum length: 4 GiB", kAccepted, {}, item(0x51, big(0xFFFFFFFF, 4))},
        {"asynchronous operations", kAccepted, {}, item(0x53, Bytes{0, 5, 0, 5})},
        {"asynchronous operations of 1 byte", kAccepted, {}, item(0x53, Bytes{0})},
        {"role of nobody's class", kAccepted, {}, role(5, "1.2.3")},
        {"role of a class of 65 bytes", kAccepted, {}, role(65, std::string(65, '1'))},
        {"role of a class that goes beyond", kAborted, "role selection of 7 bytes has a UID of 40",
         role(40, "1.2")},
        {"role of 2 bytes", kAborted, "role selection ends after 2 bytes", item(0x54, big(0, 2))},
        {"extended negotiation that goes beyond", kAborted,
         "extended negotiation of 5 bytes has a UID of 40", item(0x56, big(40, 2) + bytes("1.2"))},
        {"extended negotiation of 1 byte", kAborted, "extended negotiation ends after 1 bytes",
         item(0x56, Bytes{0})},
        {"common extended negotiation", kAccepted, {}, item(0x57, big(3, 2) + bytes("1.2"))},
        {"user identity", kAccepted, {}, identity(4, "user")},
        {"user identity of 20000 bytes", kAccepted, {}, identity(20000, std::string(20000, 'u'))},
        {"user identity that goes beyond", kAborted, "user identity ends after 7 bytes",
         identity(400, "u")},
        {"user identity that ends early", kAborted, "user identity of 10 bytes has fields of",
         identity(0, std::string(4, 0))},
        {"user identity of 1 byte", kAborted, "user identity ends after 1 bytes",
         item(0x58, Bytes{1})},
        {"two user identities", kAborted, "2 user identities", identity(1, "u") + identity(1, "v")},
        {"user identity of an answer", kAborted, "user identity of an answer",
         item(0x59, big(1, 2) + bytes("u"))},
        {"sub-item that nobody knows", kAccepted, {}, item(0x7F, std::string(60000, '?'))},
        {"sub-item that nobody knows and that goes beyond", kAborted, "item 7FH",
         item(0x7F, "?", 30)},
        {"sub-item of 65535 bytes by its own word", kAborted, "item 7FH", item(0x7F, "?", 65534)},
        {"sub-item cut off after 1 byte", kAborted, "ends with 1 bytes", Bytes{0x55}},
        {"sub-item cut off after 3 bytes", kAborted, "ends with 3 bytes", Bytes{0x55, 0, 0}},
    };
}

std::vector<Request> odd_contexts() {
    const Bytes class_of_65 = item(0x30, std::string(65, '1'));
    const Bytes echo = item(0x30, kVerification), implicit = item(0x40, kImplicitLittleEndian);
    const auto with = [](std::string_view name, int answer, std::string_view why, Bytes contexts) {
        return Request{.name = name, .answer = answer, .why = why, .contexts = std::move(contexts)};
    };
    return {
        with("no presentation context", kAborted, "no presentation context", {}),
        with("presentation context of 3 bytes", kAborted, "context has 3 bytes, 4 at least",
             item(0x20, Bytes{1, 0, 0})),
        with("presentation context of 4 bytes", kAborted, "1 has 0 abstract and 0 transfer",
             context(1, {})),
        with("presentation context that goes beyond", kAborted, "item 20H",
             item(0x20, Bytes{1, 0, 0, 0} + kEcho, 200)),
        with("abstract syntax of 65 bytes", kAborted, "abstract syntax has 65 bytes",
             context(1, class_of_65 + implicit)),
        with("abstract syntax of 0 bytes", kAccepted, {}, context(1, item(0x30, "") + implicit)),
        with("two abstract syntaxes", kAborted, "has 2 abstract", context(1, echo + kEcho)),
        with("no abstract syntax", kAborted, "has 0 abstract", context(1, implicit)),
        with("no transfer syntax", kAborted, "0 transfer syntaxes", context(1, echo)),
        with("transfer syntax of 0 bytes", kAccepted, {}, context(1, echo + item(0x40, ""))),
        with("transfer syntax of 65 bytes", kAborted, "transfer syntax has 65 bytes",
             context(1, echo + item(0x40, std::string(65, '1')))),
        with("sub-item of no kind", kAccepted, {}, context(1, kEcho + item(0x77, "?"))),
        with("an even context", kAccepted, {}, context(2, kEcho)),
        with("context 0", kAccepted, {}, context(0, kEcho)),
        with("the same context twice", kAccepted, {}, context(1, kEcho) + context(1, kEcho)),
        with("128 contexts", kAccepted, {}, many_contexts(128)),
        with("129 contexts", kAborted, "129 presentation contexts, 128 at most",
             many_contexts(129)),
        with("context of an answer", kAborted, "presentation context of an answer",
             item(0x21, Bytes{1, 0, 0, 0} + kEcho)),
    };
}

std::vector<Request> odd_items() {
    return {
        {.name = "user information of 0 bytes", .user_information = item(0x50, Bytes{})},
        {.name = "no user information", .user_information = {}},
        {.name = "two user informations",
         .answer = kAborted,
         .why = "2 user informations",
         .after = item(0x50, kMaxLength)},
        {.name = "user information that goes beyond",
         .answer = kAborted,
         .why = "item 50H in it says that it has 17 bytes, and 8 are there",
         .user_information = item(0x50, kMaxLength, 9)},
        {.name = "user information that ends early",
         .answer = kAborted,
         .why = "item 51H in the user information says",
         .user_information = item(0x50, kMaxLength, -3)},
        {.name = "no application context",
         .answer = kRejected,
         .why = "application context",
         .application_context = {}},
        {.name = "another application context",
         .answer = kRejected,
         .why = "application context",
         .application_context = item(0x10, "1.2.3")},
        {.name = "application context of 65 bytes",
         .answer = kAborted,
         .why = "application context has 65 bytes",
         .application_context = item(0x10, std::string(65, '1'))},
        {.name = "item that nobody knows", .after = item(0x7F, "?")},
        {.name = "item that goes beyond",
         .answer = kAborted,
         .why = "item 7FH in it",
         .after = item(0x7F, "?", 9)},
        {.name = "one byte too many", .answer = kAborted, .why = "1 bytes", .after = {0}},
        {.name = "three bytes too many",
         .answer = kAborted,
         .why = "3 bytes",
         .after = {0x50, 0, 0}},
        {.name = "protocol version 0", .answer = kRejected, .why = "protocol", .protocol = 0},
        {.name = "protocol versions 1 and 2", .protocol = 3},
    };
}

/// Each is answered at once as its row says, and the log gives the reason of a rejection.
void check_answers(const std::vector<Request>& requests) {
    TestFrontDoor door;
    log::set_level(log::Level::info);
    for (const auto& request : requests) {
        INFO(request.name);
        int answer = 0;
        const auto call = [&] {
            WireClient client(door.port());
            client.send(request.pdu());
            answer = client.next_pdu(5s);
            if (answer == kAccepted) client.release();
        };
        const auto log = written_by([&] {
            call();
            CHECK(poll_until([&] { return door.door().open_associations() == 0; }, 5s));
        });
        CHECK(answer == request.answer);
        CHECK_THAT(log, Catch::Contains(request.answer == kAccepted ? " association.accepted "
                                                                    : " association.refused "));
        CHECK_THAT(log, Catch::Contains(std::string{request.why}));
    }
}

}  // namespace

TEST_CASE("invalid user information is answered at once, and the log says what is wrong with it",
          "[scp][strangers]") {
    check_answers(odd_user_information());
}

TEST_CASE(
    "invalid presentation contexts are answered at once, and the log says what is wrong with them",
    "[scp][strangers]") {
    check_answers(odd_contexts());
}

TEST_CASE(
    "invalid items of a request are answered at once, and the log says what is wrong with them",
    "[scp][strangers]") {
    check_answers(odd_items());
}

TEST_CASE("a version name that is too long is cut to DICOM's length", "[scp][strangers]") {
    TestFrontDoor door;
    log::set_level(log::Level::info);
    const auto log = written_by([&] {
        WireClient client(door.port());
        client.send(Request{"", kAccepted, {}, item(0x55, "SIXTEEN_AND_FOUR_MORE")}.pdu());
        CHECK(client.next_pdu(5s) == kAccepted);
        client.release();
        CHECK(poll_until([&] { return door.door().open_associations() == 0; }, 5s));
    });
    CHECK_THAT(log, Catch::Contains("software=SIXTEEN_AND_FOUR\n"));
}
