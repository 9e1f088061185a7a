// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/alert/alerts.h"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "conf/base/error.h"
#include "tests/support/temp_dir.h"

using namespace bucky;
using namespace bucky::test;

namespace {

constexpr std::int64_t kStart = 1'790'000'000'000;

const Trouble kPacs{Concern::destination, "pacs", "pacs fails since 12:00",
                    "DOE^JANE is not known here"};
const Trouble kDisk{Concern::disk, {}, "the disk is full"};

/// Alerts, a clock, and who is told.
struct Told {
    explicit Told(std::vector<std::string> about = {}, std::int64_t after_s = 60) {
        auto& alert = settings.alerts.emplace_back();
        alert.name = "team";
        alert.about = std::move(about);
        alert.after_s = after_s;
        start();
    }
    void start() {
        alerts.emplace(dir.path(), clock, [this](const auto&, const AlertNews& news) {
            if (is_away) throw Error(Fault::unavailable, "no route to host");
            subjects.push_back(subject_of(news));
            text += text_of(news) + json_of(news) + slack_of(news);
        });
    }
    void look(const std::vector<Trouble>& standing, std::int64_t seconds = 0) {
        clock.advance_ms(seconds * 1000);
        alerts->look(settings, standing);
    }

    TempDir dir;
    SettableClock clock{kStart};
    conf::Settings settings;
    std::optional<Alerts> alerts;
    bool is_away = false;
    std::vector<std::string> subjects;
    std::string text;
};

}  // namespace

TEST_CASE("a trouble is told once when it has stood for a while, and once when it is over",
          "[tools][alert]") {
    Told told;
    told.look({kPacs});
    told.look({kPacs}, 59);
    CHECK(told.subjects.empty());
    told.look({kPacs}, 2);
    told.look({kPacs}, 1000);
    REQUIRE(told.subjects == std::vector<std::string>{"[BUCKY] begun: destination pacs"});
    told.look({}, 1);
    told.look({}, 59);
    CHECK(told.subjects.size() == 1);
    told.look({}, 2);
    told.look({}, 1000);
    REQUIRE(told.subjects.size() == 2);
    CHECK(told.subjects[1] == "[BUCKY] over: destination pacs");
}

TEST_CASE("a trouble that comes and goes within its time is told to nobody", "[tools][alert]") {
    Told told;
    for (int i = 0; i < 20; ++i) {
        told.look({kPacs});
        told.look({}, 59);
    }
    CHECK(told.subjects.empty());
}

TEST_CASE("what a peer said is in no alert: it may name a patient", "[tools][alert]") {
    Told told;
    told.look({kPacs});
    told.look({kPacs}, 61);
    REQUIRE(told.subjects.size() == 1);
    CHECK_THAT(told.text, Catch::Contains("pacs fails since 12:00"));
    CHECK_THAT(told.text, !Catch::Contains("DOE"));
}

TEST_CASE("a restart tells nothing twice, and still tells the end", "[tools][alert]") {
    Told told;
    told.look({kPacs});
    told.look({kPacs}, 61);
    told.start();
    told.look({}, 1);  // not every trouble is known in the first second
    told.look({kPacs}, 30);
    told.look({kPacs}, 1000);
    CHECK(told.subjects.size() == 1);
    told.start();
    told.look({});
    told.look({}, 61);
    REQUIRE(told.subjects.size() == 2);
    CHECK(told.subjects[1] == "[BUCKY] over: destination pacs");
}

TEST_CASE("an alert that cannot be told is a trouble, is tried again, and tells what stands then",
          "[tools][alert]") {
    Told told;
    told.is_away = true;
    told.look({kPacs});
    told.look({kPacs, kDisk}, 61);
    REQUIRE(told.alerts->troubles().size() == 1);
    CHECK(told.alerts->troubles()[0].concern == Concern::alert);
    CHECK(told.alerts->troubles()[0].about == "team");
    told.look({kDisk}, 3600);
    told.is_away = false;
    told.look({kDisk}, 3600);
    REQUIRE(told.subjects == std::vector<std::string>{"[BUCKY] begun: disk"});
    CHECK(told.alerts->troubles().empty());
}

TEST_CASE("a trouble that is over before anybody could be told leaves no trouble behind",
          "[tools][alert]") {
    Told told;
    told.is_away = true;
    told.look({kPacs});
    told.look({kPacs}, 61);
    told.look({}, 3600);
    told.look({}, 3600);
    CHECK(told.alerts->troubles().empty());
    CHECK(told.subjects.empty());
}

TEST_CASE("an alert is told of what it is about, and never that itself cannot be told",
          "[tools][alert]") {
    Told told{{"disk", "alert"}, 0};
    const Trouble own{Concern::alert, "team", "alert team could not be told"};
    const Trouble other{Concern::alert, "night", "alert night could not be told"};
    told.look({kPacs, kDisk, own, other});
    REQUIRE(told.subjects == std::vector<std::string>{"[BUCKY] 2 begun"});
    CHECK_THAT(told.text, Catch::Contains("alert night") && !Catch::Contains("alert team"));
}

TEST_CASE("an alert that is removed from the config is forgotten, and another tells anew",
          "[tools][alert]") {
    Told told;
    told.look({kDisk});
    told.look({kDisk}, 61);
    told.settings.alerts[0].name = "other";
    told.look({kDisk}, 1);
    told.look({kDisk}, 1);
    CHECK(told.subjects.size() == 2);
    told.settings.alerts.clear();
    told.look({kDisk}, 1);
    CHECK(told.alerts->troubles().empty());
}
