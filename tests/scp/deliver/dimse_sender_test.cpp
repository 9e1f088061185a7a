// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include "conf/base/error.h"
#include "scp/deliver/dimse_sender.h"
#include "scp/deliver/echo.h"
#include "scp/wire/contexts.h"
#include "scp/wire/part10.h"
#include "scp/wire/start.h"
#include "scp/wire/unique_fd.h"
#include "tests/scp/images.h"
#include "tests/scp/peer.h"
#include "tests/scp/test_front_door.h"

using namespace bucky;
using namespace bucky::scp;
using namespace bucky::test;

namespace {

const AeTitle kUs{"BUCKY"};

Fault fault_of_echo(const Target& target, const std::string& words) {
    try {
        // The fault is the result; the words are checked here, where a failure names them.
        (void)echo(target, kUs);
    } catch (const Error& error) {
        CHECK_THAT(error.what(), Catch::Contains(words));
        return error.fault();
    }
    FAIL("answered, though " << words);
    return Fault::bug;
}

/// A listening loopback port on which nothing is accepted until a test does so.
class Socket {
public:
    explicit Socket(int backlog) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        address_.sin_family = AF_INET;
        address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof(address_);
        auto* address = reinterpret_cast<sockaddr*>(&address_);
        REQUIRE(::bind(fd_.get(), address, size) == 0);
        REQUIRE(::listen(fd_.get(), backlog) == 0);
        REQUIRE(::getsockname(fd_.get(), address, &size) == 0);
    }
    int fd() const { return fd_.get(); }
    const sockaddr_in& address() const { return address_; }
    Target target() const {
        return {.name = "",
                .ae = AeTitle{"PACS"},
                .host = "127.0.0.1",
                .port = ntohs(address_.sin_port),
                .connect_timeout = std::chrono::seconds{1},
                .response_timeout = std::chrono::seconds{60}};
    }

private:
    UniqueFd fd_;
    sockaddr_in address_{};
};

/// A peer that drops connection requests because its queue is full, like a firewall that drops
/// packets.
class FullHouse {
public:
    FullHouse() : door_(0) {
        for (auto& guest : guests_) {
            guest.reset(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
            const auto* address = reinterpret_cast<const sockaddr*>(&door_.address());
            (void)::connect(guest.get(), address, sizeof(door_.address()));
        }
    }
    Target target() const { return door_.target(); }

private:
    Socket door_;
    std::array<UniqueFd, 4> guests_;
};

/// A web server for one connection.
class Web {
public:
    Web()
        : door_(4), thread_([this] {
              const UniqueFd caller{::accept(door_.fd(), nullptr, nullptr)};
              std::array<char, 4096> heard{};
              (void)::read(caller.get(), heard.data(), heard.size());
              constexpr std::string_view kAnswer = "HTTP/1.1 400 Bad Request\r\n\r\n";
              (void)::send(caller.get(), kAnswer.data(), kAnswer.size(), MSG_NOSIGNAL);
          }) {}
    Target target() const { return door_.target(); }

private:
    Socket door_;
    std::jthread thread_;
};

SendOutcome send_one(const Peer& peer, const ImageOf& image = {}) {
    start_wire();
    const TempDir dir;
    DimseSender sender(peer.target(), kUs);
    return sender.send(write_image(dir / "image.dcm", image));
}

}  // namespace

TEST_CASE("an echo reports what was negotiated", "[scp]") {
    start_wire();
    const Peer peer;
    const EchoReply reply = echo(peer.target(), kUs);
    CHECK(reply.status == 0);
    CHECK(reply.round_trip_ms > 0);
    CHECK(reply.max_pdu_bytes == 131072);
    CHECK_THAT(reply.implementation_version, Catch::StartsWith("OFFIS_DCMTK"));
    CHECK(reply.transfer_syntax == kImplicitLittleEndian);
}

TEST_CASE("an echo to ourselves comes back under our own name, over IPv6 too", "[scp]") {
    TestFrontDoor door([](conf::Settings& settings) { settings.scp.listen = "::"; });
    for (const auto* host : {"127.0.0.1", "::1", "localhost"}) {
        INFO(host);
        const Target target{"", kUs, host, static_cast<std::uint16_t>(door.port())};
        const EchoReply reply = echo(target, AeTitle{"XRAY1"});
        CHECK(reply.implementation_version == implementation_version_name());
        CHECK(reply.implementation_class == implementation_class_uid());
    }
}

