// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include "tools/bucky/commands/command.h"
#include "tools/bucky/sandbox/decoder_child.h"

namespace bucky {

void add_decode_worker(CLI::App& app, int& exit_status) {
    auto* command =
        app.add_subcommand("decode-worker", "Decode images for the node that starts it");
    command->group("");  // nobody else's: not in the help
    command->callback([&exit_status] { exit_status = serve_decoder(); });
}

}  // namespace bucky
