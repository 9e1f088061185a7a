// SPDX-License-Identifier: Apache-2.0
// A name that a device burnt into the pixels, at a site whose model runs on a service: the real
// node, its decoder's cage, and what the service received.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "inference/package/package.h"
#include "inference/pixels/decode.h"
#include "inference/run/prepare.h"
#include "tests/support/fake_pacs.h"
#include "tests/support/joined_site.h"
#include "tests/support/ledger.h"
#include "tests/support/oip_server.h"
#include "tests/support/places.h"
#include "tests/support/poll.h"
#include "tests/support/running_node.h"
#include "tests/support/senders.h"
#include "tests/support/stamp.h"
#include "tools/phantom/write.h"

using namespace bucky;
using namespace bucky::test;
namespace fs = std::filesystem;

namespace {

constexpr int kSide = 640;
const Stamp kInCorner{.text = "HONG^GILDONG", .column = 12, .row = 12, .dot = 3};
const Stamp kOverLungs{.text = "HONG^GILDONG", .column = 215, .row = 300, .dot = 3};

/// A service that keeps what it receives, and a node that sends to it.
struct Site {
    explicit Site(const std::string& remote = "", const Environment& environment = {}) {
        write_package_without_weights(dir / "package");
        NodeOptions options;
        options.model = dir / "package";
        options.inference = "device = \"remote\"\ngate_model = \"" +
                            (source_dir() / "models" / "cxr-gate").string() + "\"";
        options.more = "[remote]\nurl = \"" + server.url() + "\"\n" + remote;
        options.environment = environment;
        node.emplace(std::move(options));
    }

    /// The bodies of all requests to infer, in their order.
    std::vector<std::string> received() const {
        std::vector<fs::path> files{fs::directory_iterator{kept.path()}, {}};
        std::ranges::sort(files);
        std::vector<std::string> all;
        for (const auto& file : files) {
            std::ifstream in{file, std::ios::binary};
            const std::string request{std::istreambuf_iterator<char>{in}, {}};
            if (request.starts_with("POST")) all.push_back(request);
        }
        return all;
    }

    const TempDir kept, dir;
    OipServer server{{"--model", "cxr-phantom", "--versions", "1.1.0", "--weights",
                      (phantom_model() / "weights.ts").string(), "--keep", kept.path().string()}};
    std::optional<RunningNode> node;
};

struct Sent {
    fs::path file;
    std::string uid;
};

Sent send_with(RunningNode& node, const TempDir& dir, const std::vector<Stamp>& stamps) {
    auto drawn = phantom::draw(phantom::random_recipe(5, kSide, kSide, {}));
    for (const Stamp& one : stamps) stamp(drawn, one);
    const auto file = dir / "image.dcm";
    const auto written = phantom::write_dicom(drawn, {}, file);
    REQUIRE(node.store(file) == 0x0000);
    return {file, written.sop_instance_uid};
}

/// The numbers at the end of a request: its only binary input.
std::vector<float> tensor_of(const std::string& request, std::size_t count) {
    REQUIRE(request.size() > count * sizeof(float));
    std::vector<float> values(count);
    std::memcpy(values.data(), request.data() + request.size() - count * sizeof(float),
                count * sizeof(float));
    return values;
}

/// How much the numbers differ within the letters' box: 0 where it is of one grey.
float contrast_in(const std::vector<float>& values, const inference::Placement& at,
                  const Stamp& what) {
    const double scale = double{1} * at.content_columns / kSide;
    const auto columns = static_cast<int>(std::size(what.text)) * 6 * what.dot, rows = 7 * what.dot;
    float low = 1e9F, high = -1e9F;
    for (int row = what.row; row < what.row + rows; ++row) {
        for (int column = what.column; column < what.column + columns; ++column) {
            const auto r = static_cast<std::size_t>(row * scale) + at.offset_row;
            const auto c = static_cast<std::size_t>(column * scale) + at.offset_column;
            const float value = values.at(r * at.input_columns + c);
            low = std::min(low, value);
            high = std::max(high, value);
        }
    }
    return high - low;
}

}  // namespace

