// SPDX-License-Identifier: Apache-2.0
#include "storage/decisions.h"

#include <charconv>
#include <chrono>
#include <cstdint>
#include <iostream>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "conf/base/error.h"
#include "conf/file/read.h"
#include "storage/site.h"
#include "tools/bucky/commands/command.h"
#include "tools/bucky/shared/csv.h"
#include "tools/bucky/shared/decision_record.h"
#include "tools/bucky/shared/table.h"

namespace bucky {
namespace {

using storage::Database;
using storage::Decisions;

/// A whole number of exactly these characters.
std::optional<unsigned> number_in(std::string_view text) {
    unsigned number = 0;
    const auto* end = text.data() + text.size();
    const auto [at, error] = std::from_chars(text.data(), end, number);
    if (text.empty() || error != std::errc{} || at != end) return std::nullopt;
    return number;
}

/// The start of a day of UTC, written as 2026-11-23.
std::int64_t day_ms(const std::string& text) {
    const bool is_shaped = text.size() == 10 && text[4] == '-' && text[7] == '-';
    const std::string_view part{is_shaped ? text : "-"};
    const auto year = number_in(part.substr(0, 4));
    const auto month = is_shaped ? number_in(part.substr(5, 2)) : std::nullopt;
    const auto day = is_shaped ? number_in(part.substr(8, 2)) : std::nullopt;
    if (year && month && day) {
        const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(*year)},
                                               std::chrono::month{*month}, std::chrono::day{*day}};
        if (date.ok()) {
            const auto since = std::chrono::sys_days{date}.time_since_epoch();
            return std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
        }
    }
    throw Error(Fault::bad_input, "{} is no day: write it as 2026-11-23 (UTC)", text);
}

template <typename Cells>
void print_csv(const Cells& cells) {
    std::cout << csv_line({cells.begin(), cells.end()});
}

struct Asked {
    std::string since;
    std::optional<std::string> tenant;  ///< none: all
    bool as_csv = false, as_json = false;
    std::string holds;
};

Database open(const conf::Settings& settings) {
    return storage::Site{settings.node.data_dir}.open(Database::Mode::read_only);
}

/// Those that have records; a tenant that has none is a mistake of whoever asks.
std::vector<std::string> owners_asked_for(Decisions& decisions, const Asked& asked) {
    auto owners = decisions.owners();
    if (!asked.tenant) return owners;
    for (const auto& owner : owners) {
        if (owner == *asked.tenant) return {owner};
    }
    throw Error(Fault::bad_input, "there is no record of {}",
                asked.tenant->empty() ? "images without a tenant" : *asked.tenant);
}

void export_those(const conf::Settings& settings, const Asked& asked) {
    const auto since_ms =
        asked.since.empty() ? std::numeric_limits<std::int64_t>::min() : day_ms(asked.since);
    const SystemClock clock;
    Database db = open(settings);
    Decisions decisions{db, clock};
    const auto owners = owners_asked_for(decisions, asked);
    if (!asked.as_json) print_csv(decision_columns());
    for (const auto& owner : owners) {
        decisions.each(owner, since_ms, [&](const storage::Decision& decision) {
            if (asked.as_json) {
                std::cout << decision_json(owner, decision) << '\n';
                return;
            }
            for (const auto& line : decision_lines(owner, decision)) print_csv(line);
        });
    }
    std::cout.flush();
    if (!std::cout) throw Error(Fault::unavailable, "the records could not be written");
}

std::string chain_line(const std::string& owner, const Decisions::Checked& checked) {
    const auto whose = owner.empty() ? "No tenant" : "Tenant " + printable(owner);
    if (checked.records == 0) return whose + ": no records\n";
    return fmt::format("{}: {} record{}, {} to {}, {}; the last has the hash\n  {}\n", whose,
                       checked.records, checked.records == 1 ? "" : "s", checked.first.number,
                       checked.last.number, size(static_cast<std::uint64_t>(checked.bytes)),
                       checked.last.sha256);
}

/// Returns the exit status.
int verify(const conf::Settings& settings, const Asked& asked) {
    const SystemClock clock;
    Database db = open(settings);
    Decisions decisions{db, clock};
    const auto owners = owners_asked_for(decisions, asked);
    bool is_whole = true, is_held = asked.holds.empty();
    for (const auto& owner : owners) {
        const auto checked = decisions.verify(owner, asked.holds);
        std::cout << chain_line(owner, checked);
        for (const auto& words : checked.wrong) std::cout << "  " << words << '\n';
        is_whole = is_whole && checked.wrong.empty();
        is_held = is_held || checked.holds_wanted;
    }
    if (owners.empty()) std::cout << "No decision has been recorded yet.\n";
    if (!is_held) std::cout << "No record has the hash " << printable(asked.holds) << ".\n";
    if (!is_whole) std::cout << "The records are not as they were written.\n";
    return is_whole && is_held ? 0 : 1;
}

}  // namespace

void add_decisions(CLI::App& app, int& exit_status) {
    auto* command =
        app.add_subcommand("decisions", "The record of each decision: export it, verify it");
    command->require_subcommand(1);
    const auto config = config_option(*command);
    const auto asked = std::make_shared<Asked>();

    auto* exported = command->add_subcommand("export", "Print the records as CSV or JSON lines");
    exported->add_option("--since", asked->since, "From this day on (UTC): 2026-11-23")
        ->type_name("DAY");
    auto* csv = exported->add_flag("--csv", asked->as_csv, "One line for each finding");
    exported->add_flag("--jsonl", asked->as_json, "One line for each record, as it is stored")
        ->excludes(csv);
    exported->callback([config, asked] { export_those(conf::read_settings(*config), *asked); });

    auto* verified =
        command->add_subcommand("verify", "Whether a record was changed, removed or inserted");
    verified
        ->add_option("--holds", asked->holds,
                     "Also, whether a record has this hash, which a log line named")
        ->type_name("HASH");
    verified->callback([config, asked, &exit_status] {
        exit_status = verify(conf::read_settings(*config), *asked);
    });
    for (auto* one : {exported, verified}) {
        one->add_option("--tenant", asked->tenant, "Of this [[tenant]]; \"\" of images without one")
            ->type_name("AE");
    }
}

}  // namespace bucky
