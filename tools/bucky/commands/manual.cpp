// SPDX-License-Identifier: Apache-2.0
// Texts that an installation generates from the program itself: the manual pages and the shell
// completions. They cannot differ from the commands and keys of the program.
#include <iostream>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <CLI/CLI.hpp>

#include "conf/file/described.h"
#include "conf/file/read.h"
#include "tools/bucky/commands/command.h"
#include "tools/bucky/commands/completion.h"
#include "tools/bucky/commands/conformance_statement.h"
#include "tools/bucky/commands/shown.h"

namespace bucky {
namespace {

using conf::in_troff;
using namespace shown;

/// The placeholder after an option's name: the type name of its row, or the possible values.
std::string value_word(const CLI::Option& option) {
    if (!takes_value(option) || option.get_positional()) return {};
    const auto choices = choices_of(option);
    if (!choices.empty()) return fmt::format(" {}", fmt::join(choices, "|"));
    return " " + value_name(option);
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

/// Lines that were broken for a terminal fill the page, whatever its width; one that ends a
/// sentence stays one.
std::string filled(std::string text) {
    for (auto at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 1)) {
        if (at > 0 && text[at - 1] == '.') text.insert(at + 1, ".br\n");
    }
    return text;
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
        if (!footer.empty()) out += ".PP\n" + filled(in_troff(footer)) + '\n';
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

void print(const CLI::App& app, const std::string& what) {
    if (what == "bucky.1") std::cout << manual_page(app);
    if (what == "bucky.toml.5") std::cout << conf::manual_page(BUCKY_VERSION);
    if (what == "configuration.md") std::cout << conf::configuration_markdown();
    if (what == "conformance.md") {
        std::cout << conformance_statement(conf::example_settings());
    }
    if (what == "bash-completion") std::cout << bash_completion(app);
    if (what == "zsh-completion") std::cout << zsh_completion(app);
    if (what == "fish-completion") std::cout << fish_completion(app);
}

}  // namespace

void add_manual(CLI::App& app, int&) {
    auto* command = app.add_subcommand(
        "manual", "Print a manual page, a document of docs/, or a shell's completion");
    const auto what = std::make_shared<std::string>();
    command->add_option("PAGE", *what, "Which")
        ->required()
        ->check(CLI::IsMember({"bucky.1", "bucky.toml.5", "configuration.md", "conformance.md",
                               "bash-completion", "zsh-completion", "fish-completion"}));
    command->callback([&app, what] { print(app, *what); });
}

}  // namespace bucky
