// SPDX-License-Identifier: Apache-2.0
// AuditSource: where the images of an audit come from. A folder has them already; an archive is
// asked for one study after the other, and what it sends is removed after the analysis.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "conf/base/error.h"

namespace bucky {

/// What came of a study, or a file.
struct Brought {
    std::vector<std::filesystem::path> files;
    std::string left_out{};    ///< why there are none
    bool is_of_sample = true;  ///< false: the archive's own words say that it is no chest
    std::map<std::string, std::size_t> skipped{};  ///< what came and was not asked for, by why
    std::string study{};                           ///< only images of this; empty: of any
};

struct AuditIds {
    std::vector<std::string> ids;
    bool is_cut = false;
};

class AuditSource {
public:
    AuditSource() = default;
    virtual ~AuditSource() = default;
    AuditSource(const AuditSource&) = delete;
    AuditSource& operator=(const AuditSource&) = delete;

    virtual AuditIds ids() = 0;  ///< all that there are
    virtual Brought bring(const std::string& id) = 0;
    virtual void drop(const std::string& id) = 0;  ///< it was analysed
};

/// The files below a folder, which stay as they are.
class FolderSource final : public AuditSource {
public:
    explicit FolderSource(std::filesystem::path folder) : folder_(std::move(folder)) {}
    AuditIds ids() override;
    Brought bring(const std::string& id) override;
    void drop(const std::string&) override {}

private:
    std::filesystem::path folder_;
};

}  // namespace bucky
