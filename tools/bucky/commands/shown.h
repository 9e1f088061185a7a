// SPDX-License-Identifier: Apache-2.0
// What a person is shown of CLI11's commands and options: the manual page and the shells'
// completions are made of it, so that they cannot say what the program does not know.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace bucky::shown {

std::vector<const CLI::App*> commands_of(const CLI::App& app);  ///< but the hidden ones
std::vector<const CLI::Option*> options_of(const CLI::App& app);

/// "-n", "--json", or for an argument its name.
std::vector<std::string> names_of(const CLI::Option& option);

/// "{cpu,cuda}" of a type name that lists what may be said: cpu, cuda.
std::vector<std::string> choices_of(const CLI::Option& option);

bool takes_value(const CLI::Option& option);

/// The word that stands for its value: FILE, SECONDS, VALUE.
std::string value_name(const CLI::Option& option);

}  // namespace bucky::shown
