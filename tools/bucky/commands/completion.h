// SPDX-License-Identifier: Apache-2.0
// Shell completions for bash, zsh and fish, generated from the program's own commands.
//
// They offer commands and options (with descriptions where the shell shows them), the values of an
// option, the destinations of the config file, and files and folders where those are expected.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace bucky {

std::string bash_completion(const CLI::App& app);
std::string zsh_completion(const CLI::App& app);
std::string fish_completion(const CLI::App& app);

}  // namespace bucky
