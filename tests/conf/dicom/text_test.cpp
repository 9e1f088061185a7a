// SPDX-License-Identifier: Apache-2.0
#include "conf/dicom/text.h"

#include <catch2/catch.hpp>

using namespace bucky;

namespace {

// PS3.5 Annex I: Hong^Gildong in KS X 1001, and the same without the escape sequences.
const std::string kKorean =
    "Hong^Gildong=\x1B$)C\xFB\xF3^\x1B$)C\xD1\xCE\xD4\xD7=\x1B$)C\xC8\xAB^\x1B$)C\xB1\xE6\xB5\xBF";
const std::string kBareKorean = "\xC8\xAB^\xB1\xE6\xB5\xBF";
// PS3.5 Annex H: Yamada^Tarou in JIS X 0208.
const std::string kJapanese =
    "Yamada^Tarou=\x1B$B;3ED\x1B(B^\x1B$BB@O:\x1B(B=\x1B$B$d$^$@\x1B(B^\x1B$B$?$m$&\x1B(B";

}  // namespace

TEST_CASE("a Korean name is read as in the standard and as devices write it", "[dicom_sr]") {
    const std::string expected = "Hong^Gildong=洪^吉洞=홍^길동";
    CHECK(to_utf8(kKorean, "\\ISO 2022 IR 149", true) == expected);
    CHECK(to_utf8(kKorean, "ISO 2022 IR 149", true) == expected);  // without the empty first value
    CHECK(to_utf8(kKorean, "ISO_IR 149", true) == expected);       // not a defined term
    CHECK(to_utf8(kKorean, "", true) == expected);
    CHECK(to_utf8(kBareKorean, "ISO_IR 149", true) == "홍^길동");
    CHECK(to_utf8(kBareKorean, "ISO 2022 IR 149", true) == "홍^길동");
    CHECK(to_utf8(kBareKorean, "", true) == "홍^길동");
    CHECK(to_utf8("\x8C\x63\xB9\xE6\xB0\xA2\xC7\xCF", "", true) == "똠방각하");  // CP949 only
}

TEST_CASE("a Japanese name is read with and without a correct declaration", "[dicom_sr]") {
    const std::string expected = "Yamada^Tarou=山田^太郎=やまだ^たろう";
    CHECK(to_utf8(kJapanese, "\\ISO 2022 IR 87", true) == expected);
    CHECK(to_utf8(kJapanese, "ISO 2022 IR 87", true) == expected);
    CHECK(to_utf8(kJapanese, "", true) == expected);
    CHECK(to_utf8("\xD4\xCF\xC0\xDE^\xC0\xDB\xB3", "ISO_IR 13", true) == "ﾔﾏﾀﾞ^ﾀﾛｳ");
}

TEST_CASE("other character sets arrive as UTF-8", "[dicom_sr]") {
    CHECK(to_utf8("Buc^J\xE9r\xF4me", "ISO_IR 100", true) == "Buc^Jérôme");
    CHECK(to_utf8("\xBB\xEE\xDA\xD5\xDC\xD1yp", "ISO_IR 144", true).find("Люк") == 0);
    CHECK(to_utf8("\xCD\xF5^\xD0\xA1\xB6\xAB", "GB18030", true) == "王^小东");
    CHECK(to_utf8("홍^길동", "ISO_IR 192", true) == "홍^길동");
}

TEST_CASE("UTF-8 that is not declared, or declared as Latin 1, is read as UTF-8", "[dicom_sr]") {
    CHECK(to_utf8("홍^길동", "", true) == "홍^길동");
    CHECK(to_utf8("홍^길동", "ISO_IR 100", true) == "홍^길동");
    CHECK(to_utf8(kBareKorean, "ISO_IR 192", true) == "홍^길동");  // declared as UTF-8, but is not
}

