// SPDX-License-Identifier: Apache-2.0
#include "tests/support/places.h"

#include <cstdlib>
#include <iostream>

namespace bucky::test {

namespace fs = std::filesystem;

fs::path source_dir() {
    return BUCKY_SOURCE_DIR;
}
fs::path bucky_program() {
    const char* named = std::getenv("BUCKY_PROGRAM");  // the program of another build
    return named != nullptr ? named : BUCKY_PROGRAM;
}
fs::path fake_pacs_program() {
    return BUCKY_FAKE_PACS;
}
fs::path fake_modality_program() {
    return BUCKY_FAKE_MODALITY;
}
fs::path phantom_model() {
    return source_dir() / "models" / "cxr-phantom";
}

std::optional<fs::path> shared_dir() {
    const char* named = std::getenv("BUCKY_SHARED");
    const fs::path dir = named != nullptr ? fs::path{named} : source_dir().parent_path() / "shared";
    if (fs::is_directory(dir)) return dir;
    std::cout << "skipped: no sample images in " << dir << " (BUCKY_SHARED names another folder)\n";
    return std::nullopt;
}

}  // namespace bucky::test
