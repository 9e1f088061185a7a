// SPDX-License-Identifier: Apache-2.0
// inference.answer = "all": every package that takes an image answers, in one report.
#include <algorithm>
#include <atomic>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "conf/file/read.h"
#include "tests/tools/commands/command_line.h"
#include "tests/tools/pipeline/one_study.h"
#include "tests/tools/remote/spots_package.h"
#include "tools/bucky/pipeline/worker.h"
#include "tools/bucky/shared/files.h"

using namespace bucky;
using namespace bucky::test;

namespace {

/// A model that a test breaks.
class Fragile final : public inference::Model {
public:
    std::vector<inference::ModelOutput> run_batch(
        std::span<const inference::ModelInput* const> inputs) override {
        if (fault) throw Error(*fault, "it broke");
        std::vector<inference::ModelOutput> outputs;
        for (const auto* input : inputs) outputs.push_back(spots_answer(*input));
        return outputs;
    }
    std::string device() const override { return "cpu"; }
    bool answers() const override { return is_up; }

    std::atomic<bool> is_up = true;
    std::optional<Fault> fault;
};

/// Counts how often an image is decoded.
class Counted final : public inference::Decoder {
public:
    inference::Header header(const std::filesystem::path& file) override {
        return inference::in_process().header(file);
    }
    inference::Image image(const std::filesystem::path& file) override {
        ++images;
        return inference::in_process().image(file);
    }
    inference::TextSearch text(const std::filesystem::path& file, inference::Greys greys) override {
        return inference::in_process().text(file, greys);
    }
    int images = 0;
};

/// A package of other weights, or of the same under another name.
void write_package(const std::filesystem::path& folder, const std::string& name, char weights) {
    write_spots_package(folder);
    auto manifest = read_text(folder / "model.toml");
    const auto replace = [&](const std::string& from, const std::string& to) {
        for (auto at = manifest.find(from); at != std::string::npos;
             at = manifest.find(from, at + to.size())) {
            manifest.replace(at, from.size(), to);
        }
    };
    replace("name = \"spots\"", "name = \"" + name + "\"");
    replace(kSpotsHash, std::string(64, weights));
    std::ofstream{folder / "model.toml"} << manifest;
}

/// A node with packages in this order, by their names; a name's first letter is of its weights.
struct Site : NodeHarness {
    explicit Site(const std::vector<std::string>& names = {"alpha", "beta"},
                  Answering answer = Answering::all) {
        settings.inference.answer = answer;
        settings.destinations.resize(1);
        std::vector<inference::Placed> placed;
        for (const auto& name : names) {
            write_package(dir / name, name, name.front());
            placed.push_back({dir / name, false});
            models[name] = std::make_shared<Fragile>();
        }
        shelves = std::make_unique<ModelPool>(std::make_shared<const inference::Shelf>(
            placed, [this](const auto& package) { return models.at(package.identity.name); }));
        worker = std::make_unique<InferWorker>(settings, *shelves, clock, work, decoder);
        receive({.seed = 1});
        hang_up();
    }

    inference::ImageResult result() { return result_of(images().at(0)); }
    void analyse() {
        while (worker->work_once()) {
        }
    }
    storage::Result sr() {
        report_all();
        for (const auto& one : results()) {
            if (one.kind == "sr") return one;
        }
        throw std::logic_error("no report");
    }

    Counted decoder;
    std::map<std::string, std::shared_ptr<Fragile>> models;
    std::unique_ptr<ModelPool> shelves;
    std::unique_ptr<InferWorker> worker;
};

/// What a report says, in the order of its tree: "concept=value".
void collect(DcmItem& item, std::vector<std::string>& into) {
    DcmSequenceOfItems* content = nullptr;
    if (item.findAndGetSequence(DCM_ContentSequence, content).bad()) return;
    for (unsigned long at = 0; at < content->card(); ++at) {
        DcmItem& child = *content->getItem(at);
        DcmItem *name = nullptr, *reference = nullptr;
        OFString concept_name, value;
        if (child.findAndGetSequenceItem(DCM_ConceptNameCodeSequence, name).good()) {
            (void)name->findAndGetOFString(DCM_CodeMeaning, concept_name);
        }
        for (const auto& tag : {DCM_TextValue, DCM_UID}) {
            if (value.empty()) (void)child.findAndGetOFString(tag, value);
        }
        if (child.findAndGetSequenceItem(DCM_ReferencedSOPSequence, reference).good()) {
            (void)reference->findAndGetOFString(DCM_ReferencedSOPInstanceUID, value);
        }
        into.push_back(std::string{concept_name.c_str()} + '=' + value.c_str());
        collect(child, into);
    }
}

struct Told {
    explicit Told(const std::filesystem::path& file) {
        DcmFileFormat format;
        REQUIRE(format.loadFile(OFFilename(file.c_str())).good());
        collect(*format.getDataset(), said);
        DcmSequenceOfItems* used = nullptr;
        if (format.getDataset()->findAndGetSequence(DCM_ContributingEquipmentSequence, used).good())
            equipment = used->card();
    }
    std::vector<std::string> of(const std::string& concept_name) const {
        std::vector<std::string> values;
        for (const auto& one : said) {
            if (one.starts_with(concept_name + '=')) {
                values.push_back(one.substr(concept_name.size() + 1));
            }
        }
        std::ranges::sort(values);
        return values;
    }
    std::vector<std::string> said;
    unsigned long equipment = 0;
};

std::set<std::string> once(const std::vector<std::string>& values) {
    return {values.begin(), values.end()};
}

}  // namespace