TEST_CASE("bytes that cannot be decoded become question marks, and the text stays one line",
          "[dicom_sr]") {
    CHECK(to_utf8("A\xFF\xFE\x80"
                  "B",
                  "ISO_IR 192", false)
              .find('A') == 0);
    CHECK(to_utf8("Chest\r\nPA\t ", "", false) == "ChestPA");
    CHECK(to_utf8(std::string("Doe^John\0", 9), "", true) == "Doe^John");
    CHECK(cleaned("ok\xC3") == "ok?");
    CHECK(cleaned("\xE2\x82\xAC \xED\xA0\x80") == "€ ?");  // a surrogate is not a character
    CHECK(cleaned("\x1B[31m") == "[31m");
    CHECK(decoded("Kim^\xB1", "ISO 2022 IR 149", true).reading == Reading::lost);
    CHECK(to_utf8("x", "NO SUCH SET", false) == "x");
    CHECK(to_utf8("\xB1", "NO SUCH SET", false) == "?");
}

TEST_CASE("text is cut between characters, never inside one", "[dicom_sr]") {
    CHECK(shortened("홍길동", 2) == "홍길");
    CHECK(shortened("abc", 5) == "abc");
    CHECK(abridged("abcdef", 6) == "abcdef");
    CHECK(abridged("abcdefg", 6) == "abc...");
    CHECK(abridged("홍길동", 8) == "홍...");
    CHECK(abridged("abcdef", 2) == "..");
    for (std::size_t bytes = 0; bytes < 12; ++bytes) {
        const std::string text = abridged("가나다라", bytes);
        CHECK(text.size() <= bytes);
        CHECK(cleaned(text) == text);
    }
}

TEST_CASE("the Korean and Japanese deviations that DCMTK does not decode are read, and flagged",
          "[dicom_sr]") {
    struct Row {
        std::string bytes, declared, text;
    };
    const Row rows[] = {
        {kBareKorean, "\\ISO 2022 IR 149", "홍^길동"},
        {kBareKorean, "ISO 2022 IR 149", "홍^길동"},
        {kBareKorean, "ISO_IR 149", "홍^길동"},
        {kBareKorean, "", "홍^길동"},
        {kBareKorean, "ISO_IR 100", "홍^길동"},  // Latin 1 would give È«^±æµ¿
        {"\x8C\x63\xB9\xE6\xB0\xA2\xC7\xCF", "ISO_IR 149", "똠방각하"},        // only CP949 has it
        {"\xBB\xB3\xC5\xC4^\xC2\xC0\xCF\xBA", "ISO 2022 IR 87", "山田^太郎"},  // EUC-JP
        {"홍^길동", "ISO_IR 100", "홍^길동"},
        {"O\x92"
         "Brien^Zo\xEB",
         "ISO_IR 100", "O’Brien^Zoë"},  // Windows-1252
        {"J\xE9r\xF4me", "", "Jérôme"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.declared, row.text);
        const Decoded read = decoded(row.bytes, row.declared, true);
        CHECK(read.text == row.text);
        CHECK(read.reading == Reading::guessed);
    }
}

TEST_CASE("text that matches its declaration is not flagged", "[dicom_sr]") {
    CHECK(decoded(kKorean, "\\ISO 2022 IR 149", true).reading == Reading::declared);
    CHECK(decoded(kJapanese, "\\ISO 2022 IR 87", true).reading == Reading::declared);
    CHECK(decoded("\xD4\xCF\xC0\xDE^\xC0\xDB\xB3", "ISO_IR 13", true).reading == Reading::declared);
    CHECK(decoded("\xD4\xCF\xC0\xDE=\x1B$B;3ED\x1B(J", "ISO 2022 IR 13\\ISO 2022 IR 87", true)
              .reading == Reading::declared);
    CHECK(to_utf8("\x8E\x52\x93\x63", "ISO_IR 13", true) == "山田");  // Shift JIS
    CHECK(decoded("홍^길동", "ISO_IR 192", true).reading == Reading::declared);
    CHECK(decoded("Buc^J\xE9r\xF4me", "ISO_IR 100", true).reading == Reading::declared);
    CHECK(decoded("Doe^Jane", "", true).reading == Reading::declared);
    // Latin 1 with two adjacent capitals of the upper half: the bytes are valid Hangul, the text is
    // not.
    const Decoded finnish = decoded("J\xC4\xC4SKEL\xC4INEN", "ISO_IR 100", true);
    CHECK(finnish.text == "JÄÄSKELÄINEN");
    CHECK(finnish.reading == Reading::declared);
}

