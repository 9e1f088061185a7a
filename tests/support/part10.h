// SPDX-License-Identifier: Apache-2.0
// Part10: a DICOM file for sending: its identifiers, and its dataset byte for byte.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "tests/support/wire_client.h"

namespace bucky::test {

struct Part10 {
    std::string sop_class, sop_instance, study, transfer_syntax;
    Bytes dataset;
};

/// Reads files that DCMTK can parse, also without preamble or file meta information; nullopt if it
/// cannot, or if SOP Class or Instance UID is missing.
std::optional<Part10> read_part10(const std::filesystem::path& file);

/// Whether the file contains this text, such as an SR the UID of an image.
bool mentions(const std::filesystem::path& file, const std::string& text);

}  // namespace bucky::test