TEST_CASE("a name in a corner is not in the numbers that the service received",
          "[system][remote][privacy]") {
    const TempDir dir;
    Site site;
    const auto sent = send_with(*site.node, dir, {kInCorner});
    const auto line = site.node->verdict_line(sent.uid);
    CHECK(field(line, "masked") != "0");
    const auto package = inference::read_package(phantom_model());
    const auto at_home = inference::prepare(inference::decode(sent.file), package.input);
    const auto received = site.received();
    REQUIRE(received.size() >= 2);  // the golden input, and the image
    const auto left = tensor_of(received.back(), at_home.input.values.size());
    CHECK(contrast_in(at_home.input.values, at_home.placement, kInCorner) > 0.5F);
    CHECK(contrast_in(left, at_home.placement, kInCorner) < 0.02F);
    std::size_t changed_below = 0;
    for (std::size_t i = left.size() / 4; i < left.size(); ++i) {
        changed_below += left[i] != at_home.input.values[i] ? 1 : 0;
    }
    CHECK(changed_below == 0);  // the rest left as it is

    CHECK_THAT(site.node->get("/metrics"),
               Catch::Contains("bucky_text_in_pixels_total{outcome=\"masked\"} 1"));
    const auto got = Ledger{site.node->data_dir()}.result_of(sent.uid);
    REQUIRE(got);
    CHECK(got->masked >= 1);
    CHECK(poll_until(
        [&] {
            return output_of("dcmdump +L $(find " + (site.node->data_dir() / "results").string() +
                             " -name '*.dcm') 2>/dev/null")
                       .find("text masked before the image was sent") != std::string::npos;
        },
        60s));
    const auto explained = site.node->bucky({"explain", sent.file.string()});
    CHECK_THAT(explained.output, Catch::Contains("column") && Catch::Contains("masked in what"));
}

TEST_CASE("an image with a name over the lungs never leaves, and says why",
          "[system][remote][privacy]") {
    const TempDir dir;
    Site site;
    const auto proofs = site.received().size();
    const auto sent = send_with(*site.node, dir, {kOverLungs});
    const auto line = site.node->verdict_line(sent.uid);
    CHECK(field(line, "verdict") == "not_analysed");
    CHECK(field(line, "reason") == "privacy.text_in_pixels");
    CHECK(site.received().size() == proofs);
    CHECK_THAT(site.node->get("/metrics"),
               Catch::Contains("bucky_text_in_pixels_total{outcome=\"withheld\","
                               "reason=\"privacy.text_in_pixels\"} 1"));
    CHECK_THAT(site.node->bucky({"explain", sent.file.string()}).output,
               Catch::Contains("no (privacy.text_in_pixels)"));
}

TEST_CASE("an image that its decoder dies of while it reads the text never leaves",
          "[system][remote][privacy][decoder]") {
    const TempDir dir;
    Site site{"", {{"LD_PRELOAD", BUCKY_DYING_READER}}};
    const auto proofs = site.received().size();
    const auto line = site.node->verdict_line(send_with(*site.node, dir, {kInCorner}).uid);
    CHECK(field(line, "verdict") == "not_analysed");
    CHECK(field(line, "reason") == "image.decoder_died");
    CHECK(site.node->logged("decoder.died"));
    CHECK(site.received().size() == proofs);
}

TEST_CASE("a contract that allows text in the pixels switches the search off",
          "[system][remote][privacy]") {
    const TempDir dir;
    Site site{"text_in_pixels_ok = true\n", {{"TESSDATA_PREFIX", "/nowhere"}}};
    const auto sent = send_with(*site.node, dir, {kOverLungs});
    const auto line = site.node->verdict_line(sent.uid);
    CHECK(field(line, "verdict") != "not_analysed");
    CHECK(field(line, "masked") == "0");
}

TEST_CASE("a model that runs here reads the whole image, and needs no data of Tesseract",
          "[system][privacy]") {
    const TempDir dir;
    NodeOptions options;
    options.environment = {{"TESSDATA_PREFIX", "/nowhere"}};
    RunningNode node{std::move(options)};
    const auto sent = send_with(node, dir, {kOverLungs});
    const auto line = node.verdict_line(sent.uid);
    CHECK(field(line, "verdict") != "not_analysed");
    CHECK(field(line, "masked") == "0");
}

TEST_CASE(
    "without the data to search for text nothing leaves: the node does not start, and says "
    "what to install",
    "[system][remote][privacy]") {
    CHECK_THROWS_WITH((Site{"", {{"TESSDATA_PREFIX", "/nowhere"}}}),
                      Catch::Contains("tesseract-ocr-eng") && Catch::Contains("tesseract-ocr-kor"));
}
