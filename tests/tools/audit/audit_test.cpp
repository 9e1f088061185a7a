// SPDX-License-Identifier: Apache-2.0
// Audit messages, validated by xmllint, and their outlets: a file, and no caller waits for it.
#include "tools/bucky/audit/trail.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <future>
#include <iterator>
#include <latch>

#include <sys/resource.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "conf/base/error.h"
#include "conf/base/limits.h"
#include "conf/observe/metrics.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

using namespace bucky;
using namespace bucky::test;
using namespace std::chrono_literals;
using audit::Event;
using audit::Kind;

namespace {

const AuditSource kSource{"BUCKY", "ward-7", "4711"};
constexpr std::int64_t kNowMs = 1'795'444'200'123;

std::string schema() {
    return BUCKY_SOURCE_DIR "/tests/audit/audit-message.rng";
}

/// The complaint of xmllint; empty when the message is valid.
std::string complaint(const std::string& message) {
    const TempDir dir;
    const auto file = dir / "message.xml";
    std::ofstream{file} << message;
    const auto judged = run({"xmllint", "--noout", "--relaxng", schema(), file.string()});
    return judged.status == 0 ? "" : judged.output + message;
}

Event event(Kind kind) {
    Event made;
    made.kind = kind;
    made.peer_ae = "XRAY1";
    made.peer_address = "10.0.0.9";
    made.study = "1.2.3";
    made.patient_id = "PHANTOM-1";
    made.accession_number = "A-1";
    made.instances = {{"1.2.840.10008.5.1.4.1.1.1.1", 2}};
    made.path = "/";
    return made;
}

constexpr Kind kAllKinds[] = {Kind::started,     Kind::stopped,    Kind::begins_to_send,
                              Kind::transferred, Kind::configured, Kind::caller_refused,
                              Kind::asked,       Kind::not_let_in};

std::vector<std::string> lines_of(const std::filesystem::path& file) {
    std::ifstream in{file};
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

double dropped() {
    return metrics::total("bucky_audit_dropped_total").value;
}

double taken_in_all() {
    return metrics::total("bucky_audit_messages_total").value;
}

/// How often `part` occurs in `text`.
std::size_t times(const std::string& text, const std::string& part) {
    std::size_t found = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
    return found;
}

/// Collects log lines while it lives, in order.
class Logged {
public:
    Logged() : before_(::dup(STDOUT_FILENO)) {
        std::fflush(stdout);
        FILE* const file = std::fopen((dir_ / "log").c_str(), "w");
        ::dup2(::fileno(file), STDOUT_FILENO);
        std::fclose(file);
    }
    std::string end() {
        std::fflush(stdout);
        ::dup2(before_, STDOUT_FILENO);
        std::ifstream in{dir_ / "log"};
        return {std::istreambuf_iterator<char>{in}, {}};
    }
    ~Logged() {
        (void)end();
        ::close(before_);
    }

private:
    const TempDir dir_;
    const int before_;
};

}  // namespace

TEST_CASE("xmllint finds no fault in an audit message of any kind", "[tools][audit]") {
    for (const auto kind : kAllKinds) {
        for (const bool we_send : {false, true}) {
            auto of_kind = event(kind);
            of_kind.we_send = we_send;
            CHECK(complaint(audit_message(of_kind, kSource, kNowMs)) == "");
        }
        CHECK(complaint(audit_message({.kind = kind, .study = "1.2", .path = "/"}, kSource,
                                      kNowMs)) == "");  // with hardly any attribute known
    }
    CHECK_THAT(complaint("<AuditMessage/>"), Catch::Contains("fails to validate"));
}

TEST_CASE("whatever strangers send, an audit message stays one, on one line", "[tools][audit]") {
    const std::string hostile = "\"/><x a='&amp;\n\r\x1b\x7f\xff\xc2\x85\xed\xa0\x80\xe2\x82";
    for (const auto kind : kAllKinds) {
        auto of_kind = event(kind);
        of_kind.words = of_kind.peer_ae = of_kind.peer_address = hostile;
        of_kind.patient_id = of_kind.accession_number = of_kind.path = hostile;
        const auto message = audit_message(of_kind, kSource, kNowMs);
        CHECK(complaint(message) == "");
        CHECK(message.find('\n') == std::string::npos);
        CHECK(message.find("<x") == std::string::npos);
    }
}

TEST_CASE("an audit message says who sent whose images to whom", "[tools][audit]") {
    const auto message = audit_message(event(Kind::transferred), kSource, kNowMs);
    for (const auto* part :
         {R"(EventActionCode="C")", R"(EventOutcomeIndicator="0")", R"(csd-code="110104")",
          R"(AlternativeUserID="AETITLES=XRAY1" UserIsRequestor="true")",
          R"(NetworkAccessPointID="10.0.0.9" NetworkAccessPointTypeCode="2")",
          R"(UserID="4711" AlternativeUserID="AETITLES=BUCKY" UserIsRequestor="false")",
          R"(ParticipantObjectID="1.2.3")", R"(<Accession Number="A-1"/>)",
          R"(<SOPClass UID="1.2.840.10008.5.1.4.1.1.1.1" NumberOfInstances="2"/>)",
          R"(ParticipantObjectID="PHANTOM-1")", R"(AuditSourceID="BUCKY@ward-7")"}) {
        CHECK_THAT(message, Catch::Contains(part));
    }
}

TEST_CASE("base64 is that of RFC 4648", "[tools][audit]") {
    CHECK(to_base64("") == "");
    CHECK(to_base64("f") == "Zg==");
    CHECK(to_base64("fo") == "Zm8=");
    CHECK(to_base64("foobar") == "Zm9vYmFy");
    CHECK(to_base64("\xff\xfe") == "//4=");
}

TEST_CASE("a full audit file makes room for another, and the oldest goes", "[tools][audit]") {
    const TempDir dir;
    AuditFile file{dir / "audit.xml", 10, 2};
    for (const auto* line : {"the first", "the second", "the third", "the fourth", "the fifth"}) {
        file.append(line);
    }
    CHECK(lines_of(dir / "audit.xml") == std::vector<std::string>{"the fifth"});
    CHECK(lines_of(dir / "audit.xml.1") == std::vector<std::string>{"the fourth"});
    CHECK(lines_of(dir / "audit.xml.2") == std::vector<std::string>{"the third"});
    CHECK_FALSE(std::filesystem::exists(dir / "audit.xml.3"));
}

TEST_CASE("an audit file that cannot be written says so by name", "[tools][audit]") {
    AuditFile file{"/nowhere/audit.xml", 10, 2};
    CHECK_THROWS_WITH(file.append("line"),
                      Catch::Contains("audit.file /nowhere/audit.xml: No such"));
}

TEST_CASE(
    "nobody waits for a place that takes no audit messages, and what it cannot hold is counted",
    "[tools][audit]") {
    const auto before = dropped();
    std::latch opened{1};
    std::vector<std::string> taken;
    {
        AuditOutlet outlet{"test", [&](const std::string& message) {
                               opened.wait();
                               taken.push_back(message);
                           }};
        for (std::size_t at = 0; at < limits::kAuditQueueMax + 5; ++at) {
            outlet.put(std::to_string(at));
        }
        CHECK(dropped() == before + 5);
        opened.count_down();
    }  // queued messages are sent at the end
    CHECK(taken.size() == limits::kAuditQueueMax);
    CHECK(taken.front() == "0");
    CHECK(dropped() == before + 5);
}

TEST_CASE("a message that was not taken is given again, before all others", "[tools][audit]") {
    std::vector<std::string> taken;
    int failures = 3;
    const auto sink = [&](const std::string& message) {
        if (failures-- > 0) throw Error(Fault::unavailable, "not now");
        taken.push_back(message);
    };
    std::promise<void> done;
    {
        AuditOutlet outlet{"test",
                           [&](const std::string& message) {
                               sink(message);
                               if (message == "second") done.set_value();
                           },
                           1ms};
        outlet.put("first");
        outlet.put("second");
        REQUIRE(done.get_future().wait_for(30s) == std::future_status::ready);
    }
    CHECK(taken == std::vector<std::string>{"first", "second"});
}

TEST_CASE("what can never be taken is dropped, counted and logged, and not counted as sent",
          "[tools][audit]") {
    const auto dropped_before = dropped(), taken_before = taken_in_all();
    Logged log;
    std::promise<void> done;
    {
        AuditOutlet outlet{"test", [&](const std::string& message) {
                               if (message == "too long") throw Error(Fault::bad_input, "it is");
                               done.set_value();
                           }};
        outlet.put("too long");
        outlet.put("short");
        REQUIRE(done.get_future().wait_for(30s) == std::future_status::ready);
        CHECK(outlet.trouble() == "");
    }
    CHECK_THAT(log.end(), Catch::Contains("error audit.dropped outlet=test messages=1 "
                                          "reason=too_long words=\"it is\""));
    CHECK(dropped() == dropped_before + 1);
    CHECK(taken_in_all() == taken_before + 1);
}

TEST_CASE("a trouble is logged once, another one again, and once that it is over",
          "[tools][audit]") {
    Logged log;
    int tries = 0;
    std::promise<void> done;
    std::vector<std::string> seen;
    {
        AuditOutlet* asked = nullptr;
        AuditOutlet outlet{"test",
                           [&](const std::string& message) {
                               if (message == "second") return done.set_value();
                               seen.push_back(asked->trouble());
                               if (++tries <= 3) throw Error(Fault::unavailable, "away");
                               if (tries == 4) throw Error(Fault::unavailable, "a stranger");
                           },
                           1ms};
        asked = &outlet;
        outlet.put("first");
        outlet.put("second");
        REQUIRE(done.get_future().wait_for(30s) == std::future_status::ready);
        CHECK(outlet.trouble() == "");
    }
    CHECK(seen == std::vector<std::string>{"", "away", "away", "away", "a stranger"});
    const auto logged = log.end();
    CHECK(times(logged, "warning audit.trouble outlet=test words=away\n") == 1);
    CHECK(times(logged, "warning audit.trouble outlet=test words=\"a stranger\"\n") == 1);
    CHECK(times(logged, "info audit.restored outlet=test\n") == 1);
}

TEST_CASE("a message that a full disk cut off is taken back before it is written again",
          "[tools][audit]") {
    const TempDir dir;
    AuditFile file{dir / "audit.xml", 1'000'000, 2};
    file.append("the first");
    struct rlimit before {};
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
    const auto old_answer = std::signal(SIGXFSZ, SIG_IGN);
    const struct rlimit full { 15, before.rlim_max };
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &full) == 0);
    CHECK_THROWS_WITH(file.append("the second"), Catch::Contains("File too large"));
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
    std::signal(SIGXFSZ, old_answer);
    file.append("the second");
    CHECK(lines_of(dir / "audit.xml") == std::vector<std::string>{"the first", "the second"});
}

TEST_CASE("what is told reaches the file while a trail is kept, and nobody afterwards",
          "[tools][audit]") {
    const TempDir dir;
    const SettableClock clock{kNowMs};
    conf::AuditSettings told;
    told.file = dir / "audit.xml";
    CHECK_FALSE(audit::is_recorded());
    {
        const AuditTrail trail{told, kSource, clock};
        CHECK(audit::is_recorded());
        audit::tell(event(Kind::transferred));
    }
    audit::tell(event(Kind::stopped));
    const auto lines = lines_of(told.file);
    REQUIRE(lines.size() == 1);
    CHECK(lines[0] == audit_message(event(Kind::transferred), kSource, kNowMs));
}
