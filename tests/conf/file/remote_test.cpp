// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "tests/conf/file/folder.h"

using namespace bucky;
using namespace bucky::test;

TEST_CASE("device = \"remote\" needs a service, whose keys count only together", "[conf][remote]") {
    const Folder folder;
    const auto words = [&](const std::string& more) {
        std::string all;
        for (const auto& problem : problems_of(folder, std::string{kSmallest} + more)) {
            all += fmt::format("{}: {}\n", problem.key, problem.words);
        }
        return all;
    };
    CHECK(words("[remote]\nurl = \"https://ai.example:8443/site\"\n").empty());
    CHECK(words("[remote]\nurl = \"http://127.0.0.1:8000\"\n").empty());
    for (const char* url : {"ai.example", "ftp://ai.example", "https://", "https://a b",
                            "https://user:word@ai.example", "https://ai.example:0"}) {
        INFO(url);
        CHECK_THAT(words(fmt::format("[remote]\nurl = \"{}\"\n", url)),
                   Catch::Contains("remote.url"));
    }
    CHECK_THAT(words("[[model]]\nfolder = \"model\"\ndevice = \"remote\"\n"),
               Catch::Contains("\"remote\" needs a remote.url"));
    const auto alone = words(
        "[remote]\nurl = \"http://ai.example\"\nca = \"model/model.toml\"\n"
        "proxy_user = \"me\"\nkey = \"model/model.toml\"\naddress = \"eth0\"\n");
    for (const char* key : {"remote.ca", "remote.proxy_user", "remote.key", "remote.address"}) {
        CHECK_THAT(alone, Catch::Contains(key));
    }
}
