// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/pipeline/delivery_plan.h"

#include <algorithm>
#include <map>
#include <set>

#include <catch2/catch.hpp>

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dctk.h"

#include "conf/dicom/sop_classes.h"
#include "dicom_sr/common/part10.h"
#include "inference/examine/examine.h"
#include "inference/findings_json.h"
#include "tests/tools/node_harness.h"
#include "tools/bucky/engine/thresholds.h"
#include "tools/bucky/shared/files.h"

using namespace bucky;
using namespace bucky::test;

namespace {

constexpr auto kNodule = phantom::Finding::nodule;

/// Everything that waits for a destination: kind and SOP class by result UID.
struct Waiting {
    std::string kind, sop_class;
    bool operator==(const Waiting&) const = default;
};
std::map<std::string, Waiting> waiting_for(NodeHarness& harness, const std::string& destination) {
    std::map<std::string, Waiting> found;
    for (const auto& job : harness.context().jobs.jobs_of_study(harness.study())) {
        if (job.lane != storage::Lane::deliver(destination)) continue;
        const auto result = harness.context().outbox.result(job.subject);
        found[job.subject] = {result.value().kind, result->sop_class.str()};
    }
    return found;
}

std::vector<std::string> kinds_for(NodeHarness& harness, const std::string& destination) {
    std::vector<std::string> kinds;
    for (const auto& [uid, one] : waiting_for(harness, destination)) kinds.push_back(one.kind);
    std::sort(kinds.begin(), kinds.end());
    return kinds;
}

void read_one(NodeHarness& harness, const Sent& sent) {
    harness.receive(sent);
    harness.hang_up();
    REQUIRE(harness.infer_all() == 1);
    REQUIRE(harness.report_all() == 1);
}

std::string report_for(NodeHarness& harness, const std::string& destination) {
    for (const auto& [uid, one] : waiting_for(harness, destination)) {
        if (one.kind == "sr") return read_text(harness.context().outbox.result(uid).value().file);
    }
    return {};
}

double score_of(const inference::ImageResult& result, std::string_view key) {
    const auto found = std::ranges::find(result.findings, key, &inference::Finding::key);
    return found->score;
}

conf::ThresholdSettings threshold(const std::string& destination, double value) {
    const auto& model = phantom_shelf().now()->packages().at(0).package.identity;
    return {.destination = destination,
            .model = model.name,
            .version = model.version,
            .sha256 = model.sha256,
            .finding = "nodule",
            .value = value};
}

}  // namespace

TEST_CASE("destinations that want the same get the same objects, made once", "[tools]") {
    NodeHarness harness;
    read_one(harness, {.seed = 3, .lesions = {kNodule}});
    CHECK(harness.results().size() == 2);
    CHECK(waiting_for(harness, "pacs") == waiting_for(harness, "archive"));
}

TEST_CASE("each destination gets the kinds that it asks for, in its own language", "[tools]") {
    NodeHarness harness;
    harness.settings.destinations[0].send = {ResultKind::overlay, ResultKind::presentation};
    harness.settings.destinations[1].send = {ResultKind::report};
    harness.settings.destinations[1].language = Language::korean;
    read_one(harness, {.seed = 3, .lesions = {kNodule}});
    CHECK(kinds_for(harness, "pacs") == std::vector<std::string>{"overlay", "presentation"});
    CHECK(kinds_for(harness, "archive") == std::vector<std::string>{"sr"});
    CHECK_THAT(report_for(harness, "archive"),
               Catch::Contains("AI 판독 보조 결과이며 진단이 아닙니다."));
}

TEST_CASE("what is asked for only when something is found stays away when nothing is", "[tools]") {
    for (const bool found : {true, false}) {
        NodeHarness harness;
        harness.settings.destinations[0].send = {ResultKind::report};
        harness.settings.destinations[0].send_if_found = {ResultKind::overlay};
        harness.settings.destinations[1].send = {};
        harness.settings.destinations[1].send_if_found = {ResultKind::report};
        read_one(harness,
                 {.seed = 11,
                  .lesions = found ? std::vector{kNodule} : std::vector<phantom::Finding>{}});
        const auto both = std::vector<std::string>{"overlay", "sr"};
        const auto one = std::vector<std::string>{"sr"};
        CHECK(kinds_for(harness, "pacs") == (found ? both : one));
        CHECK(kinds_for(harness, "archive") == (found ? one : std::vector<std::string>{}));
    }
}

