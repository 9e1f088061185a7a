// SPDX-License-Identifier: Apache-2.0
// A package that names its equipment reads images of no other; a demonstration must.
#include <filesystem>
#include <string>
#include <vector>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <catch2/catch.hpp>

#include "inference/examine/examine.h"
#include "inference/package/eligibility.h"
#include "tests/inference/support.h"
#include "tests/support/open_model.h"
#include "tests/support/temp_dir.h"
#include "tools/phantom/draw.h"
#include "tools/phantom/write.h"

using namespace bucky;
using namespace bucky::inference;
using namespace bucky::test;

namespace {

using Edit = std::function<void(DcmDataset&)>;

Edit text(const DcmTagKey& tag, const char* value) {
    return [=](DcmDataset& dataset) { dataset.putAndInsertString(tag, value); };
}

Edit without(const DcmTagKey& tag) {
    return [=](DcmDataset& dataset) { delete dataset.remove(tag); };
}

Edit both(const Edit& one, const Edit& other) {
    return [=](DcmDataset& dataset) {
        one(dataset);
        other(dataset);
    };
}

Accepts chest() {
    Accepts accepts;
    accepts.sop_classes = {UID_DigitalXRayImageStorageForPresentation};
    accepts.modalities = {"DX"};
    accepts.body_parts = {"CHEST"};
    accepts.views = {"PA"};
    return accepts;
}

std::vector<Reason> refusals_of(const Edit& edit, const Accepts& accepts) {
    const TempDir dir;
    Recipe recipe;
    recipe.edit = edit;
    write_dicom(dir / "image.dcm", recipe);
    return refusals(read_header(dir / "image.dcm"), accepts);
}

std::filesystem::path demonstration() {
    return std::filesystem::path(BUCKY_SOURCE_DIR) / "models" / "cxr-phantom";
}

/// A phantom's file after a change to its dataset.
std::filesystem::path phantom_with(const Edit& edit, const TempDir& dir) {
    const auto drawn = phantom::draw(phantom::random_recipe(1, 320, 320, {}));
    const auto path = dir / "image.dcm";
    phantom::write_dicom(drawn, {}, path);
    DcmFileFormat file;
    REQUIRE(file.loadFile(path.c_str()).good());
    edit(*file.getDataset());
    REQUIRE(file.saveFile(path.c_str()).good());
    return path;
}

}  // namespace

TEST_CASE("a package that names its equipment takes images of no other", "[inference]") {
    Accepts accepts = chest();
    accepts.equipment = {{"Maker", "", ""}, {"", "Stand 2", "1.2.3"}};
    const auto key_of = [&](const Edit& edit) {
        const auto found = refusals_of(edit, accepts);
        return found.empty() ? std::string("taken") : found.front().key;
    };
    const Edit stand = text(DCM_ManufacturerModelName, "Stand 2");
    CHECK(key_of(text(DCM_Manufacturer, "Maker")) == "taken");
    CHECK(key_of(stand) == "taken");  // its UID begins with 1.2.3.
    CHECK(key_of(both(stand, text(DCM_SOPInstanceUID, "1.2.33.4"))) == "equipment.not_taken");
    CHECK(key_of(text(DCM_ManufacturerModelName, "Stand 3")) == "equipment.not_taken");
    CHECK(key_of(text(DCM_Manufacturer, "Maker & Co")) == "equipment.not_taken");
    CHECK(key_of(without(DCM_Manufacturer)) == "equipment.not_taken");
    CHECK_THAT(refusals_of(text(DCM_Manufacturer, "Other"), accepts).at(0).text,
               Catch::Contains("\" of \"Other\": the model was not made for its images"));
}

TEST_CASE("a demonstration refuses every image that lacks one of the marks of its own",
          "[inference]") {
    const auto accepts = read_package(demonstration()).accepts;
    const TempDir dir;
    const auto key_of = [&](const Edit& edit) {
        const auto found = refusals(read_header(phantom_with(edit, dir)), accepts);
        return found.empty() ? std::string("taken") : found.front().key;
    };
    CHECK(key_of([](DcmDataset&) {}) == "taken");
    // A PACS that coerces names or gives new UIDs makes of it a film like any other.
    CHECK(key_of(text(DCM_ManufacturerModelName, "DR-XD 1000")) == "model.demonstration");
    CHECK(key_of(without(DCM_ManufacturerModelName)) == "model.demonstration");
    CHECK(key_of(text(DCM_Manufacturer, "FUJIFILM")) == "model.demonstration");
    CHECK(key_of(text(DCM_SOPInstanceUID, "1.2.276.0.1")) == "model.demonstration");
    CHECK(key_of(text(DCM_SOPInstanceUID, "2.251.1")) == "model.demonstration");
    // It is the first reason, whatever else is wrong.
    CHECK(key_of(both(text(DCM_Manufacturer, "FUJIFILM"), text(DCM_Modality, "CT"))) ==
          "model.demonstration");
    CHECK(key_of(text(DCM_ViewPosition, "LL")) == "view.not_taken");
}

TEST_CASE("a demonstration neither answers nor shadows a film of a patient", "[inference]") {
    const TempDir dir;
    const auto film = phantom_with(text(DCM_Manufacturer, "FUJIFILM"), dir);
    const Shelf alone({demonstration()}, ModelOptions{"cpu", 1});
    const auto result = examine(film, alone, 0);
    CHECK(result.verdict == Verdict::not_analysed);
    REQUIRE(result.reason);
    CHECK(result.reason->key == "model.demonstration");
    CHECK_THAT(result.reason->text, Catch::Contains("a demonstration for computer-generated"));
    CHECK_FALSE(result.model);
    CHECK(examine(film, alone, 0, in_process(), {.folders = {}, .name = "cxr-phantom"}).verdict ==
          Verdict::not_analysed);

    const auto load = [](const Package& package) {
        return load_torch_model(package.weights, ModelOptions{"cpu", 1});
    };
    const Shelf shadow({Placed{demonstration(), true}}, load);
    CHECK(examine_by_shadows(film, shadow, 0).empty());
    CHECK(examine_by_shadows(phantom_with([](DcmDataset&) {}, dir), shadow, 0).size() == 1);
}

TEST_CASE("where another package refused the image, too, its reason is told", "[inference]") {
    const TempDir dir;
    const Shelf both_there({demonstration(), write_open_model(dir / "open")},
                           ModelOptions{"cpu", 1});
    const auto reason_of = [&](const Edit& edit) {
        return examine(phantom_with(both(text(DCM_Manufacturer, "FUJIFILM"), edit), dir),
                       both_there, 0)
            .reason;
    };
    CHECK(reason_of(text(DCM_ViewPosition, "LL"))->key == "view.not_taken");
    CHECK(examine(phantom_with(text(DCM_Manufacturer, "FUJIFILM"), dir), both_there, 0)
              .model.value()
              .name == kOpenModel);  // the other one takes it
}