TEST_CASE("an echo that fails says why, and what to change", "[scp]") {
    start_wire();
    CHECK(fault_of_echo(Peer("reject").target(), "check ae_title") == Fault::unsupported);
    CHECK(fault_of_echo(Peer("congested").target(), "limit of associations") == Fault::unavailable);
    CHECK(fault_of_echo(Peer("silent").target(), "answered nothing within 2 s") ==
          Fault::unavailable);
    CHECK(fault_of_echo(Peer("silent").target(), "is that a DICOM port, and one without TLS?") ==
          Fault::unavailable);
    CHECK(fault_of_echo(Peer("deaf").target(), "its own log may") == Fault::unavailable);
    const auto closed = [] { return Peer{}.target(); }();  // nothing listens on its port now
    CHECK(fault_of_echo(closed,
                        "Connection refused: nobody listens there; is it running, and is "
                        "the port right?") == Fault::unavailable);
    Target unknown = closed;
    unknown.host = "no-such-host.invalid";
    CHECK(fault_of_echo(unknown, "no-such-host.invalid is not known") == Fault::unavailable);
    CHECK(fault_of_echo(unknown, "check its spelling, or enter its address") == Fault::unavailable);
    const FullHouse full;
    CHECK(fault_of_echo(full.target(),
                        "no answer in time: is the machine on, and does a firewall "
                        "let the port through?") == Fault::unavailable);
    const Web web;
    CHECK(fault_of_echo(web.target(), "is that a DICOM port?") == Fault::unavailable);
    TestFrontDoor door([](conf::Settings& settings) { settings.peers = {{"XRAY1", ""}}; });
    const Target ours{"", kUs, "127.0.0.1", static_cast<std::uint16_t>(door.port())};
    CHECK(fault_of_echo(ours, "does not know BUCKY") == Fault::unsupported);
    TestFrontDoor no_echo([](conf::Settings& settings) {
        settings.peers = {{"BUCKY", ""}};
        settings.peers[0].echo = false;
    });
    const Target mute{"", kUs, "127.0.0.1", static_cast<std::uint16_t>(no_echo.port())};
    CHECK(fault_of_echo(mute,
                        "takes associations but no C-ECHO: refused by the peer; switch "
                        "Verification on there") == Fault::unsupported);
    const Target misnamed{"", AeTitle{"NOBODY"}, "127.0.0.1",
                          static_cast<std::uint16_t>(no_echo.port())};
    CHECK(fault_of_echo(misnamed, "does not call itself NOBODY: check ae_title") ==
          Fault::unsupported);
}

TEST_CASE("a file arrives byte for byte in its own transfer syntax", "[scp]") {
    start_wire();
    const Peer peer;
    const TempDir dir;
    DimseSender sender(peer.target(), kUs);
    std::size_t sent = 0;
    for (const auto& syntax : transfer_syntaxes()) {
        if (!syntax.is_native() || syntax.uid == kDeflatedLittleEndian) continue;
        INFO(syntax.name);
        ImageOf image;
        image.transfer_syntax = syntax.uid;
        image.side = 600;  // several PDUs
        const auto file = write_image(dir / "image.dcm", image);
        const SendOutcome outcome = sender.send(file);
        CHECK(outcome.verdict == SendVerdict::delivered);
        CHECK(outcome.status == "0000");
        CHECK_FALSE(outcome.rewritten);
        const auto stored = peer.stored();
        REQUIRE(stored.size() == ++sent);
        CHECK(read_part10_header(stored.back()).transfer_syntax == syntax.uid);
        CHECK(dataset_bytes(stored.back()) == dataset_bytes(file));
    }
}

TEST_CASE("a compressed file is sent as it is, without its codec", "[scp]") {
    start_wire();
    const Peer peer;
    const TempDir dir;
    const auto plain = write_image(dir / "plain.dcm");
    const auto packed = dir / "packed.dcm";
    REQUIRE(run({"dcmcjpls", plain.string(), packed.string()}).status == 0);
    DimseSender sender(peer.target(), kUs);
    CHECK(sender.send(packed).verdict == SendVerdict::delivered);
    CHECK(dataset_bytes(peer.stored().at(0)) == dataset_bytes(packed));
}

