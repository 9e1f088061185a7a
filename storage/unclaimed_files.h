// SPDX-License-Identifier: Apache-2.0
// UnclaimedFiles: files that are durable and that no committed row points at yet. They are removed
// when this leaves its scope, unless commit() has run.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "conf/base/error.h"
#include "storage/database.h"
#include "storage/spool.h"

namespace bucky::storage {

class UnclaimedFiles {
public:
    /// `stay`: they are left where they are instead.
    explicit UnclaimedFiles(Spool& spool, bool stay = false) : spool_(spool), stay_(stay) {}
    UnclaimedFiles(const UnclaimedFiles&) = delete;
    UnclaimedFiles& operator=(const UnclaimedFiles&) = delete;
    ~UnclaimedFiles() {
        if (stay_) return;
        for (const auto& file : files_) {
            if (!file.empty()) spool_.remove(file);
        }
    }

    void add(std::string file) {
        files_.push_back(std::move(file));
    }  ///< empty: none at this index
    std::span<const std::string> files() const { return files_; }

    /// Commits the rows that point at the files.
    void commit(Database::Transaction& transaction) {
        try {
            transaction.commit();
        } catch (const Error& error) {
            // On a full disk the log holds no whole commit. A commit that was written and could not
            // be synced may come back after a power cut, and then its rows need their files. If it
            // does not come back, recover() finds them.
            if (error.fault() != Fault::exhausted) files_.clear();
            throw;
        }
        files_.clear();
    }

private:
    Spool& spool_;
    const bool stay_;
    std::vector<std::string> files_;
};

}  // namespace bucky::storage
