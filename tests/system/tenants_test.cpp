// SPDX-License-Identifier: Apache-2.0
// Two clinics behind one node, each with its AE title, PACS, model, language and quota: no data of
// one is ever visible to the other.
#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

#include <catch2/catch.hpp>

#include "tests/support/fake_pacs.h"
#include "tests/support/judges.h"
#include "tests/support/ledger.h"
#include "tests/support/part10.h"
#include "tests/support/places.h"
#include "tests/support/poll.h"
#include "tests/support/running_node.h"
#include "tests/support/senders.h"
#include "tests/support/temp_dir.h"
#include "tests/support/xray.h"

using namespace bucky;
using namespace bucky::test;

namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& file) {
    std::ifstream in{file};
    return {std::istreambuf_iterator<char>{in}, {}};
}

void replace(std::string& text, const std::string& what, const std::string& with) {
    REQUIRE(text.find(what) != std::string::npos);
    text.replace(text.find(what), what.size(), with);
}

/// The phantom's package under another name.
fs::path model_named(const fs::path& folder, const std::string& name) {
    fs::copy(phantom_model(), folder, fs::copy_options::recursive);
    auto manifest = text_of(folder / "model.toml");
    replace(manifest, "name = \"cxr-phantom\"", "name = \"" + name + "\"");
    fs::remove(folder / "model.toml");
    std::ofstream{folder / "model.toml"} << manifest;
    return folder;
}

std::string hash_of_weights() {
    const auto manifest = text_of(phantom_model() / "model.toml");
    const auto at = manifest.find("thresholds_for = \"") + 18;
    return manifest.substr(at, 64);
}

Destination named(const char* name, const FakePacs& pacs) {
    auto destination = pacs.destination();
    destination.name = name;
    return destination;
}

std::set<std::string> objects_in(const FakePacs& pacs) {
    std::set<std::string> uids;
    for (const auto& file : pacs.stored()) uids.insert(read_part10(file).value().sop_instance);
    return uids;
}

int reports_in(const FakePacs& pacs, const std::string& study) {
    int reports = 0;
    for (const auto& file : pacs.stored()) {
        const auto held = read_part10(file).value();
        reports += held.study == study && held.sop_class == "1.2.840.10008.5.1.4.1.1.88.34";
    }
    return reports;
}

/// At least one object at the PACS contains these words.
bool any(const FakePacs& pacs, const std::string& words) {
    const auto files = pacs.stored();
    return std::any_of(files.begin(), files.end(),
                       [&](const auto& file) { return mentions(file, words); });
}

std::string tenants(const fs::path& north_model) {
    return "[[tenant]]\nae_title = \"NORTH\"\ndestinations = [\"north\"]\nlanguage = \"ko\"\n"
           "models = [\"" +
           north_model.string() +
           "\"]\ncallers = [\"XRAY1\"]\n"
           "[[tenant]]\nae_title = \"SOUTH\"\ndestinations = [\"south\"]\nimages_per_minute = 2\n"
           "models = [\"" +
           phantom_model().string() +
           "\"]\n[[threshold]]\ntenant = \"SOUTH\"\nmodel = \"cxr-phantom\"\nversion = \"1.1.0\"\n"
           "sha256 = \"" +
           hash_of_weights() + "\"\nfinding = \"nodule\"\nvalue = 0.4321\n";
}

}  // namespace

TEST_CASE(
    "two clinics at one node share nothing: not an image, a model, a language, a threshold, a "
    "report or a quota",
    "[system][tenants]") {
    const TempDir dir;
    const FakePacs north, south;
    RunningNode node{{.destinations = {named("north", north), named("south", south)},
                      .node = "no_destination_ok = true"}};

    // Tenants are added by a reload.
    const auto north_model = model_named(dir / "cxr-north", "cxr-north");
    auto config = text_of(node.config_file());
    replace(config, phantom_model().string() + "\"]",
            phantom_model().string() + "\", \"" + north_model.string() + "\"]");
    std::ofstream{node.config_file()} << config + tenants(north_model);
    const auto reloaded = node.bucky({"reload"});
    INFO(reloaded.output);
    REQUIRE(reloaded.status == 0);

    // The same image to both, and one more to each.
    const auto shared = write_xray(dir.path(), {.seed = 61, .lesions = {phantom::Finding::nodule}});
    const auto only_north = write_xray(dir.path(), {.seed = 62});
    const auto only_south = write_xray(dir.path(), {.seed = 63});
    const auto nobodys = write_xray(dir.path(), {.seed = 64});
    const auto port = node.dicom_port();
    CHECK(dcmsend(port, {shared.file, only_north.file}, "NORTH").all_accepted());
    CHECK(dcmsend(port, {shared.file, only_south.file}, "SOUTH").all_accepted());
    CHECK(dcmsend(port, {nobodys.file}, "BUCKY").all_accepted());

    // SOUTH has used its two images a minute; NORTH has not, and has its own callers.
    const auto late = write_xray(dir.path(), {.seed = 65});
    CHECK(dcmsend(port, {late.file}, "SOUTH").in_order == std::vector<int>{0xA700});
    CHECK(node.logged("tenant.images_per_minute, 2, is reached"));
    CHECK(node.get("/metrics")
              .find("bucky_limit_reached_total{limit=\"tenant_images_per_minute\"} 1") !=
          std::string::npos);
    CHECK(dcmsend(port, {late.file}, "NORTH", "XRAY2").status.empty());

    Ledger ledger{node.data_dir()};
    REQUIRE(poll_until(
        [&] {
            return ledger.open_work().empty() && ledger.result_of(nobodys.uids.sop_instance_uid) &&
                   !ledger.results_of(nobodys.uids.study_uid).empty();
        },
        240s));

    CHECK(reports_in(north, shared.uids.study_uid) == 1);
    CHECK(reports_in(north, only_north.uids.study_uid) == 1);
    CHECK(reports_in(south, shared.uids.study_uid) == 1);
    CHECK(reports_in(south, only_south.uids.study_uid) == 1);

    // images
    CHECK_FALSE(any(north, only_south.uids.sop_instance_uid));
    CHECK_FALSE(any(south, only_north.uids.sop_instance_uid));
    CHECK_FALSE(any(north, nobodys.uids.sop_instance_uid));
    CHECK_FALSE(any(south, nobodys.uids.sop_instance_uid));
    // models and languages
    CHECK(any(north, "cxr-north"));
    CHECK_FALSE(any(north, "cxr-phantom"));
    CHECK(any(south, "cxr-phantom"));
    CHECK_FALSE(any(south, "cxr-north"));
    CHECK(any(north, "AI 판독 보조 결과"));
    CHECK_FALSE(any(south, "AI 판독 보조 결과"));
    // thresholds
    CHECK(any(south, "0.4321"));
    CHECK_FALSE(any(north, "0.4321"));
    // No object of one names, is or replaces an object of the other.
    const auto of_north = objects_in(north);
    const auto of_south = objects_in(south);
    for (const auto& uid : of_north) CHECK_FALSE(any(south, uid));
    for (const auto& uid : of_south) CHECK_FALSE(any(north, uid));
    for (const auto* pacs : {&north, &south}) {
        for (const auto& file : pacs->stored()) CHECK(dciodvfy_errors(file).empty());
    }

    const auto story = node.bucky({"study", "show", shared.uids.study_uid});
    CHECK_THAT(story.output, Catch::Contains(" for NORTH\n") && Catch::Contains(" for SOUTH\n"));
    CHECK(node.stop() == 0);
}
