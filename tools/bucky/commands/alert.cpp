// SPDX-License-Identifier: Apache-2.0
// `bucky alert test`: one alert, sent now.
#include <iostream>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "conf/base/error.h"
#include "conf/file/read.h"
#include "tools/bucky/alert/send.h"
#include "tools/bucky/commands/command.h"
#include "tools/bucky/node/start_checks.h"

namespace bucky {
namespace {

void test(const conf::Settings& settings, const std::string& name) {
    for (const auto& alert : settings.alerts) {
        if (alert.name != name) continue;
        send_alert(alert, {.begun = {}, .over = {}, .ae_title = settings.node.ae_title.str()});
        std::cout << fmt::format("{} took a test message; whether it arrived, only you can see\n",
                                 alert.smtp.empty() ? alert.url : alert.smtp);
        return;
    }
    throw Error(Fault::bad_input, "no [[alert]] is called {}", name);
}

}  // namespace

void add_alert(CLI::App& app) {
    auto* alert = app.add_subcommand("alert", "Where troubles are told: [[alert]]");
    alert->require_subcommand(1);
    auto* command = alert->add_subcommand("test", "Sends a test message now");
    command->footer(
        "As root it is sent as the service's user would. A password that is a systemd\n"
        "credential can be read by the service alone.");
    const auto config = config_option(*command);
    const auto name = std::make_shared<std::string>();
    command->add_option("NAME", *name, "Of the [[alert]]")->required();
    command->callback([config, name] {
        (void)become_the_service(*config);
        test(conf::read_settings(*config), *name);
    });
}

}  // namespace bucky
