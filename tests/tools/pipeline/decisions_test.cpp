// SPDX-License-Identifier: Apache-2.0
// The record of a decision: what stands in it, that no patient does, and what the commands say.
#include <bit>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "conf/base/digest.h"
#include "conf/file/read.h"
#include "tests/tools/commands/command_line.h"
#include "tests/tools/pipeline/one_study.h"
#include "tests/tools/remote/rich_header.h"
#include "tests/tools/remote/spots_package.h"
#include "tools/bucky/shared/decision_record.h"
#include "tools/bucky/shared/files.h"

using namespace bucky;
using namespace bucky::test;
using Catch::Contains;
using nlohmann::json;

namespace {

constexpr std::int64_t kDayMs = 24LL * 3600 * 1000;

class Served final : public inference::Model {
public:
    std::vector<inference::ModelOutput> run_batch(
        std::span<const inference::ModelInput* const> inputs) override {
        std::vector<inference::ModelOutput> outputs;
        for (const auto* input : inputs) {
            outputs.push_back(spots_answer(*input));
            outputs.back().device = device();
        }
        return outputs;
    }
    std::string device() const override { return "remote: ai.example"; }
};

/// A node whose model is a service's, and the commands beside it.
struct Site : NodeHarness {
    Site() {
        write_spots_package(dir / "spots");
        const auto load = [](const inference::Package&) { return std::make_shared<Served>(); };
        shelves = std::make_unique<ModelPool>(std::make_shared<const inference::Shelf>(
            std::vector<inference::Placed>{{dir / "spots", false}}, load));
        settings.destinations.clear();
        write_file(dir / "bucky.toml", conf::to_toml(settings));
    }

    void analyse() {
        InferWorker worker{settings, *shelves, clock, work};
        while (worker.work_once()) {
        }
    }
    std::vector<storage::Decision> records(std::string_view owner = "") {
        std::vector<storage::Decision> found;
        storage::Decisions{context().db, clock}.each(
            owner, 0, [&](const storage::Decision& one) { found.push_back(one); });
        return found;
    }
    json record() { return json::parse(records().at(0).record); }
    Said ask(std::vector<std::string> words) const {
        words.insert(words.begin(), "decisions");
        words.insert(words.end(), {"--config", (dir / "bucky.toml").string()});
        return bucky_command(std::move(words));
    }

    std::unique_ptr<ModelPool> shelves;
};

/// SHA-256 of the stored values, read by DCMTK.
std::string pixels_of(const std::filesystem::path& file) {
    static_assert(std::endian::native == std::endian::little);
    DcmFileFormat format;
    REQUIRE(format.loadFile(OFFilename(file.c_str())).good());
    const Uint16* values = nullptr;
    unsigned long count = 0;
    REQUIRE(format.getDataset()->findAndGetUint16Array(DCM_PixelData, values, &count).good());
    return hex(sha256({reinterpret_cast<const char*>(values), count * sizeof(Uint16)}));
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in{text};
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

}  // namespace

TEST_CASE("a record says on what, by what, under which thresholds and when was decided",
          "[tools][decisions]") {
    NodeHarness harness;
    const auto package = phantom_shelf().now()->packages().front().package;
    const auto& model = package.identity;
    const auto finding = package.findings.front().key;
    harness.settings.thresholds = {
        {"pacs", model.name, model.version, model.sha256, finding, 0.875},
        {"pacs", model.name, model.version, std::string(64, '0'), finding, 0.1},
        {"", model.name, model.version, model.sha256, finding, 0.25, 1, "NORTH"}};
    const auto sent = harness.receive({.seed = 3, .lesions = {phantom::Finding::nodule}});
    const auto pixels = pixels_of(harness.dir / "sent.dcm");
    const auto received = iso_utc(harness.clock.now_ms());
    harness.clock.advance_ms(5000);
    CHECK(harness.infer_all() == 1);

    std::vector<storage::Decision> records;
    storage::Decisions{harness.context().db, harness.clock}.each(
        "", 0, [&](const storage::Decision& one) { records.push_back(one); });
    REQUIRE(records.size() == 1);
    CHECK(records[0].at_ms == harness.clock.now_ms());
    CHECK(records[0].record.size() <
          1400);  // with the hashes of its row, 1.5 kB: docs/operations.md
    const auto record = json::parse(records[0].record);
    CHECK(record["pixels_sha256"] == pixels);
    CHECK(record["image_uid_sha256"] == hex(sha256(sent.sop_instance_uid)));
    CHECK(record["study_uid_sha256"] == hex(sha256(sent.study_uid)));
    CHECK(record["received_at"] == received);
    CHECK(record["started_at"] == iso_utc(harness.clock.now_ms()));
    CHECK(record["software"] == BUCKY_VERSION);
    CHECK(record["verdict"] == "findings");
    CHECK(record["site_thresholds"] == json::parse(R"([{"destination":"pacs","finding":")" +
                                                   finding + R"(","threshold":0.875}])"));
    const auto& answer = record["answers"].at(0);
    CHECK(answer["model"] == model.name);
    CHECK(answer["version"] == model.version);
    CHECK(answer["weights_sha256"] == model.sha256);
    CHECK(answer["manifest_sha256"] == sha256_of_file(package.folder / "model.toml"));
    CHECK(answer["device"] == "here");
    const auto stored = result_of(harness.images().at(0));
    REQUIRE(answer["findings"].size() == stored.findings.size());
    CHECK(answer["findings"].at(0)["score"] == stored.findings.at(0).score);
    CHECK(answer["findings"].at(0)["threshold"] == package.findings.front().threshold);
    CHECK(answer["findings"].at(0)["answer"] == name_of(stored.findings.at(0).answer));
}

