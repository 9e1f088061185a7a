// SPDX-License-Identifier: Apache-2.0
// Wraps the product's to_part10 in a test program (ld --wrap, see tests/CMakeLists.txt): every
// object that a test writes with it is kept for the judges.
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "dcmtk/config/osconfig.h"
// osconfig.h comes first in every file that uses DCMTK
#include "dcmtk/dcmdata/dcdatset.h"

#include "tests/support/exhibits.h"

// The linker's names of bucky::dicom_sr::to_part10: the wrapper and the real function, then the
// same for the overload with pixels.
extern "C" {
std::vector<std::uint8_t> real_to_part10(std::unique_ptr<DcmDataset> dataset) asm(
    "__real__ZN5bucky8dicom_sr9to_part10ESt10unique_ptrI10DcmDatasetSt14default_deleteIS2_EE");
std::vector<std::uint8_t> wrapped_to_part10(std::unique_ptr<DcmDataset> dataset) asm(
    "__wrap__ZN5bucky8dicom_sr9to_part10ESt10unique_ptrI10DcmDatasetSt14default_deleteIS2_EE");
std::vector<std::uint8_t>
real_with_pixels(std::unique_ptr<DcmDataset> dataset, std::span<const std::uint8_t> pixels) asm(
    "__real__ZN5bucky8dicom_sr9to_part10ESt10unique_ptrI10DcmDatasetSt14default_deleteIS2_EE"
    "St4spanIKhLm18446744073709551615EE");
std::vector<std::uint8_t>
wrapped_with_pixels(std::unique_ptr<DcmDataset> dataset, std::span<const std::uint8_t> pixels) asm(
    "__wrap__ZN5bucky8dicom_sr9to_part10ESt10unique_ptrI10DcmDatasetSt14default_deleteIS2_EE"
    "St4spanIKhLm18446744073709551615EE");
}

std::vector<std::uint8_t> wrapped_with_pixels(std::unique_ptr<DcmDataset> dataset,
                                              std::span<const std::uint8_t> pixels) {
    auto bytes = real_with_pixels(std::move(dataset), pixels);
    bucky::test::exhibit(bytes);
    return bytes;
}

std::vector<std::uint8_t> wrapped_to_part10(std::unique_ptr<DcmDataset> dataset) {
    auto bytes = real_to_part10(std::move(dataset));
    bucky::test::exhibit(bytes);
    return bytes;
}
