// SPDX-License-Identifier: Apache-2.0
// Demands: answered = kept = one verdict = told to every destination once.
//
// Checks a data folder and the destinations after everything has been brought back. Each function
// returns what is wrong, one line per fault, and throws nothing for what it finds: a database that
// cannot be read is a fault like others.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tests/crash/traffic.h"

namespace bucky::test {

using Complaints = std::vector<std::string>;

/// Open jobs, missing verdicts and missing reports; empty when there are none.
Complaints still_open(const std::filesystem::path& data_dir);

/// Each answered image has one row, its file and one verdict; others are named.
Complaints check_kept(const std::filesystem::path& data_dir,
                      const std::vector<AnsweredImage>& answered);

/// `PRAGMA integrity_check`, no file without a row, no row without a file. For a node that has
/// ended.
Complaints check_folder(const std::filesystem::path& data_dir);

/// A copy made while the node ran holds every image answered before it began.
Complaints check_backup(const std::filesystem::path& folder,
                        const std::vector<AnsweredImage>& answered_before);

/// What came to one destination, and which images it is meant to get.
struct Told {
    std::string destination;
    std::vector<std::string> called;  ///< AE titles whose results go there
    bool pictures = true;             ///< whether it gets pictures
    std::vector<std::filesystem::path> files;
};

/// One report of each study names all its answered images; no two reports name the same ones, and
/// none another owner's; one picture per image. A UID that came again is the same object.
Complaints check_told(const Told& told, const std::vector<AnsweredImage>& answered);

}  // namespace bucky::test
