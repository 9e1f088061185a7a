// SPDX-License-Identifier: Apache-2.0
// Storescp: DCMTK's storage SCP as an archive that takes some SOP classes and no others, by a
// negotiation profile of its own. It says what each C-STORE asked for.
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
    /// Takes these SOP classes, in these transfer syntaxes, best first; UIDs. `options`: of the
    /// program, such as those of TLS.
    explicit Storescp(const std::vector<std::string>& sop_classes,
                      const std::vector<std::string>& transfer_syntaxes = {"1.2.840.10008.1.2.1",
                                                                           "1.2.840.10008.1.2"},
                      const std::vector<std::string>& options = {});

    Destination destination(const std::string& more = "") const;  ///< for a node's config
    std::vector<std::filesystem::path> stored() const;            ///< whole, in no order
    std::string said() const { return process_->output(); }

private:
    TempDir dir_;
    std::optional<Process> process_;
    int port_ = 0;
};

}  // namespace bucky::test
