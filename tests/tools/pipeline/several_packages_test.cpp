// SPDX-License-Identifier: Apache-2.0
// inference.answer = "all": every package that takes an image answers, in one report.
#include "tests/tools/pipeline/several_packages.h"

#include <nlohmann/json.hpp>

#include "tests/tools/commands/command_line.h"

using namespace bucky;
using namespace bucky::test;

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
    CHECK(std::ranges::count(made, "overlay") == 1);
    CHECK(std::ranges::count(made, "presentation") == 1);
    CHECK(std::ranges::count(made, "segmentation") == 1);
}

TEST_CASE("pixels are searched for text once for all packages whose input leaves the machine",
          "[tools][several]") {
    Site site{{"alpha", "beta", "delta"}};
    site.analyse();
    CHECK(site.decoder.texts == 0);  // nothing leaves

    Site mixed{{"alpha", "beta", "delta"}};
    mixed.models["beta"]->is_elsewhere = mixed.models["delta"]->is_elsewhere = true;
    mixed.analyse();
    CHECK(mixed.decoder.texts == 1);
    CHECK(inference::answers_of(mixed.result()).size() == 3);
}

TEST_CASE("a package that is added reads no old image by itself", "[tools][several]") {
    Site site{{"alpha", "beta"}};
    const auto of = [&](const std::vector<std::string>& names) {
        std::vector<inference::Placed> placed;
        for (const auto& name : names) placed.push_back({site.dir / name, false});
        return std::make_unique<ModelPool>(std::make_shared<const inference::Shelf>(
            placed, [&](const auto& package) { return site.models.at(package.identity.name); }));
    };
    const auto before = of({"alpha"});
    InferWorker first{site.settings, *before, site.clock, site.work, site.decoder};
    while (first.work_once()) {
    }
    REQUIRE(inference::answers_of(site.result()).size() == 1);
    site.report_all();
    CHECK_FALSE(site.worker->work_once());  // with beta, too
    CHECK(inference::answers_of(site.result()).size() == 1);

    storage::Studies{site.context().db, site.clock}.retry(site.study(), "");
    site.analyse();
    CHECK(inference::answers_of(site.result()).size() == 2);
}

TEST_CASE("what the gate refuses no package sees, here or elsewhere, and it is asked once",
          "[tools][several]") {
    Site site{{"alpha", "beta"}};
    site.models["beta"]->is_elsewhere = true;
    const auto gate = site.dir / "gate";
    std::filesystem::copy(phantom_model().parent_path() / "cxr-gate", gate);
    auto manifest = read_text(gate / "model.toml");
    const auto with_gate = [&] {
        write_file(gate / "model.toml", manifest);
        return std::make_unique<ModelPool>(std::make_shared<const inference::Shelf>(
            std::vector<inference::Placed>{{site.dir / "alpha", false}, {site.dir / "beta", false}},
            [&](const auto& package) { return site.models.at(package.identity.name); },
            inference::GateOptions{GateMode::refuse, gate}, inference::ModelOptions{"cpu", 1}));
    };
    const auto lenient = with_gate();
    InferWorker passes{site.settings, *lenient, site.clock, site.work, site.decoder};
    while (passes.work_once()) {
    }
    CHECK(inference::answers_of(site.result()).size() == 2);
    const int runs = site.models["alpha"]->runs + site.models["beta"]->runs;
    CHECK(runs == 2);

    const auto at = manifest.find("\nchest = ");
    REQUIRE(at != std::string::npos);
    manifest.replace(at, manifest.find('\n', at + 1) - at, "\nchest = 0.9999999");
    const auto strict = with_gate();
    InferWorker refuses{site.settings, *strict, site.clock, site.work, site.decoder};
    storage::Studies{site.context().db, site.clock}.retry(site.study(), "");
    while (refuses.work_once()) {
    }
    CHECK(site.result().reason->key == "gate.not_chest");
    CHECK(site.result().others.empty());
    CHECK(site.models["alpha"]->runs + site.models["beta"]->runs == runs);
    CHECK(site.decoder.texts == 1);  // of the first look: nothing was to leave in the second
}
