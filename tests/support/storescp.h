// SPDX-License-Identifier: Apache-2.0
// Storescp: DCMTK's storage SCP as an archive that accepts only some SOP classes, by a negotiation
// profile. It records what each C-STORE asked for.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/process.h"
#include "tests/support/running_node.h"
#include "tests/support/temp_dir.h"

namespace bucky::test {

class Storescp {
public:
    /// Accepts these SOP class UIDs, in these transfer syntax UIDs, best first. `options`: further
    /// options of the program, such as those of TLS.
    explicit Storescp(const std::vector<std::string>& sop_classes,
                      const std::vector<std::string>& transfer_syntaxes = {"1.2.840.10008.1.2.1",
                                                                           "1.2.840.10008.1.2"},
                      const std::vector<std::string>& options = {});

    Destination destination(const std::string& more = "") const;  ///< for a node's config
    std::vector<std::filesystem::path> stored() const;            ///< complete files, in no order
    std::string said() const { return process_->output(); }

private:
    TempDir dir_;
    std::optional<Process> process_;
    int port_ = 0;
};

}  // namespace bucky::test