TEST_CASE("an uncompressed file is rewritten if the peer accepts only another syntax", "[scp]") {
    const Peer peer("implicit-only");
    const SendOutcome outcome = send_one(peer);
    CHECK(outcome.verdict == SendVerdict::delivered);
    CHECK(outcome.rewritten);
    CHECK(read_part10_header(peer.stored().at(0)).transfer_syntax == kImplicitLittleEndian);
}

TEST_CASE("text is sent in the destination's character set, or unchanged", "[scp]") {
    start_wire();
    const TempDir dir;
    const auto file_with_name = [&](const char* name) {
        const auto file = write_image(dir / "named.dcm");
        DcmFileFormat format;
        REQUIRE(format.loadFile(file.c_str()).good());
        format.getDataset()->putAndInsertString(DCM_SpecificCharacterSet, "ISO_IR 192");
        format.getDataset()->putAndInsertString(DCM_StudyDescription, name);
        REQUIRE(format.saveFile(file.c_str(), EXS_LittleEndianExplicit).good());
        return file;
    };
    const auto text_of = [](const std::filesystem::path& file) {
        DcmFileFormat format;
        REQUIRE(format.loadFile(file.c_str()).good());
        OFString set, text;
        (void)format.getDataset()->findAndGetOFString(DCM_SpecificCharacterSet, set);
        (void)format.getDataset()->findAndGetOFString(DCM_StudyDescription, text);
        return std::pair<std::string, std::string>{set.c_str(), text.c_str()};
    };
    for (const auto& [set, word, bytes] : std::vector<std::array<const char*, 3>>{
             {"ISO_IR 100", "M\u00fcller", "M\xfcller"},
             {"ISO_IR 144", "\u0416\u0443\u043a", "\xb6\xe3\xda"},
             {"GB18030", "\u738b", "\xcd\xf5"},
         }) {
        INFO(set);
        const Peer peer;
        DimseSender sender(peer.target(), kUs);
        sender.write_text_in(set);
        const auto outcome = sender.send(file_with_name(word));
        CHECK(outcome.verdict == SendVerdict::delivered);
        CHECK(outcome.words.empty());
        CHECK(text_of(peer.stored().at(0)) == std::pair<std::string, std::string>{set, bytes});
    }
    const Peer peer;
    DimseSender sender(peer.target(), kUs);
    sender.write_text_in("ISO_IR 100");
    const auto hong = file_with_name("\ud64d\uae38\ub3d9");
    const auto outcome = sender.send(hong);
    CHECK(outcome.verdict == SendVerdict::delivered);
    CHECK_THAT(outcome.words, Catch::Contains("does not fit in the destination's"));
    CHECK(text_of(peer.stored().at(0)) == text_of(hong));
}

TEST_CASE("an archive of KS X 1001 gets names, items and lines as pydicom reads them", "[scp]") {
    start_wire();
    const TempDir dir;
    const auto file = write_image(dir / "korean.dcm");
    const auto write = [&](const char* description) {
        DcmFileFormat format;
        REQUIRE(format.loadFile(file.c_str()).good());
        DcmDataset& dataset = *format.getDataset();
        dataset.putAndInsertString(DCM_SpecificCharacterSet, "ISO_IR 192");
        dataset.putAndInsertString(DCM_PatientName, "Hong^Gildong=洪^吉洞=홍^길동");
        dataset.putAndInsertString(DCM_StudyDescription, description);
        dataset.putAndInsertString(DCM_ImageComments, "왼쪽 위: 결절\r\n오른쪽: 없음");
        DcmItem* item = nullptr;
        REQUIRE(dataset.findOrCreateSequenceItem(DCM_ProcedureCodeSequence, item, 0).good());
        item->putAndInsertString(DCM_CodeMeaning, "흉부 촬영");
        REQUIRE(format.saveFile(file.c_str(), EXS_LittleEndianExplicit).good());
    };
    const Peer peer;
    DimseSender sender(peer.target(), kUs);
    sender.write_text_in("ISO 2022 IR 149");
    write("흉부 PA, 기흉 의심");
    CHECK(sender.send(file).words.empty());
    const auto read = run({"/usr/bin/python3", "-c",
                           "import sys, pydicom\n"
                           "data = pydicom.dcmread(sys.argv[1])\n"
                           "data.decode()\n"
                           "print(*data.SpecificCharacterSet, data.PatientName, sep='|')\n"
                           "print(data.StudyDescription, data.ImageComments.splitlines(),\n"
                           "      data.ProcedureCodeSequence[0].CodeMeaning)\n",
                           peer.stored().at(0)});
    CHECK(read.output ==
          "|ISO 2022 IR 149|Hong^Gildong=洪^吉洞=홍^길동\n"
          "흉부 PA, 기흉 의심 ['왼쪽 위: 결절', '오른쪽: 없음'] 흉부 촬영\n");

    write("똠방각하");  // a syllable of CP949 only
    CHECK_THAT(sender.send(file).words, Catch::Contains("does not fit in the destination's"));
}