TEST_CASE("a record names the service that answered, and why an image was not analysed",
          "[tools][decisions]") {
    Site site;
    site.receive({.seed = 1});
    site.analyse();
    CHECK(site.record()["answers"].at(0)["device"] == "remote: ai.example");

    NodeHarness refusing;
    refusing.receive_bytes("no DICOM", Uid{"1.2.3"}, Uid{"1.2"});
    CHECK(refusing.infer_all() == 1);
    std::string record;
    storage::Decisions{refusing.context().db, refusing.clock}.each(
        "", 0, [&](const storage::Decision& one) { record = one.record; });
    const auto said = json::parse(record);
    CHECK(said["verdict"] == "not_analysed");
    CHECK(said["reason"] == "image.not_decodable");
    CHECK(said["answers"].empty());
    CHECK(said["pixels_sha256"] == "");
}

TEST_CASE("no value of any header is in a record or an export", "[tools][decisions][privacy]") {
    constexpr int kFiles = 40;
    Site site;
    ValueSearch search;
    for (int number = 1; number <= kFiles; ++number) {
        const auto file = site.dir / "image.dcm";
        phantom::DicomOptions options;
        // A word that the reason quotes: half of the images are refused by it.
        if (number % 2 == 0) options.view_position = fmt::format("QUOTED{:03}", number);
        phantom::write_dicom(
            phantom::draw(phantom::random_recipe(static_cast<std::uint64_t>(number), 96, 96, {})),
            options, file);
        for (const auto& value : enrich(file, number)) search.add(value);
        search.add(header_value(options.view_position, options.view_position));
        site.receive_bytes(read_text(file),
                           Uid{fmt::format("1.2.826.0.1.3680043.10.511.7.12.{}", number)},
                           Uid{fmt::format("1.2.826.0.1.3680043.10.511.7.10.{}", number)});
    }
    site.analyse();
    const auto records = site.records();
    REQUIRE(records.size() == kFiles);
    std::string all;
    int analysed = 0, refused = 0;
    for (const auto& one : records) {
        all += one.record + '\n';
        const auto record = json::parse(one.record);
        analysed += static_cast<int>(record["answers"].size());
        refused += record["verdict"] == "not_analysed" ? 1 : 0;
    }
    CHECK(analysed == kFiles / 2);
    CHECK(refused == kFiles / 2);
    for (const auto* form : {"--csv", "--jsonl"}) all += site.ask({"export", form}).text;
    CHECK(search.found_in(all).empty());

    std::string stored;  // what is searched for is there to be found
    for (const auto& line : site.context().studies.recent(kFiles)) {
        for (const auto& image : site.context().studies.instances(line.study)) {
            stored += image.sop_instance.str() + image.result_json;
        }
    }
    CHECK(search.found_in(stored).contains("QUOTED002"));
    CHECK(search.found_in(stored).contains("1.2.826.0.1.3680043.10.511.7.12.7"));
}

