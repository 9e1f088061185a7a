// SPDX-License-Identifier: Apache-2.0
// What a service sees of a patient: every byte that left, decrypted and inflated at its side, is
// searched for every value of every header.
#include <algorithm>
#include <cctype>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "inference/examine/examine.h"
#include "scp/wire/part10.h"
#include "tests/support/test_pki.h"
#include "tests/tools/node_harness.h"
#include "tests/tools/remote/remote_site.h"
#include "tests/tools/remote/rich_header.h"
#include "tools/bucky/admin/health.h"
#include "tools/bucky/node/own_heartbeat.h"
#include "tools/bucky/remote/http_client.h"
#include "tools/bucky/remote/offers.h"
#include "tools/bucky/shared/files.h"
#include "tools/phantom/recipe.h"
#include "tools/phantom/write.h"

using namespace bucky;
using namespace bucky::test;
namespace fs = std::filesystem;

namespace {

constexpr int kFiles = 500;
constexpr std::size_t kIdSize = 32;  // hexadecimal digits

/// A site whose service keeps what comes, over mutual TLS.
struct WatchedSite {
    WatchedSite()
        : site({"--versions", "1.0.0,1.1.0", "--keep", kept.path().string(), "--tls",
                pki().node().certificate.string(), pki().node().key.string(),
                pki().authority.certificate().string()}) {
        site.settings.ca = pki().authority.certificate();
        site.settings.certificate = pki().xray1().certificate;
        site.settings.key = pki().xray1().key;
    }

    inference::Shelf shelf() {
        return {{{site.dir / "spots", false}},
                [this](const inference::Package& package) -> std::shared_ptr<inference::Model> {
                    return std::make_shared<RemoteModel>(package, site.settings);
                }};
    }

    /// The requests in their order. The random id of each is checked, and taken out: it is no value
    /// of a header, but four digits of it may look like one.
    std::vector<std::string> requests() {
        std::vector<fs::path> files{fs::directory_iterator{kept.path()}, {}};
        std::ranges::sort(files);
        std::vector<std::string> all;
        for (const auto& file : files) {
            std::ifstream in{file, std::ios::binary};
            std::string request{std::istreambuf_iterator<char>{in}, {}};
            if (request.find("/infer HTTP") != std::string::npos) {
                const std::string before = "\"id\":\"";
                const auto at = request.find(before);
                REQUIRE(at != std::string::npos);
                const auto id = request.substr(at + before.size(), kIdSize);
                CHECK(std::ranges::all_of(
                    id, [](unsigned char digit) { return std::isxdigit(digit) != 0; }));
                CHECK(ids.insert(id).second);
                request.replace(at + before.size(), kIdSize, "-");
            }
            all.push_back(std::move(request));
        }
        ids.clear();
        return all;
    }

    std::string all_that_left() {
        std::string all;
        for (const auto& request : requests()) all += request;
        return all;
    }

    const TempDir kept;
    RemoteSite site;
    std::set<std::string> ids;
};

/// A small radiograph; the values of its header.
std::vector<HeaderValue> write_image(const fs::path& file, std::uint64_t seed, int number) {
    phantom::DicomOptions options;
    options.window = phantom::Window{1987.25, 3911.5};  // not 4096: a tensor has as many bytes
    phantom::write_dicom(phantom::draw(phantom::random_recipe(seed, 96, 96, {})), options, file);
    return enrich(file, number);
}

void examine_there(const fs::path& file, const inference::Shelf& shelf) {
    const auto result = inference::examine(file, shelf, 0);
    INFO((result.reason ? result.reason->text : ""));
    REQUIRE(result.device == "remote: localhost");
}

}  // namespace

TEST_CASE("of 500 files with rich headers no value is in any byte that left",
          "[tools][remote][privacy]") {
    const TempDir files;
    WatchedSite watched;
    const auto shelf = watched.shelf();
    ValueSearch search;
    for (int number = 1; number <= kFiles; ++number) {
        const auto file = files / "image.dcm";
        const auto values = write_image(file, static_cast<std::uint64_t>(number), number);
        for (const auto& value : values) search.add(value);
        examine_there(file, shelf);
    }
    CHECK(search.size() > std::size_t{50} * kFiles);
    const auto left = watched.all_that_left();
    CHECK(left.size() > std::size_t{kFiles} * 32 * 32 * sizeof(float));
    CHECK(watched.site.seen()["infer"] == kFiles + 1);  // and the golden input
    CHECK(left.find("POST /v2/models/spots/versions/1.0.0/infer") != std::string::npos);
    CHECK(search.found_in(left).empty());
}

