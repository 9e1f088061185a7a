// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/commands/completion.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include "tools/bucky/commands/command.h"
#include "tools/bucky/commands/shown.h"

namespace bucky {
namespace {

/// Possible values of an argument or an option.
struct Value {
    enum class Kind { none, anything, words, destination, path } kind = Kind::none;
    std::vector<std::string> words = {};
};

struct Offer {
    std::vector<std::string> names;
    std::string does;
    Value value = {};
};

/// What can follow `bucky` and these commands.
struct Place {
    std::string commands;  ///< "study list"
    std::vector<Offer> below, options;
    std::vector<Value> arguments;

    bool takes(Value::Kind kind) const {
        return std::ranges::any_of(arguments, [&](const auto& one) { return one.kind == kind; });
    }
};

Value value_of(const CLI::Option& option) {
    if (!shown::takes_value(option)) return {};
    const auto name = option.get_name(true);
    if (name == "PEER" || option.check_lname("destination")) return {Value::Kind::destination};
    const auto choices = shown::choices_of(option);
    if (!choices.empty()) return {Value::Kind::words, choices};
    for (const auto& word : {name, shown::value_name(option)}) {
        if (word == "FILE" || word == "DIR" || word == "FOLDER") return {Value::Kind::path};
    }
    return {Value::Kind::anything};
}

void add_places(const CLI::App& app, const std::string& commands, std::vector<Place>& places) {
    Place place{commands, {}, {}, {}};
    for (const auto* option : shown::options_of(app)) {
        if (option->get_positional()) {
            place.arguments.push_back(value_of(*option));
        } else {
            place.options.push_back(
                {shown::names_of(*option), option->get_description(), value_of(*option)});
        }
    }
    const auto below = shown::commands_of(app);
    for (const auto* command : below) {
        place.below.push_back({{command->get_name()}, command->get_description()});
    }
    places.push_back(std::move(place));
    for (const auto* command : below) {
        const auto& name = command->get_name();
        add_places(*command, commands.empty() ? name : commands + ' ' + name, places);
    }
}

std::vector<Place> places_of(const CLI::App& app) {
    std::vector<Place> places;
    add_places(app, "", places);
    return places;
}

std::string quoted(std::string_view text, std::string_view quote_within) {
    std::string out = "'";
    for (const char letter : text) {
        if (letter == '\'') {
            out += quote_within;
        } else {
            out += letter == '\n' ? ' ' : letter;
        }
    }
    return out + "'";
}

std::string in_shell(std::string_view text) {
    return quoted(text, R"('\'')");
}

/// All places except the first, which is reached without a command.
std::vector<std::string> all_commands(const std::vector<Place>& places) {
    std::vector<std::string> all;
    for (const auto& place : places) {
        if (!place.commands.empty()) all.push_back(in_shell(place.commands));
    }
    return all;
}

/// Prints the names in the config file, one a line. A peer may also be given as AE@HOST:PORT.
constexpr std::string_view kDestinations = R"sh(sed -n 's/^ *name *= *"\(.*\)".*/\1/p')sh";

std::string config_file() {
    return fmt::format("\"${{BUCKY_CONFIG:-{}}}\" 2>/dev/null", kDefaultConfig);
}

std::vector<std::string> all_names(const std::vector<Offer>& offers) {
    std::vector<std::string> names;
    for (const auto& offer : offers) {
        names.insert(names.end(), offer.names.begin(), offer.names.end());
    }
    return names;
}

// --- bash: words, or files where there are no words ---

std::string bash_words(const Value& value) {
    return value.kind == Value::Kind::destination ? "$(_bucky_destinations)"
                                                  : fmt::format("{}", fmt::join(value.words, " "));
}

std::string bash_cases(const std::vector<Place>& places) {
    std::string by_option, by_place;
    for (const auto& place : places) {
        for (const auto& option : place.options) {
            if (option.value.kind == Value::Kind::none) continue;
            for (const auto& name : option.names) {
                by_option += fmt::format("        '{}:{}') words=\"{}\" ;;\n", place.commands, name,
                                         bash_words(option.value));
            }
        }
        auto words = all_names(place.below);
        const auto options = all_names(place.options);
        words.insert(words.end(), options.begin(), options.end());
        for (const auto& argument : place.arguments) {
            const auto more = bash_words(argument);
            if (!more.empty()) words.push_back(more);
        }
        by_place +=
            fmt::format("        '{}') words=\"{}\" ;;\n", place.commands, fmt::join(words, " "));
    }
    return by_option + "        *) case \"$place\" in\n" + by_place + "        esac ;;\n";
}

// --- zsh: words with descriptions ---

std::string zsh_described(const std::vector<Offer>& offers) {
    std::string out;
    for (const auto& offer : offers) {
        for (const auto& name : offer.names) {
            out += (out.empty() ? "" : " ") + in_shell(name + ':' + offer.does);
        }
    }
    return out;
}

/// The command that offers it.
std::string zsh_offering(const Value& value) {
    switch (value.kind) {
        case Value::Kind::none:
        case Value::Kind::anything: return ":";
        case Value::Kind::words: return fmt::format("compadd -- {}", fmt::join(value.words, " "));
        case Value::Kind::destination: return "_bucky_destinations";
        case Value::Kind::path: return "_files";
    }
    __builtin_unreachable();
}

std::string zsh_cases(const std::vector<Place>& places) {
    std::string by_option, by_place;
    for (const auto& place : places) {
        for (const auto& option : place.options) {
            if (option.value.kind == Value::Kind::none) continue;
            for (const auto& name : option.names) {
                by_option +=
                    fmt::format("        ({}) {}; return ;;\n",
                                in_shell(place.commands + ':' + name), zsh_offering(option.value));
            }
        }
        by_place += fmt::format(
            "        ({})\n            commands=({})\n            options=({})\n",
            in_shell(place.commands), zsh_described(place.below), zsh_described(place.options));
        std::vector<std::string> offering;
        for (const auto& value : place.arguments) offering.push_back(in_shell(zsh_offering(value)));
        by_place += fmt::format("            arguments=({}) ;;\n", fmt::join(offering, " "));
    }
    return "    case \"$place:${words[CURRENT-1]}\" in\n" + by_option +
           "    esac\n    case \"$place\" in\n" + by_place + "    esac\n";
}

// --- fish: one line per word ---

std::string in_fish(std::string_view text) {
    return quoted(text, R"(\')");
}

/// What follows the option in a `complete` line.
std::string fish_value(const Value& value) {
    switch (value.kind) {
        case Value::Kind::none: return "";
        case Value::Kind::anything: return " -x";
        case Value::Kind::words: return fmt::format(" -x -a '{}'", fmt::join(value.words, " "));
        case Value::Kind::destination: return " -x -a '(__bucky_destinations)'";
        case Value::Kind::path: return " -r -F";
    }
    __builtin_unreachable();
}

std::string fish_lines(const Place& place) {
    const auto here = fmt::format("complete -c bucky -n '__bucky_is_at \"{}\"'", place.commands);
    std::string out;
    if (!place.takes(Value::Kind::path)) out += here + " -f\n";
    for (const auto& command : place.below) {
        out += fmt::format("{} -a {} -d {}\n", here, command.names.front(), in_fish(command.does));
    }
    for (const auto& option : place.options) {
        out += here;
        for (const auto& name : option.names) {
            const bool is_long = name.starts_with("--");
            out += fmt::format(" -{} {}", is_long ? 'l' : 's', name.substr(is_long ? 2 : 1));
        }
        out += fmt::format("{} -d {}\n", fish_value(option.value), in_fish(option.does));
    }
    for (const auto& argument : place.arguments) {
        if (argument.kind == Value::Kind::destination) {
            out += here + " -a '(__bucky_destinations)' -d destination\n";
        } else if (argument.kind == Value::Kind::words) {
            out += fmt::format("{} -a '{}'\n", here, fmt::join(argument.words, " "));
        }
    }
    return out;
}

}  // namespace

std::string bash_completion(const CLI::App& app) {
    const auto places = places_of(app);
    return fmt::format(
        R"sh(# bash completion of bucky; printed by `bucky manual bash-completion`.
_bucky_destinations() {{
    {} {}
}}
_bucky() {{
    local current=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}}
    local place= at= words=
    for ((at = 1; at < COMP_CWORD; at++)); do
        case "${{place:+$place }}${{COMP_WORDS[at]}}" in
            {})
                place="${{place:+$place }}${{COMP_WORDS[at]}}" ;;
        esac
    done
    COMPREPLY=()
    case "$place:$before" in
{}    esac
    [[ $current == -* ]] || words=$(tr ' ' '\n' <<<"$words" | grep -v '^-')
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}}
complete -o bashdefault -o default -F _bucky bucky
)sh",
        kDestinations, config_file(), fmt::join(all_commands(places), " | "), bash_cases(places));
}

