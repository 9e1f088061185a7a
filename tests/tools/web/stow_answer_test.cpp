// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/web/stow_answer.h"

#include <string>

#include <catch2/catch.hpp>

using namespace bucky;

namespace {

constexpr auto kOurs = "1.2.3.4";

std::string failed(const std::string& instance, int reason) {
    return R"({"00081198":{"vr":"SQ","Value":[{"00081150":{"vr":"UI","Value":["1.2"]},)"
           R"("00081155":{"vr":"UI","Value":[")" +
           instance + R"("]},"00081197":{"vr":"US","Value":[)" + std::to_string(reason) + "]}}]}}";
}

std::string kept(const std::string& instance, const std::string& more = "") {
    return R"({"00081199":{"vr":"SQ","Value":[{"00081155":{"vr":"UI","Value":[")" + instance +
           R"("]})" + more + "}]}}";
}

SendVerdict verdict(long status, const std::string& body) {
    return stow_outcome(status, body, kOurs).verdict;
}

}  // namespace

TEST_CASE("the reason that STOW-RS gives for an instance is read as a status of C-STORE",
          "[tools][web]") {
    CHECK(verdict(409, failed(kOurs, 0xA700)) == SendVerdict::try_later);
    CHECK(verdict(409, failed(kOurs, 0x0110)) == SendVerdict::try_later);
    CHECK(verdict(409, failed(kOurs, 0xA900)) == SendVerdict::refused);
    CHECK(verdict(409, failed(kOurs, 0xC122)) == SendVerdict::refused);
    CHECK(verdict(409, failed(kOurs, 0x0122)) == SendVerdict::class_not_accepted);
    const auto there = stow_outcome(409, failed(kOurs, 0x0111), kOurs);
    CHECK(there.verdict == SendVerdict::already_there);
    CHECK(there.status == "0111");
}

TEST_CASE("an instance that STOW-RS has kept is delivered, a warning is told", "[tools][web]") {
    CHECK(stow_outcome(200, kept(kOurs), kOurs).words.empty());
    CHECK(verdict(200, kept(kOurs)) == SendVerdict::delivered);
    const auto coerced =
        stow_outcome(202, kept(kOurs, R"(,"00081196":{"vr":"US","Value":[45056]})"), kOurs);
    CHECK(coerced.verdict == SendVerdict::delivered);
    CHECK_THAT(coerced.words, Catch::Contains("B000"));
}

TEST_CASE("what an answer says of another instance is not said of ours", "[tools][web]") {
    CHECK(verdict(202, failed("9.9.9", 0xA900)) == SendVerdict::try_later);
    CHECK(verdict(202, kept("9.9.9")) == SendVerdict::try_later);
    for (const std::string body : {R"({"00081198":{"vr":"SQ"},"00081199":{"vr":"SQ"}})",
                                   R"({"00081198":5})", R"({"00081198":{"Value":[7]}})"}) {
        INFO(body);  // 200 of Orthanc, which has skipped the part
        CHECK(verdict(200, body) == SendVerdict::try_later);
    }
}

TEST_CASE("without an answer that can be read the HTTP status decides", "[tools][web]") {
    for (const std::string body : {"", "<html>", "[]", "{}"}) {
        INFO(body);
        CHECK(verdict(200, body) == SendVerdict::delivered);
        CHECK(verdict(202, body) == SendVerdict::try_later);
        CHECK(verdict(400, body) == SendVerdict::refused);
        CHECK(verdict(409, body) == SendVerdict::refused);
        CHECK(verdict(415, body) == SendVerdict::refused);
        CHECK(verdict(500, body) == SendVerdict::try_later);
    }
    CHECK(is_of_service(401));
    CHECK(is_of_service(503));
    CHECK_FALSE(is_of_service(409));
}