TEST_CASE("undeclared bytes that are not Korean are never read as Korean", "[dicom_sr]") {
    CHECK(decoded("\xBF\xD5\xE2\xE0", "", true).reading == Reading::lost);  // Петр, ISO 8859-5
    CHECK(decoded("\xCD\xF5\xD0\xA1\xB6\xAB", "", true).reading == Reading::lost);  // 王小东
    CHECK(decoded("\xBF\xD5\xE2\xE0", "", true).text == "????");
}

TEST_CASE("a set under another spelling is read as what it says", "[conf][text]") {
    struct Row {
        std::string bytes, declared, text;
    };
    // PS3.5 H.3.2: half-width katakana, then kanji and hiragana that return to JIS X 0201.
    const std::string katakana =
        "\xD4\xCF\xC0\xDE^\xC0\xDB\xB3=\x1B$B;3ED\x1B(J^\x1B$BB@O:\x1B(J="
        "\x1B$B$d$^$@\x1B(J^\x1B$B$?$m$&\x1B(J";
    const std::string german = "M\xFCller^J\xF6rg", russian = "\xBB\xEE\xDA^\xB8\xDA\xE0";
    const Row rows[] = {
        {german, "ISO_IR100", "Müller^Jörg"},
        {german, "ISO-IR 100", "Müller^Jörg"},
        {german, "ISO IR 100", "Müller^Jörg"},
        {german, "iso_ir 100", "Müller^Jörg"},
        {german, "ISO 2022 IR 100", "Müller^Jörg"},
        {german, "ISO_IR 100\\ISO 2022 IR 100", "Müller^Jörg"},
        {german, "ISO_IR 100\\ISO 2022 IR 144", "Müller^Jörg"},
        {german, "ISO-8859-1", "Müller^Jörg"},
        {german, "latin1", "Müller^Jörg"},
        {german, " ISO_IR  100 ", "Müller^Jörg"},
        {"\xA4^Zo\xEB", "ISO_IR 203", "€^Zoë"},
        {"\xA4^Zo\xEB", "iso-8859-15", "€^Zoë"},
        {"Ko\xB3odziej^\xA3ukasz", "ISO_IR101", "Kołodziej^Łukasz"},
        {"Ko\xB3odziej^\xA3ukasz", "ISO 8859-2", "Kołodziej^Łukasz"},
        {russian, "ISO_IR144", "Люк^Икр"},
        {russian, "ISO 2022 IR 144", "Люк^Икр"},
        {"\xCB\xFE\xEA", "windows-1251", "Люк"},
        {"\xCC\xE0\xF1\xDF\xE1", "ISO-IR 126", "Μΰρία"},
        {"\xF9\xF8\xE5\xEF", "iso_ir138", "שרון"},
        {"\xDD\xEF\xF6", "ISO_IR 148", "İïö"},
        {kKorean, "ISO 2022 IR 149", "Hong^Gildong=洪^吉洞=홍^길동"},
        {kKorean, "ISO_IR 149", "Hong^Gildong=洪^吉洞=홍^길동"},
        {kKorean, "iso2022ir149", "Hong^Gildong=洪^吉洞=홍^길동"},
        {kJapanese, "ISO 2022 IR 87", "Yamada^Tarou=山田^太郎=やまだ^たろう"},
        {kJapanese, "ISO_IR 6\\ISO-2022-IR-87", "Yamada^Tarou=山田^太郎=やまだ^たろう"},
        {katakana, "ISO_IR 13\\ISO 2022 IR 87", "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう"},
        {"\xD4\xCF\xC0\xDE^\xC0\xDB\xB3", "ISO-IR 13", "ﾔﾏﾀﾞ^ﾀﾛｳ"},
        {"홍^길동", "UTF-8", "홍^길동"},
        {"홍^길동", "utf8", "홍^길동"},
        {"홍^길동", "ISO_IR192", "홍^길동"},
        {"홍^길동", "ISO 2022 IR 192", "홍^길동"},
        {"홍^길동", "\\ISO_IR 192", "홍^길동"},
        {"홍^길동", "ISO_IR 100\\ISO_IR 192", "홍^길동"},
        {"Müller", "ISO_IR 100\\ISO_IR 192", "Müller"},
        {"\xCD\xF5^\xD0\xA1\xB6\xAB", "GBK", "王^小东"},
        {"\xCD\xF5^\xD0\xA1\xB6\xAB", "gb18030", "王^小东"},
        {"\xCD\xF5^\xD0\xA1\xB6\xAB", "GB2312", "王^小东"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.declared, row.text);
        const Decoded read = decoded(row.bytes, row.declared, true);
        CHECK(read.text == row.text);
        CHECK(read.reading == Reading::declared);
    }
}

