// SPDX-License-Identifier: Apache-2.0
// Senders: independent software that sends images to a node, each in one call.
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
        status;                 ///< DIMSE status by SOP Instance UID, only of answered files
    std::vector<int> in_order;  ///< the same statuses in order of arrival
    Finished program;

    bool all_accepted() const;
};

/// DCMTK's dcmsend: each file in its transfer syntax, one association; a refusal does not stop it.
Sent dcmsend(int port, const std::vector<std::filesystem::path>& files,
             const std::string& called = "BUCKY", const std::string& calling = "XRAY1");

/// odil, an independent C++ stack. Status 0: accepted.
Finished odil_store(int port, const std::filesystem::path& file);

/// PixelMed's toolkit, an independent Java stack. Its output matters: it always exits with 0.
Finished pixelmed_store(int port, const std::filesystem::path& file);

/// DCMTK's echoscu. 0: answered.
int echo(int port, const std::string& called = "BUCKY");

}  // namespace bucky::test
