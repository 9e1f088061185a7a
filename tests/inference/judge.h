// SPDX-License-Identifier: Apache-2.0
// Two independent decoders for the same file: DCMTK's DicomImage for display values, and pydicom
// with GDCM for stored values (judge.py, one start for any number of files).
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "inference/pixels/display.h"
#include "inference/pixels/image.h"
#include "tests/support/temp_dir.h"

namespace bucky::test {

/// Compares the stored values of many images at once.
class StoredValuesJudge {
public:
    /// Adds the result of decode() for `file`, whose high bit is `high_bit`. The file must stay.
    void add(const std::filesystem::path& file, const inference::Frame& frame, unsigned high_bit);

    struct Verdict {
        std::filesystem::path file;
        std::optional<long> difference;  ///< the largest; nullopt when pydicom cannot decode it
        std::string words;               ///< why pydicom cannot decode it
    };
    std::vector<Verdict> judge();

private:
    TempDir dir_;
    std::vector<std::filesystem::path> files_;
    std::string questions_;
};

/// The picture by the first VOI LUT or window of the header, whatever it makes of the grey scale.
inference::GreyPicture by_the_header(const std::filesystem::path& file);

/// The largest difference of a picture to DCMTK's rendering of the first frame with the first VOI
/// LUT or window; nullopt if DCMTK cannot render it or there is neither. Padding and pixels hidden
/// by a shutter are left out, because DicomImage has no rule for them.
std::optional<int> difference_to_dcmtk(const std::filesystem::path& file,
                                       const inference::Image& image,
                                       const inference::GreyPicture& picture);

}  // namespace bucky::test