TEST_CASE("an export has a line for each finding, from a day on, of one tenant or of all",
          "[tools][decisions][tenants]") {
    Site site;
    site.receive({.seed = 1});
    site.analyse();
    site.clock.advance_ms(kDayMs);  // 2026-11-24
    site.receive({.seed = 2, .owner = "NORTH"});
    site.receive({.seed = 3, .owner = "SOUTH"});
    site.analyse();

    const auto all = lines_of(site.ask({"export", "--csv"}).text);
    const auto findings = site.record()["answers"].at(0)["findings"].size();
    REQUIRE(all.size() == 1 + 3 * findings);
    CHECK_THAT(all[0], Catch::StartsWith("Result Indicator,AI Result,Manufacturer,Model,Software "
                                         "Version,Platform,Inference Date,tenant,record,"));
    CHECK_THAT(all[1], Contains(",spots,1.0.0,Bucky ") && Contains(",2026-11-23,,1,") &&
                           Contains("T14:30:00.000Z") && Contains(",remote: ai.example,"));
    CHECK(all[0].back() == '\r');  // RFC 4180

    CHECK(lines_of(site.ask({"export", "--csv", "--since", "2026-11-24"}).text).size() ==
          1 + 2 * findings);
    const auto north = site.ask({"export", "--jsonl", "--tenant", "NORTH"}).text;
    CHECK(lines_of(north).size() == 1);
    CHECK_THAT(north, !Contains("SOUTH"));
    CHECK(lines_of(site.ask({"export", "--jsonl", "--tenant", ""}).text).size() == 1);
    CHECK_THROWS_WITH(site.ask({"export", "--tenant", "EAST"}), "there is no record of EAST");
    for (const auto* day : {"2026-13-01", "2026-02-30", "yesterday", "26-1-1", "2026-11-2x"}) {
        CHECK_THROWS_WITH(site.ask({"export", "--since", day}), Contains("write it as 2026-11-23"));
    }
}

TEST_CASE("a line of an export can be verified without the node", "[tools][decisions]") {
    Site site;
    site.receive({.seed = 1, .owner = "NORTH"});
    site.receive({.seed = 2, .owner = "NORTH"});
    site.analyse();
    std::string before(64, '0');
    for (const auto& line : lines_of(site.ask({"export", "--jsonl"}).text)) {
        const auto said = json::parse(line);
        const std::string key = R"("decision":)";
        const auto from = line.find(key) + key.size();
        const auto text = line.substr(from, line.size() - from - 1);
        CHECK(said["before"] == before);
        before = hex(sha256(fmt::format("{}\nNORTH\n{}\n{}\n{}", before, said["record"].get<int>(),
                                        said["at_ms"].get<long>(), text)));
        CHECK(said["sha256"] == before);
    }
    CHECK(before != std::string(64, '0'));
}

TEST_CASE("`bucky decisions verify` names the record that was tampered with, and ends with 1",
          "[tools][decisions]") {
    Site site;
    CHECK_THAT(site.ask({"verify"}).text, Contains("No decision has been recorded yet"));
    for (int i = 1; i <= 3; ++i) site.receive({.seed = static_cast<std::uint64_t>(i)});
    site.analyse();
    const auto noted = site.records().at(1).sha256;
    const auto whole = site.ask({"verify", "--holds", noted});
    CHECK(whole.status == 0);
    CHECK_THAT(whole.text,
               Contains("No tenant: 3 records, 1 to 3, ") && Contains(site.records().at(2).sha256));
    CHECK(whole.widest() <= 80);
    const auto unheld = site.ask({"verify", "--holds", std::string(64, 'e')});
    CHECK(unheld.status == 1);
    CHECK_THAT(unheld.text, Contains("No record has the hash eeee"));

    site.context()
        .db.prepare({"test.edit", "UPDATE decision SET record = 'no JSON' WHERE number = 2"})
        .run();
    const auto broken = site.ask({"verify"});
    CHECK(broken.status == 1);
    CHECK_THAT(broken.text, Contains("record 2 was changed: it has another hash"));
    CHECK_THAT(site.ask({"export", "--csv"}).text, Contains(noted));  // the line is there
}
