// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include "conf/observe/log.h"
#include "scp/wire/start.h"
#include "tools/bucky/commands/command.h"
#include "tools/bucky/engine/taken_packages.h"
#include "tools/bucky/engine/thresholds.h"
#include "tools/bucky/node/node.h"
#include "tools/bucky/node/reload.h"

namespace bucky {

void add_serve(CLI::App& app, int&) {
    auto* command = app.add_subcommand("serve", "Run the node in the foreground");
    command->footer(
        "SIGTERM or SIGINT: stop taking images, finish what is at hand, end with 0.\n"
        "SIGHUP: take up the file as it is now, without a stop; `bucky reload` waits for it.\n"
        "OMP_WAIT_POLICY=ACTIVE in the environment lets the threads of a model wait for each\n"
        "other awake: quicker by a third on a machine that does nothing else, and much\n"
        "slower on any other.");
    const auto config = config_option(*command);
    command->callback([config] {
        const log::Background nobody_waits_for_the_log;
        const auto settings = with_taken_packages(checked_settings(*config));
        take_up_log(settings.log);
        scp::start_wire();
        Node node{settings, [config] { return with_taken_packages(checked_settings(*config)); }};
        node.open();
        node.wait_for_signal();
        node.close();
    });
}

}  // namespace bucky
