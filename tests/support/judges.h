// SPDX-License-Identifier: Apache-2.0
// Judges: independent software that checks whether our objects are valid DICOM. Each function
// returns the complaints; an empty list means valid.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace bucky::test {

/// The lines with "Error" of dicom3tools' dciodvfy.
std::vector<std::string> dciodvfy_errors(const std::filesystem::path& file);

/// The lines with "Error" of PixelMed's DicomSRValidator.
std::vector<std::string> pixelmed_sr_errors(const std::filesystem::path& file);

/// The report as text, by DCMTK's dsrdump; empty when dsrdump cannot read it.
std::string dsrdump(const std::filesystem::path& file);

/// The value of one attribute ("0020,000d") as DCMTK's dcmdump reads it; empty when absent.
std::string attribute(const std::filesystem::path& file, const std::string& tag);

}  // namespace bucky::test
