// SPDX-License-Identifier: Apache-2.0
// FakePacs: a peer that stores what it receives, or misbehaves as its options say
// (tools/fake_pacs). Each C-STORE becomes a file of its own, also for the same UID, so that a test
// can count them.
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
    void start_again();  ///< on the same port and folder; no effect while it runs
    void signal(int number) { process_->signal(number); }

    /// All files that were stored, in the order of arrival.
    std::vector<std::filesystem::path> stored() const;

private:
    void start();

    TempDir dir_;
    std::vector<std::string> more_arguments_;
    std::optional<Process> process_;
    int port_ = 0;
};

}  // namespace bucky::test