TEST_CASE("a context that is not accepted is a refusal with its reason", "[scp]") {
    const SendOutcome outcome = send_one(Peer("no-sr"), {.sop_class = kComprehensive3dSr});
    CHECK(outcome.verdict == SendVerdict::class_not_accepted);
    CHECK_THAT(outcome.words, Catch::Contains("SOP class not supported"));
}

TEST_CASE("every kind of answer of a peer is distinguished", "[scp]") {
    const auto verdict_of = [](const std::string& behave) {
        return send_one(Peer(behave)).verdict;
    };
    CHECK(verdict_of("status=A700") == SendVerdict::try_later);
    CHECK(verdict_of("status=0110") == SendVerdict::try_later);
    CHECK(verdict_of("status=A900") == SendVerdict::refused);
    CHECK(verdict_of("status=C123") == SendVerdict::refused);
    CHECK(verdict_of("status=0122") == SendVerdict::class_not_accepted);
    CHECK(verdict_of("status=B007") == SendVerdict::delivered);
    CHECK(verdict_of("status=0111") == SendVerdict::already_there);
    CHECK(verdict_of("abort") == SendVerdict::try_later);
    CHECK(verdict_of("drop") == SendVerdict::try_later);
    CHECK(verdict_of("no-answer") == SendVerdict::try_later);
    CHECK(verdict_of("slow=100") == SendVerdict::delivered);
    const SendOutcome told = send_one(Peer("status=A900"));
    CHECK(told.status == "A900");
    CHECK(told.words == "A900 (error: data set does not match SOP class) \"told to say so\"");
}

TEST_CASE("an association is kept for the next file, and opened again when the peer has closed it",
          "[scp]") {
    start_wire();
    const TempDir dir;
    const auto file = write_image(dir / "image.dcm");
    const auto other = write_image(dir / "ct.dcm", {.sop_class = "1.2.840.10008.5.1.4.1.1.2"});
    const Peer peer("drop,first=1");
    DimseSender sender(peer.target(), kUs);
    CHECK(sender.send(file).verdict == SendVerdict::try_later);
    CHECK_FALSE(sender.connected());
    CHECK(sender.send(file).verdict == SendVerdict::delivered);
    CHECK(sender.connected());
    CHECK(sender.send(other).verdict == SendVerdict::delivered);  // needs another context
    CHECK(sender.send(file).verdict == SendVerdict::delivered);
    sender.release();
    CHECK_FALSE(sender.connected());
    CHECK(peer.stored().size() == 4);
}

TEST_CASE("more kinds of files than an association has contexts are all sent", "[scp]") {
    start_wire();
    const TempDir dir;
    const Peer peer;
    DimseSender sender(peer.target(), kUs);
    std::vector<std::filesystem::path> files;
    for (const auto& storage_class : storage_classes()) {
        for (const auto syntax : {kImplicitLittleEndian, kExplicitBigEndian}) {
            ImageOf image;
            image.sop_class = storage_class.uid;
            image.transfer_syntax = syntax;
            files.push_back(write_image(dir / std::to_string(files.size()), image));
            sender.announce(files.back());
        }
    }
    REQUIRE(files.size() * 2 > 128);
    for (const auto& file : files) {
        REQUIRE(sender.send(file).verdict == SendVerdict::delivered);
    }
    CHECK(peer.stored().size() == files.size());
}

TEST_CASE("a file that is not DICOM is reported before a peer is called", "[scp]") {
    start_wire();
    const TempDir dir;
    write_bytes(dir / "text", {'h', 'e', 'l', 'l', 'o'});
    DimseSender sender({}, kUs);
    CHECK_THROWS_WITH(sender.send(dir / "text"), Catch::Contains("not a DICOM file"));
    CHECK_THROWS_WITH(sender.send(dir / "nothing"), Catch::Contains("cannot read"));
}
