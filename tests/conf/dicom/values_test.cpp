// SPDX-License-Identifier: Apache-2.0
#include "conf/dicom/values.h"

#include <catch2/catch.hpp>

using namespace bucky;

TEST_CASE("a date is written in its one form where it tells day, month and year", "[conf]") {
    CHECK(date_value("19500101") == "19500101");
    for (const auto* said : {"1950/01/01", "1950.01.01", "1950-01-01", "1950-1-1", " 1950/1/1 ",
                             "195001011230", "19500101123000"}) {
        CAPTURE(said);
        CHECK(date_value(said) == "19500101");
    }
    CHECK(date_value("20240229") == "20240229");
    for (const auto* said : {"00000000", "19500231", "20230229", "19501301", "1950", "195001",
                             "01/02/1950", "01.01.1950", "1950/01-01", "1950//01", "unknown", "",
                             "99999999", "1950-01-01T00:00", "19500101-19500201", "0000-00-00"}) {
        CAPTURE(said);
        CHECK(date_value(said).empty());
    }
}

TEST_CASE("an age and a sex are written in their one form, or not at all", "[conf]") {
    CHECK(age_value("045Y") == "045Y");
    CHECK(age_value("45Y") == "045Y");
    CHECK(age_value("45y") == "045Y");
    CHECK(age_value("3M") == "003M");
    CHECK(age_value("000D") == "000D");
    for (const auto* said : {"45", "Y045", "", "045", "0450Y", "45 Y", "-45Y", "4.5Y", "045J"}) {
        CAPTURE(said);
        CHECK(age_value(said).empty());
    }
    CHECK(sex_value("M") == "M");
    CHECK(sex_value("m") == "M");
    CHECK(sex_value("female") == "F");
    CHECK(sex_value(" o ") == "O");
    for (const auto* said : {"U", "", "W", "D", "N", "1", "MF", "M\\F", "남"}) {
        CAPTURE(said);
        CHECK(sex_value(said).empty());
    }
}

TEST_CASE("an age in years changes on the birthday, by the calendar", "[conf]") {
    CHECK(years_between("20200115", "20270114").value() < 7);
    CHECK(years_between("20200115", "20270114").value() > 6.9);
    CHECK(years_between("20200115", "20270115").value() == 7.0);
    CHECK(years_between("20200229", "20260228").value() < 6);
    CHECK(years_between("20200229", "20260301").value() == Approx(6).margin(0.001));
    CHECK(years_between("1950/01/01", "20260102").value() == Approx(76).margin(0.01));
    CHECK(years_between("20270101", "20260101").value() == Approx(-1).margin(0.01));
    CHECK_FALSE(years_between("00000000", "20260101").has_value());
    CHECK_FALSE(years_between("19500101", "").has_value());
    CHECK(years_of_age("006Y")->from == 6.0);
    CHECK(years_of_age("006Y")->below == 7.0);
    CHECK(years_of_age("018M")->from == Approx(1.5));
    CHECK(years_of_age("010W")->from == Approx(70 / 365.2425));
    CHECK_FALSE(years_of_age("Y045").has_value());
}
