// SPDX-License-Identifier: Apache-2.0
#include "conf/observe/log.h"

#include <algorithm>
#include <string>
#include <string_view>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "conf/base/limits.h"
#include "conf/observe/metrics.h"
#include "tests/support/written.h"

using namespace bucky;
using test::written_by;

namespace {

/// Sets the form of the log, and resets it at the end of the scope.
struct ScopedLogForm {
    explicit ScopedLogForm(LogFormat format, bool patients = false) {
        log::set_level(log::Level::info);
        log::set_format(format);
        log::show_patients(patients);
    }
    ~ScopedLogForm() {
        log::set_format(LogFormat::text);
        log::show_patients(false);
    }
};

void keep_an_image() {
    log::event("test.kept", {{"from", "XRAY 1"},
                             {"bytes", 42},
                             {"again", false},
                             log::patient("patient_name", "Secret^Person"),
                             {"sop", "1.2.3"}});
}

}  // namespace

TEST_CASE("an event is one line of key=value", "[conf][base]") {
    const ScopedLogForm scoped{LogFormat::text};
    CHECK_THAT(
        written_by(keep_an_image),
        Catch::EndsWith("Z info test.kept from=\"XRAY 1\" bytes=42 again=false sop=1.2.3\n"));
}

TEST_CASE("as JSON an event is one object a line, with numbers without quotes, in the same order",
          "[conf][base]") {
    const ScopedLogForm scoped{LogFormat::json};
    const auto line = written_by(keep_an_image);
    CHECK_THAT(line, Catch::StartsWith("{\"time\":\"20") &&
                         Catch::EndsWith("Z\",\"level\":\"info\",\"event\":\"test.kept\","
                                         "\"from\":\"XRAY 1\",\"bytes\":42,\"again\":false,"
                                         "\"sop\":\"1.2.3\"}\n"));
}

TEST_CASE("a value from the network is ASCII in a line of JSON and does not break it",
          "[conf][base]") {
    const ScopedLogForm scoped{LogFormat::json};
    const std::string sent = "a\n\x1b[2J\xff\xc2\x9b\"}";
    const auto line = written_by([&] { log::event("test.sent", {{"words", sent}}); });
    CHECK(std::count(line.begin(), line.end(), '\n') == 1);
    for (const char c : line) CHECK((c == '\n' || (c >= ' ' && c <= '~')));
    CHECK(nlohmann::json::parse(line)["words"] == "a\n\x1b[2J\xEF\xBF\xBD\xC2\x9B\"}");
    const std::string endless(100'000, 'x');
    CHECK(written_by([&] { log::event("test.sent", {{"words", endless}}); }).size() < 2000);
}

TEST_CASE("a patient's name appears only if the admin has enabled it", "[conf][base]") {
    for (const auto form : {LogFormat::text, LogFormat::json}) {
        {
            const ScopedLogForm scoped{form};
            CHECK_THAT(written_by(keep_an_image),
                       !Catch::Contains("Secret") && !Catch::Contains("patient_name"));
        }
        const ScopedLogForm scoped{form, true};
        CHECK_THAT(written_by(keep_an_image), Catch::Contains("Secret^Person"));
    }
}

TEST_CASE("a flood of one event of level info is cut, too, far above normal load", "[conf][base]") {
    const ScopedLogForm scoped{LogFormat::text};
    const auto left_out = metrics::total("bucky_limit_reached_total").value;
    const auto text = written_by([] {
        for (int at = 0; at < 2 * limits::kLogInfoLinesPerSecond; ++at) log::event("test.pour");
    });
    const auto lines = std::count(text.begin(), text.end(), '\n');
    CHECK(lines >= limits::kLogInfoLinesPerSecond);
    // one or two seconds may have begun
    CHECK(lines + static_cast<std::ptrdiff_t>(metrics::total("bucky_limit_reached_total").value -
                                              left_out) ==
          2 * limits::kLogInfoLinesPerSecond);
}
