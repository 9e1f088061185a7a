// SPDX-License-Identifier: Apache-2.0
// ArchiveSource: the CR and DX chest studies of an archive, fetched one series at a time into a
// folder of the audit.
//
// C-MOVE lets the archive send to an AE title that it knows. The node's own would bring the images
// into the node, so an audit listens by itself: another AE title, another port, a spool of its own,
// which is emptied after each study. Whatever the archive sends is kept only if it is of the study
// that was asked for. One thread, beside those that receive.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "conf/settings.h"
#include "tools/bucky/retrospective/source.h"

namespace bucky {

struct ArchiveSourceOptions {
    std::string from, to;           ///< YYYYMMDD, both included
    AeTitle ae_title;               ///< of the audit: it asks and receives by it
    std::int64_t port = 0;          ///< that the archive sends to
    std::filesystem::path landing;  ///< a folder that is emptied
    bool keep = false;              ///< what came stays there
};

class ArchiveSource final : public AuditSource {
public:
    /// Listens from now on. Throws unavailable when the port is in use.
    ArchiveSource(const conf::Settings& settings, const conf::ArchiveSettings& archive,
                  ArchiveSourceOptions options);
    ~ArchiveSource() override;

    AuditIds ids() override;
    Brought bring(const std::string& id) override;
    void drop(const std::string& id) override;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace bucky
