// SPDX-License-Identifier: Apache-2.0
// AuditLedger: what an audit has done so far, in its folder: plan.json (what is to be done, in
// which order) and done.jsonl, a line for each study or file, synced before the next begins. After
// a kill it goes on behind the last whole line. It is no part of a node's database. The folder is
// for its owner only: the lines hold UIDs and accession numbers, so that labels can be joined
// later; no names, Patient IDs or birth dates. One thread; a second audit in the folder is refused.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "tools/bucky/retrospective/audit.h"

namespace bucky {

/// A study, or a file of a folder.
struct AuditedItem {
    std::string id;
    std::string left_out{};    ///< why nothing of it was analysed; empty: images were
    bool is_of_sample = true;  ///< false: it shows itself to be none, and another takes its place
    std::vector<AuditedImage> images{};
    std::map<std::string, std::size_t> skipped{};  ///< images of it, by why
};

struct AuditPlan {
    std::string what;              ///< of another audit, it is not continued
    std::vector<std::string> ids;  ///< in the order of the work
    std::size_t sample = 0;        ///< so many of them
    bool is_cut = false;           ///< the archive had more than was asked of it at once
};

class AuditLedger {
public:
    /// Reads what is there. Throws bad_input when the folder holds another audit than `what`, or
    /// one that runs.
    AuditLedger(const std::filesystem::path& folder, const std::string& what);
    AuditLedger(const AuditLedger&) = delete;
    AuditLedger& operator=(const AuditLedger&) = delete;
    ~AuditLedger();

    bool has_plan() const { return !plan_.what.empty(); }
    void keep(AuditPlan plan);
    const AuditPlan& plan() const { return plan_; }
    const std::string& salt() const { return salt_; }

    bool is_done(const std::string& id) const { return ids_.contains(id); }
    void add(AuditedItem item);  ///< durable when it returns
    const std::vector<AuditedItem>& done() const { return done_; }

private:
    void read_plan(const std::string& what);
    void read_done();

    std::filesystem::path folder_;
    AuditPlan plan_;
    std::string salt_;
    std::vector<AuditedItem> done_;
    std::set<std::string> ids_;
    int lock_ = -1, lines_ = -1;
};

}  // namespace bucky
