// SPDX-License-Identifier: Apache-2.0
// RunningNode: the real `bucky serve` on loopback, on ports that the system chooses, with a data
// folder that is kept over restarts.
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

/// A PACS in the node's config.
struct Destination {
    std::string name = "pacs";
    std::string ae_title = "ORTHANC";
    int port = 0;
    std::string more = {};  ///< further TOML lines of this [[destination]]
};

struct NodeOptions {
    std::vector<Destination> destinations = {};
    std::string more = {};                ///< further TOML tables, as text
    std::filesystem::path model = {};     ///< its package; empty: the phantom model
    std::string inference = {};           ///< further TOML lines of [inference]
    std::string node = {};                ///< further TOML lines of [scp]
    std::string scp = {};                 ///< further TOML lines of [storage]
    std::string storage = {};             ///< of [storage]
    std::filesystem::path data_dir = {};  ///< empty: in a temporary folder of its own
    Environment environment = {};         ///< only for the first start; restart() drops it
};

class RunningNode {
public:
    /// Starts the node and waits until it is ready. Throws with its output if it does not get
    /// ready.
    explicit RunningNode(NodeOptions options = {});
    RunningNode(const RunningNode&) = delete;
    RunningNode& operator=(const RunningNode&) = delete;
    ~RunningNode();  ///< SIGKILL; the node's results are kept for the judges (exhibits.h)

    int dicom_port() const noexcept { return dicom_port_; }
    int admin_port() const noexcept { return admin_port_; }
    Process& process() noexcept { return *process_; }
    std::filesystem::path data_dir() const { return data_dir_; }
    std::filesystem::path config_file() const { return dir_ / "bucky.toml"; }

    /// The DIMSE status that dcmsend received for this file; nullopt when it received none.
    std::optional<int> store(const std::filesystem::path& file);

    /// SIGKILL, like a power cut.
    void kill9();
    /// SIGTERM; returns the exit status.
    int stop();
    /// Starts a new process on the same data, with this environment instead of the first one.
    void restart(const Environment& environment = {});
    /// The same, but kills it with SIGKILL after this time, whether it is ready or not.
    void die_starting(std::chrono::milliseconds after, const Environment& environment = {});

    /// Waits for the log line with the verdict of this image ("image.verdict ... verdict=findings
    /// ..."); "" when none comes.
    std::string verdict_line(const std::string& sop_instance,
                             std::chrono::milliseconds at_most = std::chrono::seconds(60));

    bool running();
    bool logged(std::string_view part,
                std::chrono::milliseconds at_most = std::chrono::seconds(30));
    std::string get(std::string_view path);  ///< from the admin listener: body, "" on failure
    Finished bucky(std::vector<std::string> arguments);  ///< with this node's config

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
