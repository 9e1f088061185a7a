// SPDX-License-Identifier: Apache-2.0
// CLI11's commands and options as the manual page and the shell completions show them. Both are
// generated from the program itself, so that they cannot differ from it.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace bucky::shown {

std::vector<const CLI::App*> commands_of(const CLI::App& app);  ///< without hidden ones
std::vector<const CLI::Option*> options_of(const CLI::App& app);

/// "-n", "--json", or for an argument its name.
std::vector<std::string> names_of(const CLI::Option& option);

/// The choices in a type name: "{cpu,cuda}" gives cpu, cuda.
std::vector<std::string> choices_of(const CLI::Option& option);

bool takes_value(const CLI::Option& option);

/// The placeholder of its value: FILE, SECONDS, VALUE.
std::string value_name(const CLI::Option& option);

}  // namespace bucky::shown
