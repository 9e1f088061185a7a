// SPDX-License-Identifier: Apache-2.0
// ServiceNode and JoinedSite: a service of real nodes, and a site that joined it by an invitation
// and has a package without weights.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "tests/support/process.h"
#include "tests/support/running_node.h"
#include "tests/support/temp_dir.h"
#include "tests/support/xray.h"

namespace bucky::test {

struct ServiceOptions {
    int port = 0;                      ///< 0: any free one
    std::string url = {};              ///< as sites reach it; empty: its own address
    std::filesystem::path model = {};  ///< empty: the phantom model
    std::string more = {};             ///< further TOML lines of [service]
    bool invites = true;               ///< false: it has the files of another one (see beside())
};

/// A node without DICOM that serves its models. It comes back on its port.
class ServiceNode {
public:
    explicit ServiceNode(const ServiceOptions& options = {});

    /// Lines of [service] for a second server of the same service: it shows the same certificate,
    /// and knows the sites by the authority. It needs `control`, too.
    std::string beside() const;

    int port() const noexcept { return port_; }
    const std::string& url() const noexcept { return url_; }
    RunningNode& node() noexcept { return node_; }
    std::filesystem::path authority() const { return node_.data_dir() / "authority"; }

    /// `bucky join ...`, as the admin of the site gets it.
    std::string invite(const std::string& site);

private:
    int port_;
    std::string url_;
    RunningNode node_;
};

/// The phantom package as it travels: its manifest, its golden input, no weights.
void write_package_without_weights(const std::filesystem::path& folder);

class JoinedSite {
public:
    /// `remote`: further TOML lines of [remote].
    JoinedSite(ServiceNode& service, const std::string& name, NodeOptions options = {},
               const std::string& remote = {});

    RunningNode& node() noexcept { return *node_; }
    std::filesystem::path certificate() const { return data_dir() / "site" / "site.pem"; }
    std::filesystem::path data_dir() const { return dir_ / "data"; }

    Xray send(std::uint64_t seed, std::vector<phantom::Finding> lesions = {});

private:
    TempDir dir_;
    std::optional<RunningNode> node_;
};

/// Runs an invitation's line with this config.
Finished join(const std::string& line, const std::filesystem::path& config);

}  // namespace bucky::test
