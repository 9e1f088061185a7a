// SPDX-License-Identifier: Apache-2.0
// FakePacs: a peer that takes what it is sent, or misbehaves as told (tools/fake_pacs). It keeps
// every C-STORE as a file of its own, the same UID twice as two files: what a test counts.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/process.h"
#include "tests/support/running_node.h"
#include "tests/support/temp_dir.h"

namespace bucky::test {

class FakePacs {
public:
    explicit FakePacs(std::vector<std::string> more_arguments = {}, int port = 0);

    int port() const noexcept { return port_; }
    Destination destination() const;  ///< for a node's config
    void kill9();
    void start_again();  ///< at the same port, with what it has stored; nothing when it runs
    void signal(int number) { process_->signal(number); }

    /// Everything that was stored, in the order it came.
    std::vector<std::filesystem::path> stored() const;

private:
    void start();

    TempDir dir_;
    std::vector<std::string> more_arguments_;
    std::optional<Process> process_;
    int port_ = 0;
};

}  // namespace bucky::test