TEST_CASE("each package that takes an image answers, and one report has a group for each",
          "[tools][several]") {
    Site site;
    site.analyse();
    CHECK(site.decoder.images == 1);  // decoded once
    const auto answers = inference::answers_of(site.result());
    REQUIRE(answers.size() == 2);
    CHECK(answers[0].model->name == "alpha");
    CHECK(answers[1].model->name == "beta");
    CHECK(answers[0].pixels_sha256 == answers[1].pixels_sha256);
    CHECK(site.images().at(0).verdict == "findings");

    const Told report{site.sr().file};
    CHECK(report.equipment == 2);
    CHECK(once(report.of("Algorithm Name")) == std::set<std::string>{"alpha", "beta"});
    const auto tracked = report.of("Tracking Unique Identifier");
    const auto groups = report.of("Measurement Group").size();
    CHECK(groups >= 2);
    CHECK(groups % 2 == 0);
    CHECK(once(tracked).size() == groups);  // each its own, although the findings are alike

    std::string record;
    storage::Decisions{site.context().db, site.clock}.each(
        "", 0, [&](const storage::Decision& one) { record = one.record; });
    const auto said = nlohmann::json::parse(record)["answers"];
    REQUIRE(said.size() == 2);
    CHECK(said[1]["model"] == "beta");
    CHECK(said[1]["verdict"] == "findings");
}

TEST_CASE("without `answer = \"all\"` the first package answers alone", "[tools][several]") {
    Site site{{"alpha", "beta"}, Answering::first};
    site.analyse();
    CHECK(site.result().others.empty());
    CHECK(site.result().model->name == "alpha");
}

TEST_CASE("weights that two packages share answer once", "[tools][several]") {
    Site site{{"alpha", "again", "beta"}};
    site.analyse();
    CHECK(inference::answers_of(site.result()).size() == 2);
    CHECK(site.result().others.at(0).model->name == "beta");
}

TEST_CASE("the UIDs of a report do not depend on the order of the packages", "[tools][several]") {
    Site one{{"alpha", "beta"}}, other{{"beta", "alpha"}};
    one.analyse();
    other.analyse();
    const auto first = one.sr(), second = other.sr();
    CHECK(first.sop_instance == second.sop_instance);
    CHECK(Told{first.file}.of("Tracking Unique Identifier") ==
          Told{second.file}.of("Tracking Unique Identifier"));
}

TEST_CASE("a package that fails is named in the report, and the others stand", "[tools][several]") {
    Site site;
    site.models["beta"]->fault = Fault::corrupt;
    site.analyse();
    CHECK(site.images().at(0).verdict == "findings");
    CHECK(site.result().others.at(0).verdict == inference::Verdict::failed);
    const Told report{site.sr().file};
    CHECK(once(report.of("Algorithm Name")) == std::set<std::string>{"alpha", "beta"});
    std::size_t named_beside_failure = 0;
    for (std::size_t at = 1; at < report.said.size(); ++at) {
        if (report.said[at] == "Algorithm Name=beta" &&
            report.said[at - 1] == "Summary of Analyses=") {
            ++named_beside_failure;
        }
    }
    CHECK(named_beside_failure == 1);
    for (const auto& one : kinds(site.results())) CHECK(one != "notice");
}

TEST_CASE("a first package that fails leaves the verdict to the second", "[tools][several]") {
    Site site;
    site.models["alpha"]->fault = Fault::corrupt;
    site.analyse();
    CHECK(site.images().at(0).verdict == "findings");
    CHECK(site.result().verdict == inference::Verdict::failed);
    CHECK_NOTHROW(site.sr());
}

TEST_CASE("there is no verdict until each package has answered or failed for good",
          "[tools][several]") {
    Site site;
    site.models["beta"]->is_up = false;
    site.analyse();
    CHECK(site.images().at(0).verdict.empty());
    CHECK(site.decoder.images == 0);  // no work for nothing

    site.models["beta"]->is_up = true;
    site.models["beta"]->fault = Fault::unavailable;
    for (int i = 0; i < 2000 && site.images().at(0).verdict.empty(); ++i) {
        site.clock.advance_ms(3'600'000);
        site.analyse();
    }
    CHECK(site.images().at(0).verdict == "findings");  // alpha's, after the last try
    CHECK(site.result().others.at(0).verdict == inference::Verdict::failed);
    CHECK(site.result().others.at(0).reason->key == "model.failed");
}

TEST_CASE("`bucky study show` says what each package said", "[tools][several]") {
    Site site;
    site.models["beta"]->fault = Fault::corrupt;
    site.analyse();
    site.settings.destinations.clear();
    write_file(site.dir / "bucky.toml", conf::to_toml(site.settings));
    const auto shown = bucky_command(
        {"study", "show", site.study(), "--config", (site.dir / "bucky.toml").string()});
    CHECK_THAT(shown.text,
               Catch::Contains("(alpha 1.0.0)\n    failed: ") && Catch::Contains("(beta 1.0.0)"));
}

TEST_CASE("every kind of result can be made of two packages' answers", "[tools][several]") {
    Site site;
    auto& send = site.settings.destinations[0].send;
    send = {};
    for (const auto& row : kResultKinds) send.push_back(row.kind);
    site.analyse();
    CHECK(site.report_all() == 1);  // each object was verified
    const auto made = kinds(site.results());
    CHECK(std::ranges::count(made, "sr") == 1);
    CHECK(std::ranges::count(made, "cad") <= 1);
    CHECK(std::ranges::count(made, "overlay") == 2);
}
