// SPDX-License-Identifier: Apache-2.0
#include "conf/tenants.h"

#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>

#include "conf/file/read.h"
#include "tests/support/temp_dir.h"

using namespace bucky;
using namespace bucky::conf;

namespace {

using Names = std::vector<std::string>;

Settings with_destinations(const Names& names) {
    Settings settings;
    for (const auto& name : names) settings.destinations.emplace_back().name = name;
    return settings;
}

TenantSettings& add_tenant(Settings& settings, const char* ae_title, Names destinations = {}) {
    auto& tenant = settings.tenants.emplace_back();
    tenant.ae_title = AeTitle{ae_title};
    tenant.destinations = std::move(destinations);
    return tenant;
}

Names names_of(const Settings& settings, std::string_view owner) {
    Names names;
    for (const auto* one : destinations_of(settings, owner)) names.push_back(one->name);
    return names;
}

}  // namespace

TEST_CASE("without tenants every destination gets everything", "[conf][tenants]") {
    const auto settings = with_destinations({"a", "b"});
    CHECK(names_of(settings, "") == Names{"a", "b"});
    CHECK(is_ours(settings, "BUCKY"));
    CHECK_FALSE(is_ours(settings, "NORTH"));
}

TEST_CASE("a destination belongs only to the tenants that name it", "[conf][tenants]") {
    auto settings = with_destinations({"north", "south", "both", "house"});
    add_tenant(settings, "NORTH", {"north", "both"});
    add_tenant(settings, "SOUTH", {"both", "south"});
    add_tenant(settings, "WARD");
    CHECK(names_of(settings, "NORTH") == Names{"north", "both"});
    CHECK(names_of(settings, "SOUTH") == Names{"south", "both"});
    CHECK(names_of(settings, "WARD") == Names{"house"});
    CHECK(names_of(settings, "") == Names{"house"});
    CHECK(is_ours(settings, "NORTH"));
    CHECK(is_ours(settings, "BUCKY"));
    CHECK_FALSE(is_ours(settings, "EAST"));
}

TEST_CASE("the images of a removed tenant are sent to no destination", "[conf][tenants]") {
    auto settings = with_destinations({"north", "house"});
    add_tenant(settings, "NORTH", {"north"});
    CHECK(names_of(settings, "SOUTH").empty());
}

TEST_CASE("the first tenant may not take the only destination from everybody else unawares",
          "[conf][tenants]") {
    const bucky::test::TempDir dir;
    std::filesystem::create_directories(dir / "model");
    std::ofstream(dir / "model" / "model.toml") << "name = \"m\"\n";
    const std::string destination =
        "[[destination]]\nname = \"pacs\"\nae_title = \"PACS\"\nhost = \"127.0.0.1\"\n";
    const std::string tenant = "[[tenant]]\nae_title = \"NORTH\"\ndestinations = [\"pacs\"]\n";
    const std::string models = "[inference]\nmodels = [\"model\"]\n";
    const auto complaint = [&](const std::string& text) -> std::string {
        try {
            (void)read_settings_text(models + text, dir / "bucky.toml");
        } catch (const ConfigError& error) {
            return error.what();
        }
        return "";
    };
    CHECK_THAT(complaint(destination + tenant),
               Catch::Contains("bucky.toml:9: tenant.destinations: ") &&
                   Catch::Contains("images that call BUCKY would go nowhere") &&
                   Catch::Contains("node.no_destination_ok"));
    CHECK(complaint("[node]\nno_destination_ok = true\n" + destination + tenant).empty());
    CHECK(complaint(destination + tenant +
                    "[[destination]]\nname = \"house\"\nae_title = \"H\"\nhost = \"h\"\n")
              .empty());
    // Nobody's images do not come where the node's own title is a tenant's...
    const std::string own = "[[tenant]]\nae_title = \"BUCKY\"\ndestinations = [\"pacs\"]\n";
    CHECK(complaint(destination + tenant + own).empty());
    // ...but by any title where none is checked.
    CHECK_THAT(complaint("[scp]\ncheck_called_ae = false\n" + destination + tenant + own),
               Catch::Contains("would go nowhere"));
}

TEST_CASE("all problems of tenants are reported at once, each with its line", "[conf][tenants]") {
    const bucky::test::TempDir dir;
    std::filesystem::create_directories(dir / "model");
    std::filesystem::create_directories(dir / "other");
    std::ofstream(dir / "model" / "model.toml") << "name = \"m\"\n";
    std::ofstream(dir / "other" / "model.toml") << "name = \"o\"\n";
    const std::string text = R"([inference]
models = ["model"]
[[destination]]
name = "pacs"
ae_title = "PACS"
host = "127.0.0.1"
[[tenant]]
ae_title = "NORTH"
models = ["other", "model", "model"]
destinations = ["pacs", "nowhere"]
[[tenant]]
ae_title = "NORTH"
language = "de"
callers = ["A TITLE THAT IS TOO LONG"]
[[threshold]]
tenant = "EAST"
model = "m"
version = "1"
sha256 = "0000000000000000000000000000000000000000000000000000000000000000"
finding = "nodule"
value = 0.5
)";
    try {
        (void)read_settings_text(text, dir / "bucky.toml");
        FAIL("no problem was reported");
    } catch (const ConfigError& error) {  // the check of this test
        const std::string all = error.what();
        for (const auto* words :
             {R"(bucky.toml:9: tenant.models: ")", "is not one of inference.models",
              "stands there twice",
              R"(:10: tenant.destinations: there is no destination "nowhere")",
              R"(:12: tenant.ae_title: "NORTH" names two tenants)", ":13: tenant.language: \"de\"",
              ":14: tenant.callers: ",
              ":11: tenant.destinations: is empty, and each destination is another tenant's",
              R"(:16: threshold.tenant: there is no tenant "EAST")"}) {
            INFO(words);
            CHECK_THAT(all, Catch::Contains(words));
        }
        CHECK(error.problems().size() == 9);
    }
}