TEST_CASE("of files with rich headers no value is in heartbeats and requests for packages",
          "[tools][remote][privacy]") {
    WatchedSite watched;
    const auto shelf = std::make_shared<const inference::Shelf>(watched.shelf());
    const ModelPool shelves{shelf};
    NodeHarness home;
    home.settings.remote = watched.site.settings;
    home.settings.destinations[0].name = "oncology-of-eunpyeong";
    InferWorker worker{home.settings, shelves, home.clock, home.work};
    ValueSearch search;
    const auto receive = [&](int number) {
        const auto file = home.dir / "image.dcm";
        for (const auto& value : write_image(file, static_cast<std::uint64_t>(number), number)) {
            search.add(value);
        }
        const auto header = scp::read_part10_header(file);
        home.receive_bytes(read_text(file), Uid{header.sop_instance},
                           Uid{"1.2.3." + std::to_string(number)});
    };
    const auto beat = [&] {
        StatusLook look;
        look.health = bucky::look(home.settings, home.clock, home.context().db);
        const auto heartbeat = heartbeat_of(look, home.settings, *shelf, {});
        send_heartbeat(home.settings, heartbeat);
        return heartbeat;
    };
    for (int number = 1; number <= 10; ++number) receive(number);
    while (worker.work_once()) {
    }
    home.hang_up();
    home.clock.advance_ms(3'600'000);
    CHECK(home.report_all() > 0);  // its results wait for the destinations
    receive(11);                   // waits
    const auto told = beat();
    CHECK(std::ranges::any_of(
        told.lanes, [](const auto& lane) { return lane.kind == "deliver" && lane.waiting > 0; }));
    CHECK_FALSE(told.verdicts.empty());
    CHECK_FALSE(told.scores.empty());
    watched.site.server.mood(R"({"status": 400, "times": 9})");  // an image in trouble, with words
    (void)worker.work_once();
    (void)beat();
    const auto& ours = shelf->packages().front().package;
    REQUIRE(newer_version(ours, home.settings.remote) == "1.1.0");
    CHECK_THROWS_AS(take_package(ours, "1.1.0", home.settings.remote, home.dir / "packages"),
                    Error);  // this server has none

    const auto left = watched.all_that_left();
    CHECK(left.find("POST /.well-known/bucky/heartbeat") != std::string::npos);
    CHECK(left.find("GET /v2/models/spots/versions/1.1.0/package") != std::string::npos);
    CHECK(search.found_in(left).empty());
    for (const auto& own : {std::string{"oncology"}, std::string{"archive"}, std::string{"XRAY1"},
                            home.dir.path().string()}) {
        INFO(own);
        CHECK(left.find(own) == std::string::npos);
    }
}

TEST_CASE("a value that leaves in a tensor or a path is found, in each of its forms",
          "[tools][remote][privacy]") {
    const TempDir files;
    WatchedSite watched;
    ValueSearch search;
    const auto values = write_image(files / "image.dcm", 1, 1);
    for (const auto& value : values) search.add(value);
    const auto form_of = [&](const std::string& part, std::size_t form) {
        const auto value = std::ranges::find_if(values, [&](const HeaderValue& one) {
            return one.words.find(part) != std::string::npos && one.forms.size() > form;
        });
        REQUIRE(value != values.end());
        return *value;
    };
    const auto leaves = [&](const std::string& bytes) {
        auto input = spots_input(0.5F);
        std::memcpy(reinterpret_cast<char*>(input.values.data()) + 401, bytes.data(), bytes.size());
        (void)RemoteSite::words_of<Error>([&] { (void)watched.site.model().run(input); });
    };
    CHECK(search.found_in(watched.all_that_left()).empty());
    struct Planted {
        const char* what;
        const char* part;      ///< of the value's words
        std::size_t form = 0;  ///< how its bytes leave
        bool is_in_path = false;
    };
    const auto planted =
        GENERATE(Planted{"Latin letters", "Family1x1^"}, Planted{"Korean in UTF-8", "은평구"},
                 Planted{"Korean in UTF-16", "은평구", 1},
                 Planted{"Korean in UTF-16, the other byte order", "은평구", 2},
                 Planted{"Korean in the character set of the file", "own bytes: "},
                 Planted{"a date", "19320203"}, Planted{"a private element", "private bytes 1"},
                 Planted{"in the request line", "1.2.826.0.1.3680043.10.511.7.", 0, true});
    INFO(planted.what);
    const auto value = form_of(planted.part, planted.form);
    const auto& bytes = value.forms[planted.form];
    if (planted.is_in_path) {
        (void)HttpClient{watched.site.settings}.get("v2/models/" + bytes);
    } else {
        leaves(bytes);
    }
    CHECK(search.found_in(watched.all_that_left()).contains(value.words));
}

TEST_CASE("one picture under two headers leaves as the same bytes, but for a random id",
          "[tools][remote][privacy]") {
    const TempDir files;
    WatchedSite watched;
    watched.site.settings.compression = Compression::none;  // its length would depend on the id
    const auto shelf = watched.shelf();
    const auto before = watched.requests().size();
    for (const int number : {1, 2, 2}) {
        (void)write_image(files / "image.dcm", 7, number);
        examine_there(files / "image.dcm", shelf);
    }
    const auto requests = watched.requests();
    REQUIRE(requests.size() == before + 3);
    CHECK(requests[before] == requests[before + 1]);
    CHECK(requests[before + 1] == requests[before + 2]);
}
