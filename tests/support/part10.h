// SPDX-License-Identifier: Apache-2.0
// Part10: a DICOM file as a sender sees it: its identifiers, and its dataset byte for byte.
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

/// Reads what DCMTK can identify, also without preamble or file meta information; nothing when it
/// cannot, or when there is no SOP Class or Instance UID.
std::optional<Part10> read_part10(const std::filesystem::path& file);

/// The file holds this text somewhere: does an SR name that image?
bool mentions(const std::filesystem::path& file, const std::string& text);

}  // namespace bucky::test
