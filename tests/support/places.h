// SPDX-License-Identifier: Apache-2.0
// Places: the paths of the programs that a test starts and of the samples that it may use.
#pragma once

#include <filesystem>
#include <optional>

namespace bucky::test {

std::filesystem::path source_dir();
std::filesystem::path bucky_program();          ///< the daemon under test
std::filesystem::path fake_pacs_program();      ///< a peer that can misbehave
std::filesystem::path fake_modality_program();  ///< a peer that requests storage commitment
std::filesystem::path phantom_model();          ///< the package in the repository

/// Real X-rays that are not in the repository: the folder BUCKY_SHARED, else ../shared beside the
/// source. If there is neither: nullopt, and one line "skipped: ..." on stdout.
std::optional<std::filesystem::path> shared_dir();

}  // namespace bucky::test
