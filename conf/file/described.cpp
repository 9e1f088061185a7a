// SPDX-License-Identifier: Apache-2.0
#include "conf/file/described.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "conf/dicom/result_kinds.h"

namespace bucky::conf {
namespace {

constexpr std::string_view kOpening =
    "The node reads one TOML file. Each section and key is listed below with its effect, its "
    "allowed values and its default; an unknown key is an error. `bucky config check` reports all "
    "problems of a file at once, `bucky config example` prints a file with every key. Relative "
    "paths start at the folder of the file. A key may stand in the environment instead, and wins "
    "there: BUCKY__SCP__PORT=104, or BUCKY__DESTINATION__1__HOST=pacs of the first "
    "[[destination]].";

/// A bar would end the cell of a Markdown table.
std::string in_cell(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '|') out += '\\';
        out += c;
    }
    return out;
}

/// A hash fills a line of the page to its 80th column, and leaves none for a full stop.
constexpr std::size_t kFillsLine = 66;

std::string troff_of(const DescribedKey& key) {
    std::string out = fmt::format(".TP\n.B {}\n{}\n", in_troff(key.name), in_troff(key.sentence));
    if (!key.allowed.empty()) out += fmt::format("Allowed: {}.\n", in_troff(key.allowed));
    out += fmt::format("{}: {}{}\n", key.is_required ? "Required; for example" : "Default",
                       in_troff(key.value), key.value.size() < kFillsLine ? "." : "");
    if (key.example != key.value) out += fmt::format("For example: {}.\n", in_troff(key.example));
    return out;
}

/// What `send` may name, one row of kResultKinds a line.
std::string results_table() {
    const auto scope_words = [](ResultScope scope) -> std::string_view {
        switch (scope) {
            case ResultScope::study:
            case ResultScope::study_page: return "a study";
            case ResultScope::analysed_image: return "an analysed image";
            case ResultScope::skipped_image: return "an image that was not analysed";
        }
        __builtin_unreachable();
    };
    std::string out =
        "\n## Results\nWhat `send` and `send_if_found` may name. Of several SOP classes a "
        "destination gets the first that it accepts.\n\n"
        "| word | what it is | at most one | SOP class | series |\n|---|---|---|---|---|\n";
    for (const auto& row : kResultKinds) {
        std::vector<std::string_view> names;
        for (const auto one : row.classes) names.push_back(name_of_class(one));
        out += fmt::format("| `{}` | {} | {} | {} | {} |\n", row.word, row.sentence,
                           scope_words(row.scope), fmt::join(names, ", "), row.series_number);
    }
    return out;
}

}  // namespace

std::string in_troff(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\\') {
            out += "\\e";
        } else if (c == '-') {
            out += "\\-";
        } else if ((c == '.' || c == '\'') && (out.empty() || out.back() == '\n')) {
            out += "\\&";
            out += c;
        } else {
            out += c;
        }
    }
    return out;
}

std::string manual_page(std::string_view version) {
    std::string out = fmt::format(
        ".\\\" Printed from the rows of conf/sections/ by `bucky manual bucky.toml.5`.\n"
        ".TH BUCKY.TOML 5 \"\" \"bucky {}\" \"File formats\"\n"
        ".ad l\n.SH NAME\nbucky.toml \\- configuration of bucky, the AI modality\n"
        ".SH SYNOPSIS\n.I /etc/bucky/bucky.toml\n"
        ".SH DESCRIPTION\n{}\n",
        in_troff(version), in_troff(kOpening));
    for (const auto& section : described()) {
        out += fmt::format(".SH {}\n{}\n", in_troff(section.header), in_troff(section.sentence));
        for (const auto& key : section.keys) out += troff_of(key);
    }
    return out + ".SH SEE ALSO\n.BR bucky (1)\n";
}

std::string configuration_markdown() {
    std::string out = fmt::format(
        "# Configuration\n\n{}\n\nPrinted from the rows of conf/sections/ by `bucky manual "
        "configuration.md`. The examples show one value of each key; most files need a dozen keys "
        "(docs/commands.md has the smallest).\n",
        kOpening);
    for (const auto& section : described()) {
        out += fmt::format(
            "\n## {}\n{}\n\n| key | unit | default | allowed | what it does, and why one would "
            "change it |\n|---|---|---|---|---|\n",
            section.header, section.sentence);
        std::string example = "\n```toml\n" + section.header + "\n";
        for (const auto& key : section.keys) {
            out += fmt::format("| `{}` | {} | {} | {} | {} |\n", key.name, key.unit,
                               key.is_required ? "none: required" : fmt::format("`{}`", key.value),
                               in_cell(key.allowed), in_cell(key.sentence));
            example += fmt::format("{} = {}\n", key.name, key.example);
        }
        out += example + "```\n";
    }
    return out + results_table();
}

}  // namespace bucky::conf
