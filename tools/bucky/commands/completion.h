// SPDX-License-Identifier: Apache-2.0
// What bash, zsh and fish offer behind `bucky`: scripts made of the program's own commands.
//
// Commands and options, with what they do where the shell shows it; what an option allows; the
// destinations of the config file; files and folders where those are asked for.
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
