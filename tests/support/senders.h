// SPDX-License-Identifier: Apache-2.0
// Senders: other people's software that hands a node its images, each in one call.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "tests/support/process.h"

namespace bucky::test {

struct Sent {
    std::map<std::string, int>
        status;                 ///< DIMSE status by SOP Instance UID; only what was answered
    std::vector<int> in_order;  ///< the same statuses as they came
    Finished program;

    bool all_accepted() const;
};

/// DCMTK's dcmsend: each file in its own transfer syntax, one association, no halt on a refusal.
Sent dcmsend(int port, const std::vector<std::filesystem::path>& files,
             const std::string& called = "BUCKY", const std::string& calling = "XRAY1");

/// odil, an independent C++ stack. 0 when it was satisfied.
Finished odil_store(int port, const std::filesystem::path& file);

/// PixelMed's toolkit, an independent Java stack. Its own words; it exits with 0 whatever happens.
Finished pixelmed_store(int port, const std::filesystem::path& file);

/// DCMTK's echoscu. 0 when it was answered.
int echo(int port, const std::string& called = "BUCKY");

}  // namespace bucky::test
