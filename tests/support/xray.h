// SPDX-License-Identifier: Apache-2.0
// Xray: a computer-generated radiograph in a file, with the outlines of its lesions.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "inference/findings.h"
#include "tools/phantom/draw.h"
#include "tools/phantom/write.h"

namespace bucky::test {

struct Xray {
    std::filesystem::path file;
    phantom::Written uids;
    std::vector<phantom::Lesion> lesions;
};

struct XrayOptions {
    std::uint64_t seed = 1;
    std::vector<phantom::Finding> lesions = {};
    int rows = 512, columns = 512;
    phantom::DicomOptions dicom = {};
};

/// Draws it and writes it into `dir`, named by its SOP Instance UID.
Xray write_xray(const std::filesystem::path& dir, const XrayOptions& options);

/// The overlap of the planted lesion and the found outline: intersection over union of the two
/// masks, 0..1.
double overlap(const phantom::Lesion& planted, const inference::Region& found, int rows,
               int columns);

}  // namespace bucky::test
