// SPDX-License-Identifier: Apache-2.0
// Small DICOM files and model packages made by the tests of inference/.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "conf/base/error.h"
#include "tests/support/torch_models.h"

class DcmDataset;

namespace bucky::test {

inline constexpr const char* kImplicitLittle = "1.2.840.10008.1.2";
inline constexpr const char* kExplicitLittle = "1.2.840.10008.1.2.1";
inline constexpr const char* kDeflated = "1.2.840.10008.1.2.1.99";
inline constexpr const char* kBigEndian = "1.2.840.10008.1.2.2";
inline constexpr const char* kRle = "1.2.840.10008.1.2.5";
inline constexpr const char* kJpegBaseline = "1.2.840.10008.1.2.4.50";
inline constexpr const char* kJpegExtended = "1.2.840.10008.1.2.4.51";
inline constexpr const char* kJpegLossless14 = "1.2.840.10008.1.2.4.57";
inline constexpr const char* kJpegLosslessSv1 = "1.2.840.10008.1.2.4.70";
inline constexpr const char* kJpegLsLossless = "1.2.840.10008.1.2.4.80";
inline constexpr const char* kJpegLsNear = "1.2.840.10008.1.2.4.81";
inline constexpr const char* kJpeg2000Lossless = "1.2.840.10008.1.2.4.90";
inline constexpr const char* kJpeg2000 = "1.2.840.10008.1.2.4.91";
inline constexpr const char* kHtj2kLossless = "1.2.840.10008.1.2.4.201";
inline constexpr const char* kHtj2kRpclLossless = "1.2.840.10008.1.2.4.202";
inline constexpr const char* kHtj2k = "1.2.840.10008.1.2.4.203";

/// A frontal chest radiograph by its header; the pixels are a picture of gradients.
struct Recipe {
    std::uint16_t rows = 40, columns = 56;
    std::uint16_t allocated = 16, stored = 12;
    int high_bit = -1;  ///< -1: stored - 1
    bool is_signed = false;
    int frames = 1;
    std::string photometric = "MONOCHROME2";
    std::string syntax = kExplicitLittle;
    std::vector<std::uint16_t> samples = {};     ///< as stored; empty: gradients
    std::function<void(DcmDataset&)> edit = {};  ///< applied before encoding
    bool edit_last = false;  ///< after encoding: DCMTK's lossy encoders apply LUTs
};

/// The samples of a recipe without any: every row and column differs, and all bits are used.
std::vector<std::uint16_t> gradients(const Recipe& recipe);

void write_dicom(const std::filesystem::path& file, const Recipe& recipe);

std::string bytes_of(const std::filesystem::path& file);
void write_bytes(const std::filesystem::path& file, const std::string& bytes);

/// The Error that `action` throws; fails the test if it throws none.
Error error_of(const std::function<void()>& action);

/// BUCKY_SHARED, or the folder shared beside the source root; empty if there is none.
std::filesystem::path shared_folder();

/// model.toml of a package with these weights, an input of 64 x 64 and the findings left_spot,
/// right_spot.
std::string manifest_for(const std::filesystem::path& weights);

/// Writes a whole package into `folder`.
void write_package(const std::filesystem::path& folder,
                   Behaviour behaviour = Behaviour::bright_spots);

/// Writes the package of a gate into `folder`; its seven answers are read from the rows of the
/// picture.
void write_gate(const std::filesystem::path& folder);

}  // namespace bucky::test
