// SPDX-License-Identifier: Apache-2.0
// Places: where a test finds the programs it starts and the samples it may use.
#pragma once

#include <filesystem>
#include <optional>

namespace bucky::test {

std::filesystem::path source_dir();
std::filesystem::path bucky_program();          ///< the daemon under test, as it is installed
std::filesystem::path fake_pacs_program();      ///< a peer that misbehaves on demand
std::filesystem::path fake_modality_program();  ///< one that demands storage commitment
std::filesystem::path phantom_model();          ///< the package that is kept in the repository

/// Real X-rays that are not part of the repository: the folder that BUCKY_SHARED names, else
/// ../shared beside the source. Nothing, and one line "skipped: ..." on stdout, when neither is
/// there.
std::optional<std::filesystem::path> shared_dir();

}  // namespace bucky::test
