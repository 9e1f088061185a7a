// SPDX-License-Identifier: Apache-2.0
// A film is decoded once, for the model and for the pictures of the report.
#include "tools/bucky/pipeline/films.h"

#include <map>
#include <string>

#include <catch2/catch.hpp>

#include "tests/support/every_kind.h"
#include "tests/tools/node_harness.h"
#include "tools/bucky/shared/files.h"

using namespace bucky;
using namespace bucky::test;
using phantom::Finding;

namespace {

/// Counts the images that it opens.
class Counting final : public inference::Decoder {
public:
    inference::Header header(const std::filesystem::path& file) override {
        return inference::in_process().header(file);
    }
    inference::Image image(const std::filesystem::path& file) override {
        ++opened;
        return inference::in_process().image(file);
    }
    inference::TextSearch text(const std::filesystem::path& file, inference::Greys greys) override {
        return inference::in_process().text(file, greys);
    }
    int opened = 0;
};

/// The results of one study, each by its kind and UID.
std::map<std::string, std::string> bytes_of(NodeHarness& harness) {
    std::map<std::string, std::string> bytes;
    for (const auto& result : harness.results()) {
        bytes[result.kind + ' ' + result.sop_instance.str()] = read_text(result.file);
    }
    return bytes;
}

std::shared_ptr<const Film> film(std::uint32_t longer_side) {
    auto made = std::make_shared<Film>();
    made->longer_side = longer_side;
    made->pixels.resize(std::size_t{longer_side} * longer_side);
    return made;
}

}  // namespace

TEST_CASE("a report draws what the model saw, byte for byte as from the file", "[tools]") {
    std::map<std::string, std::string> drawn[2];
    for (const bool keeps : {true, false}) {
        NodeHarness harness;
        for (auto& destination : harness.settings.destinations) destination.send = every_kind();
        harness.settings.destinations.back().language = Language::korean;
        harness.receive({.seed = 3, .lesions = {Finding::nodule}});
        harness.hang_up();
        Counting decoder;
        int sources = 0;
        const ReadSource read_source = [&](const auto& file) {
            ++sources;
            return dicom_sr::read_source(file);
        };
        InferWorker infer{harness.settings, phantom_shelf(), harness.clock,
                          harness.work,     decoder,         keeps ? &harness.room.films : nullptr,
                          read_source};
        REQUIRE(infer.work_once());
        ReportWorker report(harness.settings, harness.clock, harness.work, harness.room, decoder,
                            read_source);
        REQUIRE(report.work_once());
        CHECK(decoder.opened == (keeps ? 1 : 2));  // in two languages, too
        CHECK(sources == 1);
        const auto file = harness.context().received.absolute(harness.images().at(0).file);
        CHECK(harness.room.films.film(file, 256) == nullptr);  // its report is made
        drawn[keeps ? 0 : 1] = bytes_of(harness);
    }
    CHECK(drawn[0].size() > 4);
    CHECK(drawn[0] == drawn[1]);
}

TEST_CASE("films without room are left out, and those that came first wait for their reports",
          "[tools]") {
    Films films{100 * 100 + 20 * 20};
    films.keep("first", film(100), 0);
    films.keep("second", film(21), 0);
    CHECK(films.film("first", 100));
    CHECK_FALSE(films.film("second", 21));
    films.keep("third", film(20), 0);
    CHECK(films.film("third", 20));
    CHECK_FALSE(films.film("third", 21));  // another size
    films.forget("first");
    films.keep("second", film(21), 0);
    CHECK(films.film("second", 21));
}

TEST_CASE("films whose report never came make room for others", "[tools]") {
    Films films{100 * 100};
    films.keep("first", film(100), 0);
    films.keep("second", film(100), Films::kStaleMs);
    CHECK_FALSE(films.film("second", 100));
    films.keep("second", film(100), Films::kStaleMs + 1);
    CHECK(films.film("second", 100));
    CHECK_FALSE(films.film("first", 100));
}
