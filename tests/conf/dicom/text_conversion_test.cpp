// SPDX-License-Identifier: Apache-2.0
#include "conf/dicom/text_conversion.h"

#include <catch2/catch.hpp>

#include "conf/dicom/text.h"

using namespace bucky;

TEST_CASE("KS X 1001 is written as in the standard's example", "[dicom_sr]") {
    // PS3.5 I.2
    CHECK(in_korean_set("Hong^Gildong=洪^吉洞=홍^길동", "\\^=") ==
          "Hong^Gildong=\x1B$)C\xFB\xF3^\x1B$)C\xD1\xCE\xD4\xD7="
          "\x1B$)C\xC8\xAB^\x1B$)C\xB1\xE6\xB5\xBF");
    CHECK(in_korean_set("Chest PA", "\\") == "Chest PA");
    CHECK(in_korean_set("", "\\") == "");
}

TEST_CASE("the designation is repeated in each value and on each line", "[dicom_sr]") {
    const std::string ga = "\xB0\xA1";  // 가
    const std::string escape = "\x1B$)C";
    CHECK(in_korean_set("가a가", "\\") == escape + ga + "a" + ga);
    CHECK(in_korean_set("가\\가", "\\") == escape + ga + "\\" + escape + ga);
    CHECK(in_korean_set("가\\가", "") == escape + ga + "\\" + ga);
    CHECK(in_korean_set("가\r\n가", "") == escape + ga + "\r\n" + escape + ga);
}

TEST_CASE("what KS X 1001 has not is refused, never replaced", "[dicom_sr]") {
    for (const char* text : {"똠방각하", "Müller", "Ж한글 łódź", "😀", "\xC8\xAB"}) {
        INFO(escaped(text));
        CHECK_FALSE(in_korean_set(text, "\\"));
    }
}

TEST_CASE("what is written is read back as it was", "[dicom_sr]") {
    for (const char* text :
         {"흉부 X선: 기흉 의심, 우측 상부", "한글 漢字 Ж ㄱ ①", "AI 판독 보조 결과"}) {
        const auto written = in_korean_set(text, "\\");
        REQUIRE(written);
        CHECK(to_utf8(*written, "\\ISO 2022 IR 149", false) == text);
    }
}
