// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <map>
#include <string>
#include <utility>

#include <catch2/catch.hpp>

#include "conf/file/read.h"
#include "tests/conf/file/folder.h"

using namespace bucky;
using namespace bucky::conf;
using namespace bucky::test;

namespace {

/// Variables of this process until the end of the test.
class Environment {
public:
    explicit Environment(std::map<std::string, std::string> variables)
        : variables_(std::move(variables)) {
        for (const auto& [name, value] : variables_) ::setenv(name.c_str(), value.c_str(), 1);
    }
    ~Environment() {
        for (const auto& [name, value] : variables_) ::unsetenv(name.c_str());
    }
    Environment(const Environment&) = delete;
    Environment& operator=(const Environment&) = delete;

private:
    std::map<std::string, std::string> variables_;
};

/// What the smallest config and these variables are told of.
std::string refused(std::map<std::string, std::string> variables) {
    const Folder folder;
    std::ofstream(folder.file()) << kSmallest;
    const Environment environment{std::move(variables)};
    try {
        read_settings(folder.file());
    } catch (const ConfigError& error) {  // the result of this function
        return error.what();
    }
    return "nothing";
}

}  // namespace

TEST_CASE("a variable of the environment sets a key of every form, and wins over the file",
          "[conf]") {
    const Folder folder;
    std::ofstream(folder.file()) << kSmallest << "[scp]\nport = 104\n";
    const Environment environment{{{"BUCKY__SCP__PORT", "11113"},
                                   {"BUCKY__NODE__AE_TITLE", "123"},
                                   {"BUCKY__NODE__LANGUAGE", "ko"},
                                   {"BUCKY__NODE__DATA_DIR", "/data"},
                                   {"BUCKY__STUDY__QUIET_S", "5"},
                                   {"BUCKY__INFERENCE__MODELS", R"(["model", "./model/../model"])"},
                                   {"BUCKY__DESTINATION__1__HOST", "pacs"},
                                   {"BUCKY__DESTINATION__2__NAME", "second"},
                                   {"BUCKY__DESTINATION__2__AE_TITLE", "SECOND"},
                                   {"BUCKY__DESTINATION__2__HOST", "10.0.0.2"},
                                   {"BUCKY__DESTINATION__2__COMMITMENT", "true"}}};
    Lines lines;
    const auto settings = read_settings(folder.file(), &lines);
    CHECK(settings.scp.port == 11113);
    CHECK(settings.node.ae_title == AeTitle{"123"});
    CHECK(settings.node.language == Language::korean);
    CHECK(settings.node.data_dir == "/data");
    CHECK(settings.study.quiet_s == 5);
    CHECK(settings.inference.models == std::vector<fs::path>(2, folder.path() / "model"));
    REQUIRE(settings.destinations.size() == 2);
    CHECK(settings.destinations[0].host == "pacs");
    CHECK(settings.destinations[0].name == "pacs");
    CHECK(settings.destinations[1].commitment);
    const auto shown = to_toml(settings, &lines, "bucky.toml");
    CHECK_THAT(shown, Catch::Contains("port = 11113  # environment\n") &&
                          Catch::Contains("host = \"10.0.0.2\"  # environment\n") &&
                          Catch::Contains("name = \"pacs\"  # bucky.toml:5\n"));
}

TEST_CASE("a variable that is wrong is named, with what is allowed", "[conf]") {
    using Catch::Contains;
    CHECK_THAT(refused({{"BUCKY__SCP__PORT", "70000"}}),
               Contains("environment: scp.port: 70000 is not allowed"));
    CHECK_THAT(refused({{"BUCKY__SCP__PORTS", "104"}}),
               Contains("environment: BUCKY__SCP__PORTS: unknown key; did you mean port?"));
    CHECK_THAT(refused({{"BUCKY__DESTINATON__1__HOST", "pacs"}}),
               Contains("unknown section; did you mean destination?"));
    CHECK_THAT(refused({{"BUCKY__SCP__PORT", "a b"}}),
               Contains("BUCKY__SCP__PORT: is no value of TOML"));
    CHECK_THAT(refused({{"BUCKY__SCP__PORT", "104\nartim_s = 7"}}),
               Contains("BUCKY__SCP__PORT: is no value of TOML"));
    CHECK_THAT(refused({{"BUCKY__DESTINATION__HOST", "pacs"}}),
               Contains("needs a number: BUCKY__DESTINATION__1__HOST is the first"));
    CHECK_THAT(refused({{"BUCKY__SCP__1__PORT", "104"}}),
               Contains("has a number, but [scp] stands only once"));
    CHECK_THAT(refused({{"BUCKY__DESTINATION__3__HOST", "pacs"}}),
               Contains("there are 1 [[destination]], so the next number is 2"));
    CHECK_THAT(refused({{"BUCKY__DESTINATION__0__HOST", "pacs"}}), Contains("is no key"));
    CHECK_THAT(refused({{"BUCKY__SCP", "104"}}), Contains("BUCKY__SCP: is no key"));
    CHECK_THAT(refused({{"BUCKY__DESTINATION__2__NAME", "second"}}),
               Contains("environment: destination.ae_title: is needed"));
    CHECK(refused({{"BUCKY_CONFIG", "/etc/bucky/bucky.toml"}}) == "nothing");
}

TEST_CASE("a section that the file has in another form is reported, not overwritten", "[conf]") {
    const Folder folder;
    std::ofstream(folder.file()) << kSmallest << "[[scp]]\nport = 104\n";
    const Environment environment{{{"BUCKY__SCP__PORT", "104"}}};
    CHECK_THROWS_WITH(read_settings(folder.file()), Catch::Contains("must be a section: [scp]"));
}
