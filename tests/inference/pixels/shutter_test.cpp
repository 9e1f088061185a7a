// SPDX-License-Identifier: Apache-2.0
#include "inference/pixels/shutter.h"

#include <algorithm>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <catch2/catch.hpp>

#include "inference/pixels/decode.h"
#include "inference/pixels/display.h"
#include "inference/pixels/grey_rules.h"
#include "tests/inference/support.h"
#include "tests/support/temp_dir.h"

using namespace bucky;
using namespace bucky::inference;
using namespace bucky::test;

namespace {

constexpr std::uint32_t kRows = 20, kColumns = 30;

std::vector<std::uint8_t> hidden_by(const std::function<void(DcmDataset&)>& put,
                                    double pixel_ratio = 1) {
    DcmDataset dataset;
    put(dataset);
    return read_shutter(dataset, kRows, kColumns, pixel_ratio);
}

bool shows(const std::vector<std::uint8_t>& hidden, std::uint32_t row, std::uint32_t column) {
    return hidden.at((row - 1) * kColumns + column - 1) == 0;  // from 1, as in the attributes
}

void put_rectangle(DcmDataset& dataset) {
    dataset.putAndInsertString(DCM_ShutterShape, "RECTANGULAR");
    dataset.putAndInsertString(DCM_ShutterLeftVerticalEdge, "5");
    dataset.putAndInsertString(DCM_ShutterRightVerticalEdge, "25");
    dataset.putAndInsertString(DCM_ShutterUpperHorizontalEdge, "3");
    dataset.putAndInsertString(DCM_ShutterLowerHorizontalEdge, "18");
}

}  // namespace

TEST_CASE("a rectangular shutter shows the part between its edges", "[inference][shutter]") {
    const auto hidden = hidden_by(put_rectangle);
    CHECK(std::count(hidden.begin(), hidden.end(), 0) == 21 * 16);
    CHECK(shows(hidden, 3, 5));
    CHECK(shows(hidden, 18, 25));
    CHECK_FALSE(shows(hidden, 2, 10));
    CHECK_FALSE(shows(hidden, 10, 4));
    CHECK_FALSE(shows(hidden, 10, 26));
}

TEST_CASE("a circular shutter counts its radius in columns", "[inference][shutter]") {
    const auto put = [](DcmDataset& dataset) {
        dataset.putAndInsertString(DCM_ShutterShape, "CIRCULAR");
        dataset.putAndInsertString(DCM_CenterOfCircularShutter, "10\\15");
        dataset.putAndInsertString(DCM_RadiusOfCircularShutter, "8");
    };
    const auto round = hidden_by(put);
    CHECK(shows(round, 2, 15));
    CHECK_FALSE(shows(round, 1, 15));
    CHECK(shows(round, 10, 7));
    CHECK_FALSE(shows(round, 10, 6));
    const auto flat = hidden_by(put, 2);  // pixels twice as high
    CHECK(shows(flat, 6, 15));
    CHECK_FALSE(shows(flat, 5, 15));
}

TEST_CASE("a polygonal shutter may have corners that point inwards", "[inference][shutter]") {
    const auto hidden = hidden_by([](DcmDataset& dataset) {
        dataset.putAndInsertString(DCM_ShutterShape, "POLYGONAL");
        // a W: row and column of each vertex
        dataset.putAndInsertString(DCM_VerticesOfThePolygonalShutter,
                                   "2\\2\\18\\2\\18\\28\\2\\28\\12\\15");
    });
    CHECK(shows(hidden, 4, 3));
    CHECK(shows(hidden, 4, 27));
    CHECK_FALSE(shows(hidden, 4, 15));
    CHECK(shows(hidden, 16, 15));
    CHECK_FALSE(shows(hidden, 19, 15));
}

