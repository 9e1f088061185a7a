// SPDX-License-Identifier: Apache-2.0
// The peer that `bucky echo` and `bucky send` call: a [[destination]] by its name, or any peer as
// AE@HOST:PORT.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "conf/base/ids.h"
#include "conf/settings.h"

namespace CLI {
class App;
}

namespace bucky {

struct Peer {
    conf::DestinationSettings destination;  ///< without a name where it is AE@HOST:PORT
    AeTitle calling;                        ///< our own AE title
};

/// The arguments of the command line; filled when the command runs.
struct PeerOptions {
    std::string called;   ///< NAME or AE@HOST:PORT
    std::string calling;  ///< empty: node.ae_title of the config, or BUCKY
    std::shared_ptr<std::filesystem::path> config;
};

std::shared_ptr<PeerOptions> peer_options(CLI::App& command);

/// Throws bad_input when `called` is neither a name nor AE@HOST:PORT; ConfigError when a name needs
/// a config that is wrong.
Peer peer_of(const PeerOptions& options);

}  // namespace bucky
