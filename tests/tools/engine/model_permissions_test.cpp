// SPDX-License-Identifier: Apache-2.0
// Who could change a model. The service of these tests is a user that owns nothing else, so that
// the tests give the same result for root, a developer and a build machine.
#include "tools/bucky/engine/model_permissions.h"

#include <filesystem>
#include <fstream>

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "conf/base/error.h"
#include "tests/support/temp_dir.h"
#include "tests/tools/node_harness.h"
#include "tools/bucky/engine/model_pool.h"

using namespace bucky;
using bucky::test::TempDir;
namespace fs = std::filesystem;

namespace {

constexpr uid_t kService = 64999;

/// A package with the permissions that dpkg sets.
struct Installed {
    TempDir dir;
    fs::path folder = dir / "cxr";
    fs::path weights = folder / "weights.ts";

    Installed() {
        fs::create_directory(folder);
        ::chmod(folder.c_str(), 0755);
        for (const auto* name : {"model.toml", "weights.ts"}) {
            std::ofstream{folder / name} << "x";
            ::chmod((folder / name).c_str(), 0644);
        }
    }
    std::string writers(uid_t service = kService) const {
        return who_may_write(folder, service).value_or("nobody");
    }
};

}  // namespace

TEST_CASE("a package that only its installer can write is taken", "[tools][containment]") {
    const Installed installed;
    CHECK(installed.writers() == "nobody");
    CHECK(installed.writers(0) == "nobody");
    fs::create_symlink(installed.folder, installed.dir / "by-another-name");
    CHECK_FALSE(who_may_write(installed.dir / "by-another-name", kService));
}

TEST_CASE("a package that everyone or a group can write is not, whichever part it is",
          "[tools][containment]") {
    const Installed installed;
    const auto part = GENERATE(as<std::string>{}, ".", "weights.ts", "model.toml", "..");
    const auto path = (installed.folder / part).lexically_normal();
    INFO(path);
    ::chmod(path.c_str(), 0757);
    CHECK_THAT(installed.writers(), Catch::Contains("may be written by everyone: chmod o-w "));
    CHECK_THAT(installed.writers(0), Catch::Contains("may be written by everyone"));
    ::chmod(path.c_str(), 01757);  // sticky, as /tmp: only the owner can rename a file
    if (part == "..") CHECK(installed.writers() == "nobody");

    ::chmod(path.c_str(), 0775);
    struct stat found {};
    REQUIRE(::stat(path.c_str(), &found) == 0);
    if (::geteuid() == 0) REQUIRE(::chown(path.c_str(), found.st_uid, kService) == 0);
    if (::geteuid() == 0 || found.st_gid != 0) {
        CHECK_THAT(installed.writers(), Catch::Contains("may be written by its group: chmod g-w "));
    }
}

TEST_CASE("a package that belongs to the service's user is not taken", "[tools][containment]") {
    const Installed installed;
    struct stat found {};
    REQUIRE(::stat(installed.weights.c_str(), &found) == 0);
    if (::geteuid() == 0) {
        REQUIRE(::chown(installed.weights.c_str(), kService, 0) == 0);
        CHECK(installed.writers() == fs::canonical(installed.weights).string() +
                                         " belongs to the user that runs Bucky: chown root " +
                                         fs::canonical(installed.weights).string());
    } else {
        CHECK_THAT(installed.writers(found.st_uid), Catch::Contains("belongs to the user that"));
    }
}

TEST_CASE("the node does not run models that others could write, unless it is for development",
          "[tools][containment]") {
    const TempDir dir;
    auto settings = test::NodeHarness{}.settings;
    const fs::path original = settings.inference.models.front();
    fs::copy(original, dir / "cxr", fs::copy_options::recursive);
    ::chmod((dir / "cxr").c_str(), 0777);
    settings.inference.models = {dir / "cxr"};
    settings.inference.gate_model = original.parent_path() / "cxr-gate";
    settings.inference.models_writable_ok = false;
    CHECK_THROWS_WITH(load_shelf(settings), Catch::Contains("may be written by everyone") &&
                                                Catch::Contains("models_writable_ok"));
    settings.inference.models_writable_ok = true;
    CHECK_NOTHROW(load_shelf(settings));
}