TEST_CASE("several shutters show only what each of them shows", "[inference][shutter]") {
    const auto hidden = hidden_by([](DcmDataset& dataset) {
        put_rectangle(dataset);
        dataset.putAndInsertString(DCM_ShutterShape, "RECTANGULAR\\CIRCULAR");
        dataset.putAndInsertString(DCM_CenterOfCircularShutter, "3\\5");
        dataset.putAndInsertString(DCM_RadiusOfCircularShutter, "4");
    });
    CHECK(shows(hidden, 3, 5));
    CHECK(shows(hidden, 6, 6));
    CHECK_FALSE(shows(hidden, 3, 4));    // in the circle, not in the rectangle
    CHECK_FALSE(shows(hidden, 10, 10));  // in the rectangle, not in the circle
}

TEST_CASE("a shutter that is incomplete or hides everything is ignored", "[inference][shutter]") {
    CHECK(hidden_by([](DcmDataset&) {}).empty());
    CHECK(hidden_by([](DcmDataset& dataset) {
              put_rectangle(dataset);
              delete dataset.remove(DCM_ShutterLowerHorizontalEdge);
          }).empty());
    CHECK(hidden_by([](DcmDataset& dataset) {
              put_rectangle(dataset);
              dataset.putAndInsertString(DCM_ShutterRightVerticalEdge, "4");
          }).empty());
    CHECK(hidden_by([](DcmDataset& dataset) {
              dataset.putAndInsertString(DCM_ShutterShape, "CIRCULAR");
              dataset.putAndInsertString(DCM_CenterOfCircularShutter, "-2000000000\\2000000000");
              dataset.putAndInsertString(DCM_RadiusOfCircularShutter, "2000000000");
          }).empty());
}

TEST_CASE("the picture is black under a shutter, also of a MONOCHROME1 image",
          "[inference][shutter]") {
    const TempDir dir;
    Recipe recipe;
    recipe.rows = kRows;
    recipe.columns = kColumns;
    recipe.photometric = "MONOCHROME1";
    recipe.samples.assign(kRows * kColumns, 0);  // white
    recipe.edit = [](DcmDataset& dataset) {
        put_rectangle(dataset);
        dataset.putAndInsertString(DCM_WindowCenter, "2048");
        dataset.putAndInsertString(DCM_WindowWidth, "4096");
    };
    write_dicom(dir / "image.dcm", recipe);
    const auto picture = render_for_display(dir / "image.dcm");
    CHECK(picture.pixels[0] == 0);
    CHECK(picture.pixels[9 * kColumns + 9] == 255);
}

TEST_CASE("the shape of a pixel comes from the first attribute that has one",
          "[inference][shutter]") {
    const auto ratio = [](const std::function<void(DcmDataset&)>& put) {
        DcmDataset dataset;
        put(dataset);
        return read_pixel_ratio(dataset);
    };
    const auto text = [](const DcmTagKey& tag, const char* value) {
        return [=](DcmDataset& dataset) { dataset.putAndInsertString(tag, value); };
    };
    CHECK(ratio([](DcmDataset&) {}) == 1);
    CHECK(ratio(text(DCM_PixelSpacing, "0.3\\0.15")) == Approx(2));
    CHECK(ratio(text(DCM_ImagerPixelSpacing, "0.1\\0.2")) == Approx(0.5));
    CHECK(ratio(text(DCM_PixelAspectRatio, "4\\3")) == Approx(4 / 3.0));
    CHECK(ratio(text(DCM_PixelAspectRatio, "01")) == 1);        // seen in practice: half a value
    CHECK(ratio(text(DCM_PixelSpacing, "0.000\\0.000")) == 1);  // seen in practice
    CHECK(ratio(text(DCM_PixelSpacing, "100\\0.1")) == 1);
    CHECK(ratio([](DcmDataset& dataset) {
              dataset.putAndInsertString(DCM_PixelSpacing, "0\\0");
              dataset.putAndInsertString(DCM_PixelAspectRatio, "1\\2");
          }) == Approx(0.5));
}