TEST_CASE("a destination gets the best class that it is known to take, and the others theirs",
          "[tools]") {
    NodeHarness harness;
    auto& known = harness.context().peer_classes;
    for (const auto sop_class : {kReportClasses[0], kReportClasses[1]}) {
        known.remember("archive", sop_class, false);
    }
    known.remember("archive", kPictureClasses[0], false);
    read_one(harness, {.seed = 3, .lesions = {kNodule}});
    const auto pacs = waiting_for(harness, "pacs");
    const auto archive = waiting_for(harness, "archive");
    REQUIRE(pacs.size() == 2);
    REQUIRE(archive.size() == 2);
    for (const auto& [uid, one] : pacs) {
        CHECK_FALSE(archive.contains(uid));
        CHECK(one.sop_class == (one.kind == "sr" ? kReportClasses[0] : kPictureClasses[0]));
    }
    for (const auto& [uid, one] : archive) {
        CHECK(one.sop_class == (one.kind == "sr" ? kReportClasses[2] : kPictureClasses[1]));
    }
}

TEST_CASE("a class that is refused later leads to one more object and no second of any other",
          "[tools]") {
    NodeHarness harness;
    read_one(harness, {.seed = 3, .lesions = {kNodule}});
    auto& context = harness.context();
    const auto before = harness.results();
    const auto job = context.jobs.claim(storage::Lane::deliver("archive"), 60'000).value();
    REQUIRE(context.outbox.result(job.subject)->kind == "sr");
    context.peer_classes.remember("archive", kReportClasses[0], false);
    REQUIRE(context.outbox.make_again(job, "takes another class"));
    REQUIRE(harness.report_all() == 1);

    CHECK(harness.results().size() == before.size() + 1);
    CHECK(waiting_for(harness, "pacs").size() == 2);
    const auto archive = waiting_for(harness, "archive");
    REQUIRE(archive.size() == 2);
    for (const auto& [uid, one] : archive) {
        if (one.kind == "sr") CHECK(one.sop_class == kReportClasses[1]);
    }
}

TEST_CASE("a threshold of its own decides for its destination and for nobody else", "[tools]") {
    NodeHarness harness;
    harness.receive({.seed = 3, .lesions = {kNodule}});
    harness.hang_up();
    harness.infer_all();
    const auto score = score_of(inference::from_json(harness.images().at(0).result_json), "nodule");
    REQUIRE(score > 0.5);
    REQUIRE(score < 1.0);
    harness.settings.destinations[0].send_if_found = {ResultKind::overlay};
    harness.settings.destinations[0].send = {ResultKind::report};
    harness.settings.thresholds = {threshold("pacs", score + (1 - score) / 2)};
    REQUIRE(harness.report_all() == 1);
    CHECK(kinds_for(harness, "pacs") == std::vector<std::string>{"sr"});
    CHECK(kinds_for(harness, "archive") == std::vector<std::string>{"overlay", "sr"});
    CHECK_THAT(report_for(harness, "pacs"), Catch::Contains("No finding above threshold"));
    CHECK_THAT(report_for(harness, "archive"), !Catch::Contains("No finding above threshold"));
}

TEST_CASE("what is undetermined goes where findings go, for nobody has ruled it out", "[tools]") {
    for (const auto answer : {inference::Answer::absent, inference::Answer::undetermined}) {
        JudgedImage judged;
        auto& source = judged.image.source;
        source.study = source.series = Uid{"1.2.3"};
        source.sop_instance = Uid{"1.2.3.4"};
        source.sop_class = Uid{"1.2.840.10008.5.1.4.1.1.1.1"};
        auto& result = judged.image.result;
        result.verdict = inference::Verdict::no_findings;
        result.model = phantom_shelf().now()->packages().at(0).package.identity;
        result.findings.resize(1);
        result.findings[0].code = {"27925004", "SCT", "Nodule"};
        result.findings[0].name = "Lung nodule";
        result.findings[0].answer = answer;
        DeliveryPlan plan;
        plan.destination = "pacs";
        plan.if_found = {ResultKind::report};
        plan.language = Language::english;
        const auto made =
            make_planned({plan}, {judged}, {}, [](auto, const auto&) { return Earlier{}; });
        CHECK(made.size() == (answer == inference::Answer::undetermined ? 1 : 0));
    }
}

TEST_CASE("a threshold below the package's has its outline", "[tools]") {
    const TempDir dir;
    inference::Shelf shelf{std::vector<std::filesystem::path>{phantom_model()},
                           inference::ModelOptions{"cpu", 1}};
    const auto sha256 = shelf.packages().at(0).package.identity.sha256;
    const auto drawn = phantom::draw(phantom::random_recipe(11, 400, 400, {}));
    (void)phantom::write_dicom(drawn, {}, dir / "healthy.dcm");
    const auto plain = inference::examine(dir / "healthy.dcm", shelf, 0);
    const std::vector<inference::Threshold> low{{sha256, "nodule", 0.0001}};
    shelf.outline_for(low);
    const auto outlined = inference::examine(dir / "healthy.dcm", shelf, 0);
    CHECK(outlined.verdict == inference::Verdict::no_findings);

    const auto found = inference::decided_at(outlined, low);
    CHECK(found.verdict == inference::Verdict::findings);
    CHECK(found.findings.at(0).threshold == 0.0001);
    CHECK(found.findings.at(0).answer == inference::Answer::present);
    // and the plain reading is what it would be without anybody's threshold
    CHECK(inference::to_json(inference::decided_at(outlined, {})) == inference::to_json(plain));
}

TEST_CASE(
    "what names tenant and destination decides before what names one, and that before the rest",
    "[tools][tenants]") {
    conf::Settings settings;
    settings.thresholds = {threshold("", 0.1), threshold("pacs", 0.2), threshold("", 0.3),
                           threshold("pacs", 0.4)};
    settings.thresholds[2].tenant = settings.thresholds[3].tenant = "NORTH";
    const auto first = [&](const char* destination, const char* owner) {
        return thresholds_for(settings, destination, owner).at(0).value;
    };
    CHECK(first("pacs", "NORTH") == 0.4);
    CHECK(first("archive", "NORTH") == 0.3);
    CHECK(first("pacs", "SOUTH") == 0.2);
    CHECK(first("pacs", "") == 0.2);
    CHECK(first("archive", "") == 0.1);
    CHECK(thresholds_for(settings, "archive", "").size() == 1);
}

TEST_CASE("a tenant's order has its language and its destinations, and a rendering of its own",
          "[tools][tenants]") {
    NodeHarness harness;
    auto& settings = harness.settings;
    auto& north = settings.tenants.emplace_back();
    north.ae_title = AeTitle{"NORTH"};
    north.destinations = {"archive"};
    north.language = Language::korean;
    settings.destinations[1].language = Language::english;
    auto& classes = harness.context().peer_classes;
    const auto of_north = delivery_plans_of(settings, classes, "NORTH");
    REQUIRE(of_north.size() == 1);
    CHECK(of_north[0].destination == "archive");
    CHECK(of_north[0].language == Language::korean);
    const auto others = delivery_plans_of(settings, classes);
    REQUIRE(others.size() == 1);
    CHECK(others[0].destination == "pacs");
    CHECK(others[0].language == Language::english);
    const auto gone = delivery_plans_of(settings, classes, "SOUTH");
    REQUIRE(gone.size() == 1);
    CHECK(gone[0].destination.empty());  // the result stays here

    harness.receive({.seed = 3, .lesions = {kNodule}});
    harness.hang_up();
    harness.infer_all();
    const auto image = harness.images().at(0);
    const JudgedImage judged{
        {dicom_sr::read_source(harness.context().received.absolute(image.file)),
         inference::from_json(image.result_json)},
        harness.context().received.absolute(image.file)};
    Requested common;
    common.report.node_name = "BUCKY";
    common.report.software_version = BUCKY_VERSION;
    const auto renderings = [&](const std::vector<DeliveryPlan>& plans) {
        std::set<std::string> found;
        for (const auto& made :
             make_planned(plans, {judged}, common, [](auto, auto) { return Earlier{}; })) {
            found.insert(made.rendering);
        }
        return found;
    };
    CHECK(renderings(of_north) == std::set<std::string>{"for NORTH, ko"});
    CHECK(renderings(others) == std::set<std::string>{""});
}

namespace {

std::uint64_t pixels_of(const dicom_sr::Object& picture) {
    Uint16 rows = 0;
    Uint16 columns = 0;
    const auto file = dicom_sr::from_part10(picture.part10);
    REQUIRE(file->getDataset()->findAndGetUint16(DCM_Rows, rows).good());
    REQUIRE(file->getDataset()->findAndGetUint16(DCM_Columns, columns).good());
    return std::uint64_t{rows} * columns;
}

}  // namespace

TEST_CASE("what pictures will hold is told before they are made: enough, and not much more",
          "[tools]") {
    const TempDir dir;
    const auto drawn = phantom::draw(phantom::random_recipe(3, 900, 750, {kNodule}));
    JudgedImage image;
    image.file = dir / "image.dcm";
    (void)phantom::write_dicom(drawn, {}, image.file);
    image.image = {dicom_sr::read_source(image.file),
                   inference::examine(image.file, *phantom_shelf().now(), 1'795'444'205'123)};
    DeliveryPlan plain;
    plain.destination = "pacs";
    plain.always = {ResultKind::report, ResultKind::overlay, ResultKind::presentation,
                    ResultKind::segmentation};
    plain.language = Language::english;
    DeliveryPlan korean = plain;
    korean.language = Language::korean;
    DeliveryPlan words_only = plain;
    words_only.always = {ResultKind::report};
    Requested common;
    common.report.software_version = BUCKY_VERSION;
    const std::vector images{image};
    for (const auto& plans : {std::vector{plain}, {plain, korean}, {plain, plain}, {words_only}}) {
        std::uint64_t made = 0;
        std::uint64_t pixels = 0;  // of a picture, which are held in several forms
        for (const auto& one :
             make_planned(plans, images, common, [](auto&&...) { return Earlier{}; })) {
            made += one.object.part10.size();
            if (one.object.kind == ResultKind::overlay) pixels = pixels_of(one.object);
        }
        const auto told = bytes_to_make(plans, images, common);
        INFO(plans.size() << " orders, " << made << " bytes made, " << told << " told");
        CHECK(told >= made);
        CHECK(told < 20 * pixels + 10 * made + 1'000'000);
    }
    CHECK(bytes_to_make({plain}, images, common) == bytes_to_make({plain, plain}, images, common));
}

TEST_CASE("a threshold for another version, other weights or no finding is refused with the reason",
          "[tools]") {
    NodeHarness harness;
    auto& settings = harness.settings;
    settings.thresholds = {threshold("pacs", 0.6)};
    CHECK_NOTHROW(check_thresholds(settings, "bucky.toml"));

    auto wrong = threshold("pacs", 0.6);
    const auto refused = [&](const std::string& words) {
        wrong.line = 7;
        settings.thresholds = {threshold("pacs", 0.6), wrong};
        CHECK_THROWS_WITH(check_thresholds(settings, "bucky.toml"),
                          Catch::Contains("bucky.toml:7: threshold.") && Catch::Contains(words));
        wrong = threshold("pacs", 0.6);
    };
    wrong.version = "0.9.0";
    refused("is for cxr-phantom 0.9.0, but cxr-phantom 1.1.0 is configured");
    wrong.sha256 = std::string(64, 'a');
    refused("is for other weights than those of cxr-phantom 1.1.0");
    wrong.model = "cxr-other";
    refused("no model package of inference.models is named");
    wrong.finding = "fracture";
    refused("has no finding \"fracture\"; it has nodule");
    refused("nodule has a threshold for that destination already");
}
