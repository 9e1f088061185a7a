// SPDX-License-Identifier: Apache-2.0
// The subcommand `bucky phantom`: writes phantoms as DICOM files and truth.json beside them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace bucky::phantom {

struct Options {
    std::filesystem::path out;
    int count = 1;
    std::uint64_t seed = 0;  // of the first phantom; each next one adds 1
    int rows = 2500;
    int columns = 2048;
    std::vector<std::string> findings;  // empty: chosen at random
    bool healthy = false;
    std::string image_class = "dx";
    std::string transfer_syntax = "explicit-little";
    int bits = 12;
    int photometric = 2;  // 1 or 2, of MONOCHROME1 or MONOCHROME2
    std::string view = "PA";
    bool one_study = false;
    bool pictures = false;  // also write an 8-bit PGM with the outlines
};

/// Writes the phantoms and returns the exit status, 0. Throws what draw() and write_dicom() throw.
int run(const Options& options);

/// Registers `phantom` with its options on `app`. run() is called by the subcommand's callback
/// while the command line is parsed: its status is written to `exit_status`, and its errors are
/// thrown from there.
void add_command(CLI::App& app, int& exit_status);

}  // namespace bucky::phantom