TEST_CASE("bytes that are valid in one set only are read in that, and flagged", "[conf][text]") {
    struct Row {
        std::string bytes, declared, text;
    };
    const Row rows[] = {
        {"лайка", "ISO_IR 144", "лайка"},  // UTF-8 has no characters of 8859-5 there
        {"Ελένη^Ρ", "ISO_IR 126", "Ελένη^Ρ"},
        {"Müller", "ISO_IR 101", "Müller"},
        {"王^小东", "GB18030", "王^小东"},  // two Chinese letters a GBK reader makes of three
        {"山田^太郎", "ISO_IR 13", "山田^太郎"},
        {"홍^길동", "ISO 2022 IR 149", "홍^길동"},
        {"Müller", "ISO 2022 IR 149", "Müller"},  // not M체ller
        {"홍^길동", "NO SUCH SET", "홍^길동"},
        {"M\xFCller", "NO SUCH SET", "Müller"},
        {"M\xFCller", "\\ISO 2022 IR 100", "Müller"},  // without the escape that calls it
        {"\xBB\xEE\xDA", "ISO 2022 IR 6\\ISO 2022 IR 144", "Люк"},
        {"M\xFCller", "ISO_IR 192", "Müller"},
        {kBareKorean, "iso_ir100", "홍^길동"},
    };
    for (const Row& row : rows) {
        CAPTURE(row.declared, row.text);
        const Decoded read = decoded(row.bytes, row.declared, true);
        CHECK(read.text == row.text);
        CHECK(read.reading == Reading::guessed);
    }
}

TEST_CASE("text never becomes the letters of another script", "[conf][text]") {
    for (const auto& [bytes, declared] : std::vector<std::pair<std::string, std::string>>{
             {"\xBF\xD5\xE2\xE0", ""},
             {"\xBF\xD5\xE2\xE0", "ISO_IR 6"},
             {"\xBF\xD5\xE2\xE0", "ISO_IR 192"},
             {"\xCF\xE5\xF2\xF0", "UTF-8"},
             {"\xE1\xE2\xE3 \xE4", "NO SUCH SET"},
             {"Kim^\xB1", "ISO_IR 149"},
         }) {
        CAPTURE(declared);
        const Decoded read = decoded(bytes, declared, true);
        CHECK(read.reading == Reading::lost);
        CHECK(read.text.find_first_not_of("?Kim^ ") == std::string::npos);
    }
}
