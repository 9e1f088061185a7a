// SPDX-License-Identifier: Apache-2.0
#include "scp/deliver/echo.h"

#include <iostream>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "conf/base/error.h"
#include "scp/wire/start.h"
#include "tools/bucky/commands/command.h"
#include "tools/bucky/commands/peer.h"
#include "tools/bucky/shared/table.h"

namespace bucky {
namespace {

int echo(const Peer& peer, bool as_json) {
    if (!peer.destination.url.empty()) {
        throw Error(Fault::unsupported, "{} is reached by STOW-RS, which has no echo: `bucky send`",
                    peer.destination.name);
    }
    scp::start_wire();
    const auto reply = scp::echo(scp::target_of(peer.destination), peer.calling);
    if (as_json) {
        std::cout << nlohmann::json{{"ae_title", peer.destination.ae_title.str()},
                                    {"host", peer.destination.host},
                                    {"port", peer.destination.port},
                                    {"status", fmt::format("{:04X}", reply.status)},
                                    {"connect_ms", reply.connect_ms},
                                    {"round_trip_ms", reply.round_trip_ms},
                                    {"security", reply.security},
                                    {"max_pdu_bytes", reply.max_pdu_bytes},
                                    {"transfer_syntax", reply.transfer_syntax},
                                    {"implementation_class", reply.implementation_class},
                                    {"implementation_version", reply.implementation_version}}
                         .dump(2)
                  << '\n';
        return reply.status == 0 ? 0 : 1;
    }
    std::cout << fmt::format("{} at {}:{} answered with status 0x{:04x}\n",
                             peer.destination.ae_title.str(), peer.destination.host,
                             peer.destination.port, reply.status);
    const auto print = [](std::string_view what, const std::string& value) {
        std::cout << fmt::format("  {:<16}{}\n", what, value);
    };
    print("round trip", fmt::format("{:.1f} ms", reply.round_trip_ms));
    print("association", fmt::format("{:.1f} ms, as {}", reply.connect_ms, peer.calling.str()));
    print("security", reply.security.empty() ? "none: no TLS" : printable(reply.security));
    print("largest PDU",
          reply.max_pdu_bytes == 0 ? "no limit" : fmt::format("{} bytes", reply.max_pdu_bytes));
    print("transfer syntax", reply.transfer_syntax);
    print("implementation", printable(fmt::format("{} {}", reply.implementation_version,
                                                  reply.implementation_class)));
    if (reply.status == 0) return 0;
    std::cout << "It answered, but not with success: its own log may say why.\n";
    return 1;
}

}  // namespace

void add_echo(CLI::App& app, int& exit_status) {
    auto* command = app.add_subcommand("echo", "C-ECHO: does a peer answer, and what does it take");
    const auto options = peer_options(*command);
    const auto as_json = std::make_shared<bool>(false);
    command->add_flag("--json", *as_json, "The same, for programs");
    command->callback(
        [options, as_json, &exit_status] { exit_status = echo(peer_of(*options), *as_json); });
}

}  // namespace bucky
