// SPDX-License-Identifier: Apache-2.0
// Judges: software by others that says whether our objects are DICOM. Each returns its complaints,
// one a string; none is what we want.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace bucky::test {

/// dicom3tools' dciodvfy: its lines that say Error.
std::vector<std::string> dciodvfy_errors(const std::filesystem::path& file);

/// PixelMed's DicomSRValidator: its lines that say Error.
std::vector<std::string> pixelmed_sr_errors(const std::filesystem::path& file);

/// DCMTK's dsrdump: the report as text; empty when it cannot read it.
std::string dsrdump(const std::filesystem::path& file);

/// The value of one attribute ("0020,000d") as DCMTK's dcmdump reads it; empty when absent.
std::string attribute(const std::filesystem::path& file, const std::string& tag);

}  // namespace bucky::test
