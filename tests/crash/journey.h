// SPDX-License-Identifier: Apache-2.0
// Journey: images on their way through a node that is killed, and what must hold once it has
// recovered.
//
// Each image is a separate study, so that "one result" can be counted: one report and one overlay
// by UID, however often each was sent.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/fake_pacs.h"
#include "tests/support/running_node.h"
#include "tests/support/temp_dir.h"
#include "tests/support/xray.h"

namespace bucky::test {

class Journey {
public:
    /// Draws the images. `crash_at`: a name of crash_point.h, with ":N" for the Nth pass.
    /// `storage`: further lines of that section of the config.
    Journey(std::size_t images, const std::string& crash_at, const std::string& storage,
            int side_px);

    RunningNode& node() noexcept { return node_; }

    /// Sends every image that was not answered with success yet, one association per image, as a
    /// modality would try again. Stops when the node is gone.
    void send_unanswered();
    bool all_answered() const;

    /// Waits until no job is open.
    void wait_until_quiet(std::chrono::seconds at_most = std::chrono::seconds(90));

    /// Every answered image has one result in the PACS; no file without a row, no row without a
    /// file, no job left over, no verdict without its record.
    void check();

private:
    /// Each verdict has its record, each record its verdict, and none was changed.
    void check_decisions() const;

    struct Image {
        Xray xray;
        bool answered = false;
    };

    void check_one_result(const Image& image,
                          const std::vector<std::filesystem::path>& of_its_study) const;

    TempDir dir_;
    std::vector<Image> images_;
    FakePacs pacs_;
    RunningNode node_;
};

}  // namespace bucky::test
