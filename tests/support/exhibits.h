// SPDX-License-Identifier: Apache-2.0
// Exhibits: every object that a test makes lies in one folder until the judges have seen it.
//
// ctest names the folder (BUCKY_EXHIBITS) and runs tests/judges/judge.py over it after the last
// test; without the variable nothing is kept. A RunningNode shows what its node made; in tests of
// dicom_sr and tools the linker puts exhibit_witness.cpp before to_part10, so that no test can
// forget. One object is shown once: the name is its UID or its bytes' hash, and its size.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>

namespace bucky::test {

/// Every .dcm below a node's results folder, each named by its SOP Instance UID. A second object of
/// one UID is another one only when it has another size: a resend differs in its times alone.
void exhibit_results(const std::filesystem::path& folder);

/// The bytes of a Part 10 file.
void exhibit(std::span<const std::uint8_t> part10);

/// While one lives, nothing is kept: what is made is broken on purpose, or a thousand times the
/// same.
class NotForJudges {
public:
    NotForJudges() noexcept;
    NotForJudges(const NotForJudges&) = delete;
    NotForJudges& operator=(const NotForJudges&) = delete;
    ~NotForJudges();
};

/// These bytes lie there.
bool is_exhibited(std::span<const std::uint8_t> part10);

}  // namespace bucky::test
