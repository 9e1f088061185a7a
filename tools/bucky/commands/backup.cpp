// SPDX-License-Identifier: Apache-2.0
#include "storage/backup.h"

#include <iostream>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "conf/file/read.h"
#include "tools/bucky/commands/command.h"
#include "tools/bucky/shared/table.h"

namespace bucky {
namespace {

void back_up(const conf::Settings& settings, const std::filesystem::path& to) {
    const auto done = storage::back_up(settings.node.data_dir, to);
    std::cout << fmt::format("{}: the database and {} files, {} of them new ({})\n", to.string(),
                             done.files, done.copied, size(done.bytes));
    if (done.removed > 0) {
        std::cout << fmt::format("  {} of an earlier backup have left the node and were deleted\n",
                                 done.removed);
    }
}

}  // namespace

void add_backup(CLI::App& app, int&) {
    auto* command =
        app.add_subcommand("backup", "Copy the node's data while it runs, to start another there");
    command->footer(
        "Into an empty folder, or that of an earlier backup: then only what is new is copied.\n"
        "To restore: stop the node, copy the folder to an empty node.data_dir, owned by the\n"
        "service's user, and start. What was sent after the backup is sent again, under the\n"
        "same UIDs.");
    const auto config = config_option(*command);
    const auto to = std::make_shared<std::filesystem::path>();
    command->add_option("FOLDER", *to, "Where to; made if it is not there")
        ->required()
        ->type_name("");
    command->callback([config, to] { back_up(conf::read_settings(*config), *to); });
}

}  // namespace bucky
