// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include <CLI/CLI.hpp>

#include "conf/file/read.h"
#include "tools/bucky/commands/command.h"
#include "tools/bucky/commands/conformance_statement.h"

namespace bucky {

void add_conformance(CLI::App& app, int&) {
    auto* command =
        app.add_subcommand("conformance", "The DICOM Conformance Statement of a config");
    const auto config = config_option(*command);
    command->callback(
        [config] { std::cout << conformance_statement(conf::read_settings(*config)); });
}

}  // namespace bucky
