// SPDX-License-Identifier: Apache-2.0
// [[precedence]]: whose answer stands where two packages answer the same question.
#include "tests/tools/pipeline/several_packages.h"

#include "tests/tools/commands/command_line.h"
#include "tools/bucky/engine/precedence.h"
#include "tools/bucky/engine/thresholds.h"

using namespace bucky;
using namespace bucky::test;

namespace {

conf::PrecedenceSettings row(std::string finding, std::string model, std::string tenant = "",
                             std::size_t line = 1) {
    return {std::move(finding), std::move(model), std::move(tenant), line};
}

std::size_t present_of(const inference::ImageResult& answer) {
    return static_cast<std::size_t>(std::ranges::count_if(answer.findings, [](const auto& one) {
        return one.answer == inference::Answer::present && one.yields_to.empty();
    }));
}

std::string yields_to(const inference::ImageResult& answer, const std::string& key) {
    const auto found = std::ranges::find(answer.findings, key, &inference::Finding::key);
    REQUIRE(found != answer.findings.end());
    return found->yields_to;
}

std::string record_of(Site& site) {
    std::string record;
    storage::Decisions{site.context().db, site.clock}.each(
        "", 0, [&](const storage::Decision& one) { record = one.record; });
    return record;
}

}  // namespace

TEST_CASE("the answer that the config names stands, and the other one is in the records alone",
          "[tools][several]") {
    Site site;
    site.settings.precedences = {row("left_spot", "beta")};
    site.analyse();
    const auto answers = inference::answers_of(site.result());
    CHECK(yields_to(answers[0], "left_spot") == "beta");
    CHECK(yields_to(answers[0], "right_spot").empty());  // of which nobody said anything
    CHECK(yields_to(answers[1], "left_spot").empty());
    const auto present = present_of(answers[0]) + present_of(answers[1]);
    REQUIRE(present_of(answers[1]) > present_of(answers[0]));
    CHECK(Told{site.sr().file}.of("Measurement Group").size() == present);
    CHECK_THAT(record_of(site), Catch::Contains(R"("yields_to":"beta")"));
}

TEST_CASE("a package of which no answer stands is in no report", "[tools][several]") {
    Site site;
    site.settings.precedences = {row("left_spot", "beta"), row("right_spot", "beta")};
    site.analyse();
    CHECK(site.result().verdict == inference::Verdict::no_findings);
    CHECK(site.images().at(0).verdict == "findings");  // beta's
    const Told report{site.sr().file};
    CHECK(once(report.of("Algorithm Name")) == std::set<std::string>{"beta"});
    CHECK(report.equipment == 1);
}

TEST_CASE("where the package that the config names fails, the other answer stands",
          "[tools][several]") {
    Site site;
    site.settings.precedences = {row("left_spot", "beta"), row("left_spot", "alpha")};
    site.models["beta"]->fault = Fault::corrupt;
    site.analyse();
    CHECK(yields_to(site.result(), "left_spot").empty());
    CHECK(site.images().at(0).verdict == "findings");
}

TEST_CASE("a tenant's precedence is for its images, before that for all", "[tools][several]") {
    conf::Settings settings;
    settings.precedences = {row("nodule", "alpha"), row("nodule", "beta", "NORTH")};
    CHECK(precedence_for(settings, "") == std::vector<inference::Precedence>{{"nodule", "alpha"}});
    CHECK(precedence_for(settings, "NORTH") ==
          std::vector<inference::Precedence>{{"nodule", "beta"}, {"nodule", "alpha"}});
}

TEST_CASE("a precedence for a package or a finding that is not there is an error, with a guess",
          "[tools][several]") {
    Site site;
    site.settings.inference.models = {site.dir / "alpha", site.dir / "beta"};
    site.settings.precedences = {row("left_spot", "alpa", "", 7), row("left_spt", "beta", "", 9),
                                 row("left_spot", "beta")};
    const auto problems = precedence_problems(site.settings);
    REQUIRE(problems.size() == 2);
    CHECK(problems[0].line == 7);
    CHECK(problems[0].words ==
          R"(no model package of inference.models is named "alpa"; did you mean alpha?)");
    CHECK(problems[1].key == "precedence.finding");
    CHECK(problems[1].words == R"(beta has no finding "left_spt"; did you mean left_spot?)");
    write_file(site.dir / "bucky.toml", conf::to_toml(site.settings));
    CHECK_THROWS_WITH(checked_settings(site.dir / "bucky.toml"), Catch::Contains("mean alpha?"));
}

TEST_CASE("a finding that two packages answer is named with what to write", "[tools][several]") {
    Site site;
    auto& settings = site.settings;
    settings.inference.models = {site.dir / "alpha", site.dir / "beta"};
    const auto told = overlaps(settings);
    REQUIRE(told.size() == 2);  // left and right
    CHECK(told[0] ==
          "alpha and beta both answer \"Spot in the left half\" (99BUCKY left-1): both answers "
          "stand, each under its name. To let one stand, write [[precedence]] with finding = "
          "\"left_spot\", model = \"alpha\"");
    settings.precedences = {row("left_spot", "beta")};
    CHECK(overlaps(settings).size() == 1);
    settings.models.resize(1);
    settings.models[0].folder = site.dir / "beta";
    settings.models[0].shadow = true;
    CHECK(overlaps(settings).empty());  // a shadow is in no report
    settings.models.clear();
    settings.tenants.resize(1);  // whose images alone meet both
    settings.tenants[0].ae_title = settings.node.ae_title;
    CHECK_THAT(overlaps(settings).at(0),
               Catch::Contains(" for tenant ") && Catch::Contains(", tenant = \""));
    settings.tenants[0].models = {site.dir / "beta"};
    CHECK(overlaps(settings).empty());
    settings.tenants.clear();
    settings.inference.answer = Answering::first;
    CHECK(overlaps(settings).empty());
}

TEST_CASE("config check and explain tell of two packages that answer the same",
          "[tools][several]") {
    const Visited visited;
    const auto first = phantom_model().parent_path() / "cxr-nodule";
    const auto second = visited.dir / "second";
    std::filesystem::copy(first, second);
    auto manifest = read_text(second / "model.toml");
    const std::string name = "name = \"cxr-nodule\"";
    manifest.replace(manifest.find(name), name.size(), "name = \"other-nodule\"");
    const auto version = manifest.find("\nversion = ");
    manifest.replace(version, manifest.find('\n', version + 1) - version, "\nversion = \"9.9\"");
    write_file(second / "model.toml", manifest);
    auto settings = visited.settings;
    settings.inference.models = {first, second};
    settings.inference.answer = Answering::all;
    const auto file = (visited.dir / "two.toml").string();
    write_file(file, conf::to_toml(settings));
    CHECK_THAT(bucky_command({"config", "check", file}).text,
               Catch::Contains("! cxr-nodule and other-nodule both answer \"Lung nodule\""));

    settings.precedences = {row("nodule", "other-nodule")};
    write_file(file, conf::to_toml(settings));
    CHECK_THAT(bucky_command({"config", "check", file}).text, !Catch::Contains("both answer"));
    phantom::DicomOptions adult;
    adult.patient_age = "040Y";
    phantom::write_dicom(phantom::draw(phantom::random_recipe(1, 400, 400)), adult,
                         visited.dir / "pa.dcm");
    CHECK_THAT(
        bucky_command({"explain", (visited.dir / "pa.dcm").string(), "--config", file}).text,
        Catch::Contains("other-nodule 9.9: takes it too\n") &&
            Catch::Contains(": nodule: the answer of other-nodule stands ([[precedence]])\n"));
}
