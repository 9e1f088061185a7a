// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/commands/shown.h"

#include <algorithm>

#include <CLI/CLI.hpp>

namespace bucky::shown {

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
    return app.get_subcommands([](const CLI::App* one) { return !one->get_group().empty(); });
}

std::vector<const CLI::Option*> options_of(const CLI::App& app) {
    return app.get_options([](const CLI::Option* one) { return !one->get_group().empty(); });
}

std::vector<std::string> names_of(const CLI::Option& option) {
    std::vector<std::string> names;
    for (const auto& name : option.get_snames()) names.push_back("-" + name);
    for (const auto& name : option.get_lnames()) names.push_back("--" + name);
    if (names.empty()) names.push_back(option.get_name(true));
    return names;
}

std::vector<std::string> choices_of(const CLI::Option& option) {
    const auto type = option.get_type_name();
    const auto open = type.find('{');
    const auto close = type.find('}');
    std::vector<std::string> choices;
    if (open == std::string::npos || close == std::string::npos) return choices;
    std::string list = type.substr(open + 1, close - open - 1);
    for (std::size_t at = 0; at <= list.size();) {
        const auto end = std::min(list.find(',', at), list.size());
        choices.push_back(list.substr(at, end - at));
        at = end + 1;
    }
    return choices;
}

bool takes_value(const CLI::Option& option) {
    return option.get_items_expected_max() > 0;
}

std::string value_name(const CLI::Option& option) {
    const auto type = option.get_type_name();
    return type.empty() ? "VALUE" : type.substr(0, type.find(':'));
}

}  // namespace bucky::shown
