// SPDX-License-Identifier: Apache-2.0
// Ledger: reads a node's data folder while the node runs, or after it has ended.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "inference/findings.h"
#include "storage/database.h"
#include "storage/job_queue.h"

namespace bucky::test {

class Ledger {
public:
    explicit Ledger(std::filesystem::path data_dir);

    /// The result of an image; nullopt while it waits, or if the image is not known.
    std::optional<inference::ImageResult> result_of(const std::string& sop_instance);

    /// What is not done: studies without their report, read first because a report makes jobs, and
    /// jobs, as "report ready 2 (its last error)".
    std::vector<std::string> open_work();

    /// The SOP Instance UIDs of the results of a study.
    std::vector<std::string> results_of(const std::string& study);

    /// Whether the study was delivered and deleted (storage/retention.h).
    bool has_left(const std::string& study);

    /// Files below spool/ and results/ without a row.
    std::vector<std::string> orphans();

    /// Rows without a file.
    std::vector<std::string> dangling();

private:
    std::vector<std::string> files_named_by(const storage::Sql& sql,
                                            const std::filesystem::path& folder);

    std::filesystem::path data_dir_;
    storage::Database db_;
};

}  // namespace bucky::test
