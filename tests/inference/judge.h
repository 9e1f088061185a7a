// SPDX-License-Identifier: Apache-2.0
// Two decoders that are not ours, for the same file: DCMTK's DicomImage for what is displayed, and
// pydicom with GDCM for what is stored (judge.py, one start for any number of files).
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "inference/pixels/display.h"
#include "inference/pixels/image.h"
#include "tests/support/temp_dir.h"

namespace bucky::test {

/// The stored values of many images, compared at once.
class StoredValuesJudge {
public:
    /// What decode() made of `file`, whose high bit is `high_bit`. The file must stay.
    void add(const std::filesystem::path& file, const inference::Frame& frame, unsigned high_bit);

    struct Verdict {
        std::filesystem::path file;
        std::optional<long> difference;  ///< the largest; nothing when pydicom cannot
        std::string words;               ///< why it cannot
    };
    std::vector<Verdict> judge();

private:
    TempDir dir_;
    std::vector<std::filesystem::path> files_;
    std::string questions_;
};

/// The largest difference of a picture to DCMTK's own rendering of the first frame, with the first
/// VOI LUT or window; nothing where DCMTK cannot render it, or has neither. Padding and what a
/// shutter hides is left out: DicomImage has no rule for them.
std::optional<int> difference_to_dcmtk(const std::filesystem::path& file,
                                       const inference::Image& image,
                                       const inference::GreyPicture& picture);

}  // namespace bucky::test
