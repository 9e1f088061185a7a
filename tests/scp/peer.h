// SPDX-License-Identifier: Apache-2.0
// Peer: tools/fake_pacs on a free loopback port, with the faults that a test asks for.
#pragma once

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "scp/wire/target.h"
#include "tests/support/places.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

namespace bucky::test {

class Peer {
public:
    explicit Peer(const std::string& behave = "", int port = 0, const std::string& report_to = "")
        : patience_s_(patience_with(behave)), process_(command(behave, port, report_to)) {
        const auto line = process_.wait_for_line(
            [](std::string_view text) { return !text.empty(); }, std::chrono::seconds{60});
        if (!line) throw std::runtime_error("fake_pacs did not start: " + process_.output());
        port_ = std::stoi(*line);
    }

    int port() const { return port_; }
    void kill() const { ::kill(process_.pid(), SIGKILL); }
    std::string output() const { return process_.output(); }

    scp::Target target() const {
        return {.name = "pacs",
                .ae = AeTitle{"FAKEPACS"},
                .host = "127.0.0.1",
                .port = static_cast<std::uint16_t>(port_),
                .connect_timeout = std::chrono::seconds{patience_s_},
                .response_timeout = std::chrono::seconds{patience_s_}};
    }

    conf::DestinationSettings destination() const {
        conf::DestinationSettings made;
        made.name = "pacs";
        made.ae_title = AeTitle{"FAKEPACS"};
        made.host = "127.0.0.1";
        made.port = port_;
        made.connect_timeout_s = patience_s_;
        made.response_timeout_s = patience_s_;
        return made;
    }

    /// The stored objects in order of arrival.
    std::vector<std::filesystem::path> stored() const {
        std::vector<std::filesystem::path> files;
        for (const auto& entry : std::filesystem::directory_iterator{dir_.path()}) {
            if (entry.path().extension() == ".dcm") files.push_back(entry.path());
        }
        std::sort(files.begin(), files.end());
        return files;
    }

private:
    /// The wait for a peer that will not answer takes the full 2 s. A peer that will answer may run
    /// on a busy machine and gets more.
    static int patience_with(const std::string& behave) {
        for (const auto* word : {"silent", "deaf", "no-answer", "endless", "drip", "find-never"}) {
            if (behave.find(word) != std::string::npos) return 2;
        }
        return 60;
    }

    std::vector<std::string> command(const std::string& behave, int port,
                                     const std::string& report_to) const {
        std::vector<std::string> words{fake_pacs_program().string(), "--port", std::to_string(port),
                                       "--dir", dir_.path().string()};
        if (!behave.empty()) words.insert(words.end(), {"--behave", behave});
        if (!report_to.empty()) words.insert(words.end(), {"--report-to", report_to});
        return words;
    }

    const int patience_s_;
    TempDir dir_;
    Process process_;
    int port_ = 0;
};

/// A destination whose peer is gone. Its port is free for a later Peer.
inline conf::DestinationSettings gone_destination() {
    const Peer gone;
    return gone.destination();
}

}  // namespace bucky::test
