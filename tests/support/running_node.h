// SPDX-License-Identifier: Apache-2.0
// RunningNode: the real `bucky serve`, on loopback, on ports that the system chooses, with a data
// folder that outlives its restarts.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace bucky::test {

/// A PACS that the node is told of.
struct Destination {
    std::string name = "pacs";
    std::string ae_title = "ORTHANC";
    int port = 0;
    std::string more = {};  ///< further TOML lines of this [[destination]]
};

struct NodeOptions {
    std::vector<Destination> destinations = {};
    std::string more = {};                ///< further TOML tables, as text
    std::string node = {};                ///< further TOML lines of [node]
    std::string scp = {};                 ///< of [scp]
    std::string storage = {};             ///< of [storage]
    std::filesystem::path data_dir = {};  ///< empty: in a temporary folder of its own
    Environment environment = {};         ///< of the first start; restart() drops it
};

class RunningNode {
public:
    /// Started and ready, or an exception with what it printed.
    explicit RunningNode(NodeOptions options = {});
    RunningNode(const RunningNode&) = delete;
    RunningNode& operator=(const RunningNode&) = delete;
    ~RunningNode();  ///< SIGKILL; what the node made is shown to the judges (exhibits.h)

    int dicom_port() const noexcept { return dicom_port_; }
    int admin_port() const noexcept { return admin_port_; }
    Process& process() noexcept { return *process_; }
    std::filesystem::path data_dir() const { return data_dir_; }
    std::filesystem::path config_file() const { return dir_ / "bucky.toml"; }

    /// The DIMSE status that dcmsend got for this file; nothing when it got none.
    std::optional<int> store(const std::filesystem::path& file);

    /// SIGKILL, as a power cut would.
    void kill9();
    /// SIGTERM; returns the exit status.
    int stop();
    /// A fresh process on the same data, with this environment and not the first one's.
    void restart(const Environment& environment = {});
    /// The same, killed by SIGKILL when this time has passed: ready or not, mostly not.
    void die_starting(std::chrono::milliseconds after, const Environment& environment = {});

    /// The log line with this image's verdict ("image.verdict ... verdict=findings ..."), waited
    /// for; "" when none comes.
    std::string verdict_line(const std::string& sop_instance,
                             std::chrono::milliseconds at_most = std::chrono::seconds(60));

    bool running();
    bool logged(std::string_view part,
                std::chrono::milliseconds at_most = std::chrono::seconds(30));
    std::string get(std::string_view path);  ///< of the admin listener: body, "" when it fails
    Finished bucky(std::vector<std::string> arguments);  ///< the program with this node's config

private:
    void launch(const Environment& environment);
    void start(const Environment& environment);

    TempDir dir_;
    std::filesystem::path data_dir_;
    std::optional<Process> process_;
    int dicom_port_ = 0;
    int admin_port_ = 0;
};

}  // namespace bucky::test
