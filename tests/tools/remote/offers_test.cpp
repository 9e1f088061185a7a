// SPDX-License-Identifier: Apache-2.0
// Newer versions of a package: which is newer, how one travels from a model server to a site, and
// what a site does not take.
#include "tools/bucky/remote/offers.h"

#include <catch2/catch.hpp>

#include "conf/base/error.h"
#include "inference/package/without_weights.h"
#include "tests/support/places.h"
#include "tests/tools/service/served.h"
#include "tools/bucky/engine/model_purposes.h"
#include "tools/bucky/engine/taken_packages.h"
#include "tools/bucky/remote/remote_model.h"
#include "tools/bucky/shared/files.h"

using namespace bucky;
using namespace bucky::test;
namespace fs = std::filesystem;

namespace {

/// The phantom package in another version, with its weights or without.
void write_version(const fs::path& folder, const std::string& version, bool with_weights,
                   const std::string& purpose = "demonstration") {
    fs::create_directories(folder);
    for (const auto& [name, bytes] :
         inference::files_without_weights(inference::read_package(phantom_model()))) {
        write_file(folder / name, std::string_view{bytes});
    }
    auto manifest = read_text(folder / "model.toml");
    const auto change = [&](const std::string& key, const std::string& value) {
        const auto at = manifest.find("\n" + key + " = ") + 1;
        const auto quote = manifest[at + key.size() + 3];
        manifest.replace(at, manifest.find('\n', at) - at, key + " = " + quote + value + quote);
    };
    change("version", version);
    change("purpose", purpose);
    write_file(folder / "model.toml", std::string_view{manifest});
    if (with_weights) fs::copy_file(phantom_model() / "weights.ts", folder / "weights.ts");
}

std::shared_ptr<const inference::Shelf> shelf_of(const std::vector<fs::path>& folders) {
    return std::make_shared<inference::Shelf>(folders, inference::ModelOptions{"cpu", 1});
}

/// A model server with these packages.
struct Server {
    explicit Server(const std::vector<fs::path>& folders) : models(shelf_of(folders)) {
        service.emplace(plain_service(), models, quick_refusals());
        worker = std::jthread{[this](const std::stop_token& stop) { service->work(stop); }};
        service->open();
        settings.url = "http://127.0.0.1:" + std::to_string(service->port());
    }
    ~Server() {
        service->close();
        worker.request_stop();
        worker.join();
        service->shut(std::chrono::seconds{5});
    }

    ModelPool models;
    std::optional<Service> service;
    std::jthread worker;
    conf::RemoteSettings settings;
};

}  // namespace

TEST_CASE("versions are compared by their numbers", "[tools][remote]") {
    for (const auto& [newer, older] :
         {std::pair{"1.10.0", "1.9.0"}, std::pair{"2", "1.9"}, std::pair{"1.0.1", "1.0"},
          std::pair{"1.0", "1.0-rc1"}, std::pair{"1.0-rc2", "1.0-rc1"}, std::pair{"b", "a"}}) {
        INFO(newer << " and " << older);
        CHECK(is_newer(newer, older));
        CHECK_FALSE(is_newer(older, newer));
        CHECK_FALSE(is_newer(newer, newer));
    }
    CHECK_FALSE(is_newer("", ""));
    CHECK_FALSE(is_newer("..", "-+"));
}

TEST_CASE("a site takes the newest version that a service announces, proven and without weights",
          "[tools][remote]") {
    const TempDir dir;
    write_version(dir / "site", "1.0.0", false);
    write_version(dir / "old", "1.0.0", true);
    write_version(dir / "new", "1.10.0", true);
    const Server server{{dir / "old", dir / "new"}};
    const auto ours = inference::read_package(dir / "site");
    CHECK_NOTHROW(RemoteModel(ours, server.settings));  // both versions are served
    REQUIRE(newer_version(ours, server.settings) == "1.10.0");

    conf::Settings site;
    site.node.data_dir = dir / "data";
    site.inference.models = {dir / "site"};
    site.inference.gate = GateMode::off;
    site.remote = server.settings;
    take_package(ours, "1.10.0", site.remote, taken_packages(site));
    const auto taken = dir / "data" / "packages" / ours.identity.name / "1.10.0";
    const auto package = inference::read_package(taken);
    CHECK(package.weights.empty());
    CHECK(package.findings.size() == ours.findings.size());
    CHECK(package.identity.sha256 == ours.identity.sha256);
    CHECK_FALSE(newer_version(package, server.settings));

    CHECK(with_taken_packages(site).inference.models.front() == dir / "site");  // pinned
    site.remote.versions = PackageVersions::automatic;
    CHECK(with_taken_packages(site).inference.models.front() == taken);
    CHECK_NOTHROW(load_shelf(with_taken_packages(site)));
    CHECK_THAT(purposes_of(with_taken_packages(site)).notes.at(0),
               Catch::Contains("(" + ours.identity.name + ": demonstration"));
    auto by_hash = site;
    conf::ModelSettings pinned;
    pinned.folder = dir / "site";
    pinned.sha256 = ours.identity.sha256;
    by_hash.models.push_back(pinned);
    CHECK(with_taken_packages(by_hash).inference.models.front() == dir / "site");

    fs::copy_file(phantom_model() / "weights.ts", taken / "weights.ts");  // a program, now
    CHECK(with_taken_packages(site).inference.models.front() == dir / "site");
    write_file(taken / "model.toml", std::string_view{"[model"});
    CHECK(with_taken_packages(site).inference.models.front() == dir / "site");
}

TEST_CASE("a version with another purpose, or that fails its golden inputs, is not taken",
          "[tools][remote]") {
    const TempDir dir;
    write_version(dir / "site", "1.0.0", false, "research");
    write_version(dir / "new", "2.0.0", true);
    const auto packages = dir / "packages";
    const auto ours = inference::read_package(dir / "site");
    SECTION("another purpose") {
        const Server server{{dir / "new"}};
        CHECK_THROWS_WITH(take_package(ours, "2.0.0", server.settings, packages),
                          Catch::Contains("a person decides"));
    }
    SECTION("golden inputs that fail") {
        write_version(dir / "site", "1.0.0", false);
        const auto golden = inference::read_package(dir / "new").golden.front().output;
        auto bytes = read_text(golden);
        bytes.replace(0, 4, {'\0', '\0', '\0', '\x40'});  // 2.0F, no score
        write_file(golden, std::string_view{bytes});
        const Server server{{dir / "new"}};
        CHECK_THROWS_WITH(
            take_package(inference::read_package(dir / "site"), "2.0.0", server.settings, packages),
            Catch::Contains("is not proven"));
    }
    CHECK_FALSE(fs::exists(packages / ours.identity.name / "2.0.0"));
}

TEST_CASE("a package that names files elsewhere, or more bytes than came, is refused",
          "[tools][remote]") {
    const TempDir dir;
    for (const char* answer : {"", "{}", "{\"files\": 7}\n",
                               R"({"files": [{"name": "../x", "bytes": 0}]})"
                               "\n",
                               R"({"files": [{"name": "/etc/x", "bytes": 0}]})"
                               "\n",
                               R"({"files": [{"name": ".x", "bytes": 0}]})"
                               "\n",
                               R"({"files": [{"name": "model.toml", "bytes": 4}]})"
                               "\nabc"}) {
        INFO(answer);
        CHECK_THROWS_AS(unpack_package(answer, dir.path()), Error);
    }
    CHECK(fs::is_empty(dir.path()));
}
