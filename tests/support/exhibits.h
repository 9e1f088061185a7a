// SPDX-License-Identifier: Apache-2.0
// Exhibits: every object that a test makes is kept in one folder until the judges have checked it.
//
// ctest names the folder (BUCKY_EXHIBITS) and runs tests/judges/judge.py on it after the last test.
// Without the variable nothing is kept. A RunningNode keeps the objects of its node. In tests of
// dicom_sr and tools the linker wraps to_part10 with exhibit_witness.cpp, so that no test can
// forget it. An object is kept once: its name is its UID or the hash of its bytes, and its size.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

namespace bucky::test {

/// Keeps every .dcm in a node's results folder, each named by its SOP Instance UID. A second object
/// with the same UID is kept only if its size differs: objects that are sent again differ only in
/// their times.
void exhibit_results(const std::filesystem::path& folder);

/// Keeps the bytes of a Part 10 file.
void exhibit(std::span<const std::uint8_t> part10);

/// While an object of this class exists, nothing is kept: for objects that are invalid on purpose,
/// or made a thousand times.
class NotForJudges {
public:
    NotForJudges() noexcept;
    NotForJudges(const NotForJudges&) = delete;
    NotForJudges& operator=(const NotForJudges&) = delete;
    ~NotForJudges();
};

/// Whether these bytes are kept.
bool is_exhibited(std::span<const std::uint8_t> part10);

}  // namespace bucky::test
