// SPDX-License-Identifier: Apache-2.0
// Files of many makers, where the shared folder has them: no crash, an image or an Error with
// words, and the picture that DCMTK renders.
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <set>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmimgle/dcmimage.h>
#include <catch2/catch.hpp>

#include "inference/decode.h"
#include "inference/display.h"
#include "inference/header.h"
#include "tests/inference/support.h"

using namespace bucky;
using namespace bucky::inference;

namespace {

std::vector<std::filesystem::path> samples() {
    const auto folder = test::shared_folder() / "samples" / "dicom";
    std::vector<std::filesystem::path> files;
    if (!std::filesystem::is_directory(folder)) return files;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() == ".dcm") files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    return files;
}

/// The largest difference to DCMTK's own rendering; nothing where it has no rule to compare.
std::optional<int> difference_to_dcmtk(const std::filesystem::path& file,
                                       const GreyPicture& picture) {
    DicomImage image(file.c_str(), 0, 0, 1);  // the first frame
    if (image.getStatus() != EIS_Normal) return std::nullopt;
    const bool ruled = image.getVoiLutCount() > 0   ? image.setVoiLut(0) != 0
                       : image.getWindowCount() > 0 ? image.setWindow(0) != 0
                                                    : false;
    std::vector<std::uint8_t> pixels(image.getOutputDataSize(8));
    if (!ruled || image.getOutputData(pixels.data(), pixels.size(), 8) == 0) return std::nullopt;
    REQUIRE(pixels.size() == picture.pixels.size());
    int largest = 0;
    for (std::size_t i = 0; i < pixels.size(); ++i) {
        largest = std::max(largest, std::abs(pixels[i] - picture.pixels[i]));
    }
    return largest;
}

}  // namespace

TEST_CASE("files of many makers are an image or an Error with words", "[inference][samples]") {
    const auto files = samples();
    if (files.empty()) {
        std::cout << "skipped: no shared folder with samples\n";
        return;
    }
    std::size_t images = 0;
    std::size_t compared = 0;
    for (const auto& file : files) {
        CAPTURE(file.filename().string());
        try {
            const Header header = read_header(file);
            const GreyPicture picture = render_for_display(file);
            CHECK(picture.rows == header.rows);
            CHECK(picture.columns == header.columns);
            ++images;
            if (const auto difference = difference_to_dcmtk(file, picture)) {
                CHECK(*difference <= 1);
                ++compared;
            }
        } catch (const Error& error) {
            CHECK(std::string(error.what()).size() > 20);
            CHECK(error.fault() != Fault::bug);
            if (std::getenv("BUCKY_VERBOSE") != nullptr) {
                std::cout << file.filename() << ": " << error.what() << '\n';
            }
        }
    }
    std::cout << files.size() << " samples: " << images << " images, " << compared
              << " compared with DCMTK's rendering\n";
    CHECK(images > files.size() / 2);
    CHECK(compared > files.size() / 4);
}
