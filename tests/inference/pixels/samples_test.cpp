// SPDX-License-Identifier: Apache-2.0
// Files of many manufacturers, if the shared folder has them: no crash, an image or an Error with a
// message, and the same picture as DCMTK renders.
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <set>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <catch2/catch.hpp>

#include "inference/pixels/decode.h"
#include "inference/pixels/display.h"
#include "inference/pixels/header.h"
#include "tests/inference/judge.h"
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

bool is_lossy(const std::string& syntax) {
    return syntax.ends_with(".4.50") || syntax.ends_with(".4.51") || syntax.ends_with(".4.81") ||
           syntax.ends_with(".4.91");
}

unsigned high_bit_of(const std::filesystem::path& file) {
    DcmFileFormat format;
    Uint16 high_bit = 0;
    (void)format.loadFileUntilTag(OFFilename(file.c_str()), EXS_Unknown, EGL_noChange, 1024,
                                  ERM_autoDetect, DCM_PixelData);
    (void)format.getDataset()->findAndGetUint16(DCM_HighBit, high_bit);
    return high_bit;
}

}  // namespace

TEST_CASE("files of many manufacturers give an image or an Error with a message",
          "[inference][samples]") {
    const auto files = samples();
    if (files.empty()) {
        std::cout << "skipped: no shared folder with samples\n";
        return;
    }
    std::size_t images = 0;
    std::size_t compared = 0;
    test::StoredValuesJudge judge;
    std::vector<bool> lossy;
    for (const auto& file : files) {
        CAPTURE(file.filename().string());
        try {
            const Header header = read_header(file);
            const Image image = decode(file);
            const GreyPicture picture = test::by_the_header(file);
            CHECK(picture.rows == header.rows);
            CHECK(picture.columns == header.columns);
            ++images;
            judge.add(file, image.frame, high_bit_of(file));
            lossy.push_back(is_lossy(header.transfer_syntax));
            if (const auto difference = test::difference_to_dcmtk(file, image, picture)) {
                CHECK(*difference <= 1);
                ++compared;
            }
        } catch (const Error& error) {  // the expected alternative to an image
            CHECK(std::string(error.what()).size() > 20);
            CHECK(error.fault() != Fault::bug);
            if (std::getenv("BUCKY_VERBOSE") != nullptr) {
                std::cout << file.filename() << ": " << error.what() << '\n';
            }
        }
    }
    std::size_t judged = 0;
    const auto verdicts = judge.judge();
    REQUIRE(verdicts.size() == images);
    for (std::size_t i = 0; i < verdicts.size(); ++i) {
        INFO(verdicts[i].file.filename() << ": " << verdicts[i].words);
        if (!verdicts[i].difference) continue;
        CHECK(*verdicts[i].difference <= (lossy[i] ? 4 : 0));
        ++judged;
    }
    std::cout << files.size() << " samples: " << images << " images, " << compared
              << " beside DCMTK's rendering, " << judged << " beside pydicom with GDCM\n";
    CHECK(judged > images * 3 / 4);
    CHECK(images > files.size() / 2);
    CHECK(compared > files.size() / 4);
}