std::string zsh_completion(const CLI::App& app) {
    const auto places = places_of(app);
    return fmt::format(
        R"sh(#compdef bucky
# zsh completion of bucky; printed by `bucky manual zsh-completion`.
_bucky_destinations() {{
    local -a names
    names=(${{(f)"$({} {})"}})
    _describe destination names
}}
_bucky() {{
    local place= at= one=
    local -a commands options arguments
    for ((at = 2; at < CURRENT; at++)); do
        case "${{place:+$place }}${{words[at]}}" in
            ({}) place="${{place:+$place }}${{words[at]}}" ;;
        esac
    done
{}    if [[ $PREFIX == -* ]]; then
        _describe -o option options
        return
    fi
    (( $#commands )) && _describe command commands
    for one in $arguments; do eval $one; done
}}
if [[ $funcstack[1] == _bucky ]]; then _bucky "$@"; else compdef _bucky bucky; fi
)sh",
        kDestinations, config_file(), fmt::join(all_commands(places), "|"), zsh_cases(places));
}

std::string fish_completion(const CLI::App& app) {
    const auto places = places_of(app);
    auto out = fmt::format(
        R"sh(# fish completion of bucky; printed by `bucky manual fish-completion`.
function __bucky_destinations
    set -q BUCKY_CONFIG; or set -l BUCKY_CONFIG {}
    {} $BUCKY_CONFIG 2>/dev/null
end
function __bucky_is_at
    set -l place
    for word in (commandline -opc)[2..]
        set -l next (string trim -- "$place $word")
        switch "$next"
            case {}
                set place $next
        end
    end
    test "$place" = "$argv[1]"
end
)sh",
        kDefaultConfig, kDestinations, fmt::join(all_commands(places), " "));
    for (const auto& place : places) out += fish_lines(place);
    return out;
}

}  // namespace bucky
