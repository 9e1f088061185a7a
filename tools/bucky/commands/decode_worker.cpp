// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <memory>
#include <vector>

#include <CLI/CLI.hpp>

#include "tools/bucky/commands/command.h"
#include "tools/bucky/sandbox/decoder_child.h"

namespace bucky {

void add_decode_worker(CLI::App& app, int& exit_status) {
    auto* command =
        app.add_subcommand("decode-worker", "Decode images for the node that starts it");
    command->group("");  // nobody else's: not in the help
    auto reads = std::make_shared<std::vector<std::filesystem::path>>();
    command->add_option("reads", *reads, "Folders in which the images lie");
    command->callback([&exit_status, reads] { exit_status = serve_decoder(*reads); });
}

}  // namespace bucky
