// SPDX-License-Identifier: Apache-2.0
// Options of the command line that name a choice (conf/base/choices.h). A word that is not one of
// the choice's is an error of the command line.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "conf/base/choices.h"

namespace bucky {

/// `into` is filled when the option is given, and must outlive the parsing.
template <IsChoice Choice, typename Into>
CLI::Option* add_choice(CLI::App& command, const std::string& name, Into& into,
                        const std::string& description) {
    const std::vector<std::string> words(kWordsOf<Choice>.begin(), kWordsOf<Choice>.end());
    return command
        .add_option_function<std::string>(
            name, [&into](const std::string& word) { into = choice_of<Choice>(word).value(); },
            description)
        ->check(CLI::IsMember(words));
}

/// The same with a default, which the help shows.
template <IsChoice Choice>
CLI::Option* add_choice(CLI::App& command, const std::string& name, Choice& into,
                        const std::string& description) {
    return add_choice<Choice, Choice>(command, name, into, description)
        ->default_str(std::string{word_of(into)});
}

/// The same without a default.
template <IsChoice Choice>
CLI::Option* add_choice(CLI::App& command, const std::string& name, std::optional<Choice>& into,
                        const std::string& description) {
    return add_choice<Choice, std::optional<Choice>>(command, name, into, description);
}

}  // namespace bucky
