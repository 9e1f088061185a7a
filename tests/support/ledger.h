// SPDX-License-Identifier: Apache-2.0
// Ledger: what a node's data folder says, read beside the node (or after its death).
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

    /// What was said about an image; nothing while it waits, or when it is not known.
    std::optional<inference::ImageResult> result_of(const std::string& sop_instance);

    /// Jobs that are not done, as "deliver:pacs ready 2 (its last error)".
    std::vector<std::string> open_jobs();

    /// The SOP Instance UIDs of what was made for a study.
    std::vector<std::string> results_of(const std::string& study);

    /// It was delivered and deleted (storage/retention.h).
    bool has_left(const std::string& study);

    /// Files below spool/ and results/ that no row points at.
    std::vector<std::string> orphans();

    /// Rows that point at no file.
    std::vector<std::string> dangling();

private:
    std::vector<std::string> files_named_by(const storage::Sql& sql,
                                            const std::filesystem::path& folder);

    std::filesystem::path data_dir_;
    storage::Database db_;
};

}  // namespace bucky::test
