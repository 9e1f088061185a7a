// SPDX-License-Identifier: Apache-2.0
#include "tests/support/storescp.h"
#include "tools/fake_pacs/port.h"

#include <algorithm>
#include <fstream>

namespace bucky::test {

Storescp::Storescp(const std::vector<std::string>& sop_classes,
                   const std::vector<std::string>& transfer_syntaxes,
                   const std::vector<std::string>& options)
    : port_(fake::free_port()) {
    std::filesystem::create_directories(dir_ / "coming");
    std::filesystem::create_directories(dir_ / "stored");
    std::ofstream profile{dir_ / "profile.cfg"};
    profile << "[[TransferSyntaxes]]\n[Syntaxes]\n";
    for (std::size_t at = 0; at < transfer_syntaxes.size(); ++at) {
        profile << "TransferSyntax" << at + 1 << " = " << transfer_syntaxes[at] << '\n';
    }
    profile << "[[PresentationContexts]]\n[Contexts]\n";
    for (std::size_t at = 0; at < sop_classes.size(); ++at) {
        profile << "PresentationContext" << at + 1 << " = " << sop_classes[at] << "\\Syntaxes\n";
    }
    profile << "[[Profiles]]\n[Archive]\nPresentationContexts = Contexts\n";
    profile.close();
    // storescp writes under the final name, so files are moved to the tests' folder when complete.
    std::vector<std::string> command{"storescp",
                                     "--debug",
                                     "--output-directory",
                                     (dir_ / "coming").string(),
                                     "--config-file",
                                     (dir_ / "profile.cfg").string(),
                                     "Archive",
                                     "--exec-sync",
                                     "--exec-on-reception",
                                     "mv #p/#f " + (dir_ / "stored").string() + "/"};
    command.insert(command.end(), options.begin(), options.end());
    command.push_back(std::to_string(port_));
    process_.emplace(command);
}

Destination Storescp::destination(const std::string& more) const {
    return {"archive", "STORESCP", port_, more};
}

std::vector<std::filesystem::path> Storescp::stored() const {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator{dir_ / "stored"}) {
        files.push_back(entry.path());
    }
    return files;
}

}  // namespace bucky::test
