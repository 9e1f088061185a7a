// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/commands/peer.h"

#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include "conf/base/error.h"
#include "conf/endpoint.h"
#include "conf/file/read.h"
#include "tools/bucky/commands/command.h"

namespace bucky {
namespace {

conf::DestinationSettings stranger(std::string_view text, std::size_t at) {
    const auto endpoint = conf::parse_endpoint(text.substr(at + 1));
    if (!endpoint || endpoint->port == 0) {
        throw Error(Fault::bad_input, "{} is not AE@HOST:PORT", text);
    }
    conf::DestinationSettings destination;
    destination.ae_title = AeTitle{text.substr(0, at)};
    destination.host = endpoint->host;
    destination.port = endpoint->port;
    return destination;
}

}  // namespace

std::shared_ptr<PeerOptions> peer_options(CLI::App& command) {
    auto options = std::make_shared<PeerOptions>();
    command.add_option("PEER", options->called, "Name of a [[destination]], or AE@HOST:PORT")
        ->required()
        ->type_name("");
    command
        .add_option("--calling", options->calling,
                    "Our AE title (otherwise that of the config, or BUCKY)")
        ->type_name("AE");
    options->config = config_option(command);
    return options;
}

Peer peer_of(const PeerOptions& options) {
    if (const auto at = options.called.rfind('@'); at != std::string::npos) {
        return {stranger(options.called, at),
                options.calling.empty() ? conf::NodeSettings{}.ae_title : AeTitle{options.calling}};
    }
    const auto settings = conf::read_settings(*options.config);
    std::vector<std::string> known;
    for (const auto& destination : settings.destinations) {
        known.push_back(destination.name);
        if (destination.name != options.called) continue;
        return {destination,
                options.calling.empty() ? settings.node.ae_title : AeTitle{options.calling}};
    }
    throw Error(Fault::bad_input,
                "no [[destination]] of {} is named {}{}{}; AE@HOST:PORT is anyone",
                options.config->string(), options.called, known.empty() ? "" : ", but ",
                fmt::join(known, ", "));
}

}  // namespace bucky
