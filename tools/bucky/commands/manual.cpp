// SPDX-License-Identifier: Apache-2.0
// What an installation prints from the program itself: the manual pages and the shell's completion.
// They cannot say of a command or a key what the program does not know of it.
#include <algorithm>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include "conf/described.h"
#include "conf/read.h"
#include "tools/bucky/commands/command.h"
#include "tools/bucky/conformance.h"

namespace bucky {
namespace {

using conf::in_troff;

std::vector<const CLI::App*> commands_of(const CLI::App& app) {
    return app.get_subcommands([](const CLI::App* one) { return !one->get_group().empty(); });
}

std::vector<const CLI::Option*> options_of(const CLI::App& app) {
    return app.get_options([](const CLI::Option* one) { return !one->get_group().empty(); });
}

/// "--json", "-n", or for an argument its name.
std::vector<std::string> names_of(const CLI::Option& option) {
    std::vector<std::string> names;
    for (const auto& name : option.get_snames()) names.push_back("-" + name);
    for (const auto& name : option.get_lnames()) names.push_back("--" + name);
    if (names.empty()) names.push_back(option.get_name(true));
    return names;
}

/// "{cpu,cuda}" of a type name that lists what may be said: cpu, cuda.
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

/// What follows an option's name: the word that its row gives, or what may be said.
std::string value_word(const CLI::Option& option) {
    if (!takes_value(option) || option.get_positional()) return {};
    const auto choices = choices_of(option);
    if (!choices.empty()) return fmt::format(" {}", fmt::join(choices, "|"));
    const auto type = option.get_type_name();
    return " " + (type.empty() ? std::string{"VALUE"} : type.substr(0, type.find(':')));
}

std::string troff_of(const CLI::Option& option) {
    const auto with_value =
        fmt::format("{}{}", fmt::join(names_of(option), ", "), value_word(option));
    std::string out =
        fmt::format(".TP\n.B {}\n{}\n", in_troff(with_value), in_troff(option.get_description()));
    const auto& otherwise = option.get_default_str();
    if (takes_value(option) && !otherwise.empty()) {
        out.back() = ';';
        out += fmt::format("\ndefault: {}\n", in_troff(otherwise));
    }
    return out;
}

void print_commands(const CLI::App& app, const std::string& path, std::string& out) {
    for (const auto* command : commands_of(app)) {
        const auto name = path + " " + command->get_name();
        std::string arguments;
        for (const auto* option : options_of(*command)) {
            if (option->get_positional()) arguments += " " + option->get_name(true);
        }
        out += fmt::format(".SS {}\n{}\n", in_troff(name + arguments),
                           in_troff(command->get_description()));
        const auto footer = command->get_footer();
        if (!footer.empty()) out += fmt::format(".PP\n.nf\n{}\n.fi\n", in_troff(footer));
        for (const auto* option : options_of(*command)) {
            if (option->get_lnames() != std::vector<std::string>{"help"}) out += troff_of(*option);
        }
        print_commands(*command, name, out);
    }
}

std::string manual_page(const CLI::App& app) {
    std::string out = fmt::format(
        ".\\\" Printed from the program's commands by `bucky manual bucky.1`.\n"
        ".TH BUCKY 1 \"\" \"bucky {}\" \"User commands\"\n"
        ".ad l\n.SH NAME\nbucky \\- an AI modality that gives every chest X\\-ray a second look\n"
        ".SH SYNOPSIS\n.B bucky\n.I COMMAND\n.RI [ OPTION ...]\n"
        ".SH DESCRIPTION\n"
        "A DICOM node: X\\-ray devices and PACS push images to it over C\\-STORE, a model reads "
        "them, and the findings go back over C\\-STORE as a structured report and as a picture. It "
        "assists; it is not a reading.\n"
        ".SH COMMANDS\n",
        in_troff(BUCKY_VERSION));
    print_commands(app, "bucky", out);
    return out + fmt::format(
                     ".SH EXIT STATUS\n"
                     "0 when all is well, 1 when something failed or asks for a person, "
                     "2 for a wrong configuration or command line.\n"
                     ".SH ENVIRONMENT\n.TP\n.B BUCKY_CONFIG\nThe config file, where "
                     "\\-\\-config does not name one.\n"
                     ".SH FILES\n.TP\n.I {}\nThe config file.\n"
                     ".TP\n.I /var/lib/bucky\nImages, results and the database, where "
                     "node.data_dir does not name another folder.\n"
                     ".SH SEE ALSO\n.BR bucky.toml (5)\n",
                     kDefaultConfig);
}

/// What the shell may offer behind a command, and behind each of its options that takes a word.
struct Offers {
    std::string by_command, by_option, paths;
};

void offer(const CLI::App& app, const std::string& path, Offers& offers) {
    std::vector<std::string> words;
    for (const auto* command : commands_of(app)) words.push_back(command->get_name());
    std::string names;
    for (const auto* option : options_of(app)) {
        const bool is_destination =
            option->get_name(true) == "PEER" || option->check_lname("destination");
        if (option->get_positional()) {
            if (is_destination) names = " $(_bucky_destinations)";
            continue;
        }
        const auto own = names_of(*option);
        words.insert(words.end(), own.begin(), own.end());
        if (!takes_value(*option)) continue;
        for (const auto& name : own) {
            offers.by_option += fmt::format(
                "        '{}:{}') words=\"{}\" ;;\n", path, name,
                is_destination ? "$(_bucky_destinations)"
                               : fmt::format("{}", fmt::join(choices_of(*option), " ")));
        }
    }
    offers.by_command +=
        fmt::format("        '{}') words=\"{}{}\" ;;\n", path, fmt::join(words, " "), names);
    for (const auto* command : commands_of(app)) {
        const auto below = path.empty() ? command->get_name() : path + " " + command->get_name();
        offers.paths += fmt::format("{}'{}'", offers.paths.empty() ? "" : " | ", below);
        offer(*command, below, offers);
    }
}

std::string bash_completion(const CLI::App& app) {
    Offers offers;
    offer(app, "", offers);
    return "# bash completion of bucky; printed by `bucky manual bash-completion`.\n"
           "_bucky_destinations() {\n"
           "    sed -n 's/^ *name *= *\"\\(.*\\)\".*/\\1/p' "
           "\"${BUCKY_CONFIG:-" +
           std::string{kDefaultConfig} +
           "}\" 2>/dev/null\n"
           "}\n"
           "_bucky() {\n"
           "    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
           "    local path= at= words=\n"
           "    for ((at = 1; at < COMP_CWORD; at++)); do\n"
           "        case \"${path:+$path }${COMP_WORDS[at]}\" in\n"
           "            " +
           offers.paths +
           ")\n"
           "                path=\"${path:+$path }${COMP_WORDS[at]}\" ;;\n"
           "        esac\n"
           "    done\n"
           "    COMPREPLY=()\n"
           "    case \"$path:$before\" in\n" +
           offers.by_option + "        *) case \"$path\" in\n" + offers.by_command +
           "        esac ;;\n"
           "    esac\n"
           "    [[ $current == -* ]] || words=$(tr ' ' '\\n' <<<\"$words\" | grep -v '^-')\n"
           "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
           "}\n"
           "complete -o bashdefault -o default -F _bucky bucky\n";
}

void print(const CLI::App& app, const std::string& what) {
    if (what == "bucky.1") std::cout << manual_page(app);
    if (what == "bucky.toml.5") std::cout << conf::manual_page(BUCKY_VERSION);
    if (what == "configuration.md") std::cout << conf::configuration_markdown();
    if (what == "conformance.md") {
        std::cout << conformance_statement(conf::example_settings());
    }
    if (what == "bash-completion") std::cout << bash_completion(app);
}

}  // namespace

void add_manual(CLI::App& app, int&) {
    auto* command = app.add_subcommand(
        "manual", "Print a manual page, a document of docs/, or the shell's completion");
    const auto what = std::make_shared<std::string>();
    command->add_option("PAGE", *what, "Which")
        ->required()
        ->check(CLI::IsMember(
            {"bucky.1", "bucky.toml.5", "configuration.md", "conformance.md", "bash-completion"}));
    command->callback([&app, what] { print(app, *what); });
}

}  // namespace bucky
