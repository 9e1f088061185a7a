// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/sites/join.h"

#include <iostream>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "conf/file/read.h"
#include "tools/bucky/commands/command.h"
#include "tools/bucky/shared/table.h"
#include "tools/bucky/sites/private_file.h"

namespace bucky {

void add_join(CLI::App& app, int&) {
    auto* command = app.add_subcommand("join", "Join a service that analyses X-rays of this site");
    command->footer(
        "The line comes from the service. The key is made here and stays here, in data_dir/site;\n"
        "the node renews the certificate itself. What is printed belongs into the config file.\n"
        "Behind a proxy: write url, proxy, proxy_user and proxy_password_file of [remote] first.");
    const auto config = config_option(*command);
    const auto url = std::make_shared<std::string>();
    const auto token = std::make_shared<std::string>();
    command->add_option("URL", *url, "Of the service")->required()->type_name("");
    command->add_option("--token", *token, "Of the invitation")->required()->type_name("TOKEN");
    command->callback([config, url, token] {
        const auto settings = conf::read_settings(*config);
        make_data_folder(settings.node.data_dir);  // before the token is spent
        const auto folder = settings.node.data_dir / "site";
        const auto joined = join(*url, *token, folder, settings.remote);
        std::cout << fmt::format("# joined as {}, until {}\n{}", printable(joined.site),
                                 utc_second(joined.until_ms), remote_lines(folder, joined));
    });
}

}  // namespace bucky
