// SPDX-License-Identifier: Apache-2.0
// Demands: answered = kept = one verdict = told to every destination once.
//
// What a data folder and the destinations must hold when everything has been brought back and
// waited for. Each function returns what is wrong, a line a fault, and never throws for what it
// finds: a database that cannot be read is a fault like others.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tests/crash/traffic.h"

namespace bucky::test {

using Complaints = std::vector<std::string>;

/// What is still to be done: jobs, verdicts, reports. Empty: nothing.
Complaints still_open(const std::filesystem::path& data_dir);

/// Each answered image has one row, its file and one verdict; what has not, is named.
Complaints check_kept(const std::filesystem::path& data_dir,
                      const std::vector<AnsweredImage>& answered);

/// `PRAGMA integrity_check`, no file without a row, no row without a file. For a node that has
/// ended.
Complaints check_folder(const std::filesystem::path& data_dir);

/// A copy made while the node ran holds what was answered before it was begun.
Complaints check_backup(const std::filesystem::path& folder,
                        const std::vector<AnsweredImage>& answered_before);

/// What came to one destination, and whose images it is told of.
struct Told {
    std::string destination;
    std::vector<std::string> called;  ///< AE titles whose results go there
    bool pictures = true;             ///< it gets them, too
    std::vector<std::filesystem::path> files;
};

/// Of every study one report names all its answered images, no two reports the same ones, none
/// what is not this destination's; one picture an image. A UID that came again is the same object.
Complaints check_told(const Told& told, const std::vector<AnsweredImage>& answered);

}  // namespace bucky::test
