// SPDX-License-Identifier: Apache-2.0
// Real files, odd ones included: each gets a verdict or an explained refusal, none stops the node.
#include <algorithm>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "conf/dicom/ignored_classes.h"
#include "conf/settings.h"
#include "tests/support/fake_pacs.h"
#include "tests/support/judges.h"
#include "tests/support/ledger.h"
#include "tests/support/open_model.h"
#include "tests/support/part10.h"
#include "tests/support/places.h"
#include "tests/support/poll.h"
#include "tests/support/running_node.h"
#include "tests/support/temp_dir.h"

using namespace bucky;
using namespace bucky::test;
namespace fs = std::filesystem;

namespace {

std::vector<fs::path> files_in(const fs::path& folder) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator{folder}) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    return files;
}

/// Whether a UID conforms to PS3.5 9.1: a root of 0 to 2, no leading zeros. Some samples do not
/// conform, and a result that names such an image inherits the fault.
bool is_legal(const std::string& uid) {
    static const std::regex kLegal{R"([0-2](\.(0|[1-9][0-9]*))+)"};
    return std::regex_match(uid, kLegal);
}

/// Sends a file byte for byte as it is; a file that cannot be identified is sent as a DX image.
/// Returns the SOP Instance UID if the node accepted it, "" when it was refused.
std::string send(RunningNode& node, const fs::path& file) {
    auto part10 = read_part10(file);
    if (!part10) {
        part10 = Part10{.sop_class = kDxForPresentation,
                        .sop_instance = "2.25.1",
                        .study = "",
                        .transfer_syntax = kExplicitLittleEndian,
                        .dataset = {}};
        std::ifstream stream{file, std::ios::binary};
        part10->dataset.assign(std::istreambuf_iterator<char>{stream}, {});
    }
    if (part10->dataset.size() % 2 != 0) part10->dataset.push_back(0);  // PS3.8 9.3.1: even PDVs
    WireClient client{node.dicom_port()};
    const int answer = client.associate({part10->sop_class, part10->transfer_syntax});
    CHECK((answer == 2 || answer == 3));
    if (answer != 2) return "";
    const auto status = client.store(part10->sop_instance, part10->dataset);
    REQUIRE(status);
    if (*status != 0) CHECK(*status >= 0x0100);  // an error, not a warning: nothing is half stored
    client.release();
    return *status == 0 ? part10->sop_instance : "";
}

/// Whether the node takes it and does not keep it, by the default of scp.ignore.
bool is_ignored(const fs::path& file) {
    const auto part10 = read_part10(file);
    return part10 && bucky::is_ignored(bucky::conf::Settings{}.scp.ignore, part10->sop_class);
}

}  // namespace

TEST_CASE("every sample file gets a verdict or an honest refusal", "[system][samples]") {
    const auto shared = shared_dir();
    if (!shared) return;
    const TempDir dir, model_dir;
    std::vector<std::string> wrap{"/usr/bin/python3",
                                  (source_dir() / "tools/demonstration/pictures.py").string(),
                                  dir.path().string()};
    for (const auto& picture : files_in(*shared / "samples/cxr")) wrap.push_back(picture.string());
    REQUIRE(run(wrap).status == 0);

    FakePacs pacs;
    RunningNode node{{.destinations = {pacs.destination()},
                      .model = write_open_model(model_dir / "model"),
                      .inference = "device = \"cpu\"\ngate_model = \"" +
                                   (source_dir() / "models" / "cxr-gate").string() + '"'}};
    auto files = files_in(*shared / "samples/dicom");
    for (auto& wrapped : files_in(dir.path())) files.push_back(std::move(wrapped));
    std::size_t taken = 0;
    std::vector<std::string> illegal;
    for (const auto& file : files) {
        INFO(file.filename());
        const auto sop_instance = send(node, file);
        REQUIRE(node.running());
        if (sop_instance.empty()) continue;
        ++taken;
        if (!is_legal(sop_instance)) illegal.push_back(sop_instance);
        if (is_ignored(file)) {
            CHECK(node.logged("store.ignored"));
            continue;
        }
        CHECK_FALSE(node.verdict_line(sop_instance).empty());
    }
    CHECK(taken >= 60 + 30);  // all pictures and most DICOM files
    CHECK(poll_until([&] { return Ledger{node.data_dir()}.open_work().empty(); }, 120s));
    for (const auto& result : pacs.stored()) {
        if (std::any_of(illegal.begin(), illegal.end(),
                        [&](const auto& uid) { return mentions(result, uid); })) {
            continue;
        }
        INFO(result);
        CHECK(dciodvfy_errors(result) == std::vector<std::string>{});
    }
}
