// SPDX-License-Identifier: Apache-2.0
// remote.versions = "auto" in a running node: a newer version of its package comes to the service,
// and the node takes it by itself, or says why not.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <catch2/catch.hpp>

#include "tests/support/joined_site.h"
#include "tests/support/ledger.h"
#include "tests/support/places.h"
#include "tests/support/poll.h"

using namespace bucky;
using namespace bucky::test;
namespace fs = std::filesystem;

namespace {

std::string text_of(const fs::path& file) {
    std::ifstream in{file, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
}

void exchange(const fs::path& file, const std::string& from, const std::string& to) {
    auto text = text_of(file);
    REQUIRE(text.find(from) != std::string::npos);
    text.replace(text.find(from), from.size(), to);
    std::ofstream{file, std::ios::binary} << text;
}

/// The phantom model under a newer version, in a folder of its own.
fs::path write_newer(const fs::path& folder) {
    fs::copy(phantom_model(), folder);
    exchange(folder / "model.toml", "version = \"1.1.0\"", "version = \"1.2.0\"");
    return folder;
}

struct SiteAndService {
    SiteAndService() : site{service, "clinic", {}, "versions = \"auto\"\n"} {}

    /// The service has this package, too. The site asks at a reload, as it does each hour.
    void announce(const fs::path& package) {
        const auto own = "models = [\"" + phantom_model().string() + "\"";
        exchange(service.node().config_file(), own, own + ", \"" + package.string() + "\"");
        CHECK(service.node().bucky({"reload"}).status == 0);
        CHECK(site.node().bucky({"reload"}).status == 0);
    }

    /// The model that answered a new X-ray.
    std::string answered_by() {
        const auto sop = site.send(++sent).uids.sop_instance_uid;
        return field(site.node().verdict_line(sop), "model");
    }

    ServiceNode service;
    JoinedSite site;
    std::uint64_t sent = 0;
};

}  // namespace

TEST_CASE("a node takes a newer version that its service announces, proves it and works with it",
          "[system][cloud]") {
    const TempDir dir;
    SiteAndService both;
    CHECK(both.answered_by() == "cxr-phantom 1.1.0");
    both.announce(write_newer(dir / "newer"));
    auto& node = both.site.node();
    CHECK(node.logged("model.taken model=cxr-phantom version=1.2.0 instead_of=1.1.0"));
    CHECK(poll_until([&] { return both.answered_by() == "cxr-phantom 1.2.0"; }, 30s));
    const auto taken = both.site.data_dir() / "packages" / "cxr-phantom" / "1.2.0";
    CHECK(fs::exists(taken / "model.toml"));
    CHECK_FALSE(fs::exists(taken / "weights.ts"));
    CHECK_THAT(node.bucky({"model", "list"}).output, Catch::Contains("cxr-phantom 1.2.0"));
    node.restart();  // and after a power cut
    CHECK(both.answered_by() == "cxr-phantom 1.2.0");
}

TEST_CASE("a newer version that does not pass its golden inputs is not taken, and people are told",
          "[system][cloud]") {
    const TempDir dir;
    SiteAndService both;
    const auto newer = write_newer(dir / "newer");
    const std::string two{'\0', '\0', '\0', '\x40'};  // 2.0F, no score
    std::fstream{newer / "golden-1.output.f32", std::ios::binary | std::ios::in | std::ios::out}
        << two;
    both.announce(newer);
    auto& node = both.site.node();
    CHECK(node.logged("model.not_taken model=cxr-phantom version=1.2.0 words="));
    CHECK(node.logged("cxr-phantom 1.2.0 is not proven"));
    CHECK(poll_until(
        [&] {
            const auto said = node.bucky({"status"}).output;
            return said.find("1.2.0") != std::string::npos &&
                   said.find("it is not taken") != std::string::npos;
        },
        10s));
    CHECK(both.answered_by() == "cxr-phantom 1.1.0");
    CHECK_FALSE(fs::exists(both.site.data_dir() / "packages" / "cxr-phantom" / "1.2.0"));
}
