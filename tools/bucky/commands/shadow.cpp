// SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <iostream>
#include <memory>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "conf/base/clock.h"
#include "conf/file/read.h"
#include "storage/site.h"
#include "tools/bucky/commands/command.h"
#include "tools/bucky/retrospective/page.h"
#include "tools/bucky/retrospective/shadow.h"
#include "tools/bucky/retrospective/truth.h"
#include "tools/bucky/shared/days.h"
#include "tools/bucky/shared/files.h"
#include "tools/bucky/shared/table.h"

namespace bucky {
namespace {

namespace fs = std::filesystem;

struct Asked {
    std::string since, in_use, candidate;
    fs::path out, truth;
};

int report(const Asked& asked, const conf::Settings& settings) {
    const SystemClock clock;
    auto db = storage::Site{settings.node.data_dir}.open(storage::Database::Mode::read_only);
    const auto now_ms = clock.now_ms();
    const auto since_ms = asked.since.empty() ? 0 : now_ms - parse_span_ms(asked.since);
    auto made = audit_of_shadow(
        settings, db, clock,
        {.since_ms = since_ms, .in_use = asked.in_use, .candidate = asked.candidate});
    made.title =
        fmt::format("Shadow report: {} against {}", made.models[1].label(), made.models[0].label());
    made.remarks = {
        fmt::format("Made {} by bucky " BUCKY_VERSION " from the node's records{}.",
                    utc_second(now_ms),
                    asked.since.empty() ? std::string{}
                                        : fmt::format(", images since {}", utc_second(since_ms))),
        "Images that have left the node are not in it. The candidate's scores have "
        "four digits. Nothing of the candidate was sent."};
    made.truth = read_truth_file(asked.truth, made.models);
    std::cout << summary_of(made);
    if (!asked.out.empty()) {
        fs::create_directories(asked.out);
        write_file(asked.out / "shadow.html", page_of(made));
        write_file(asked.out / "shadow.csv", table_of(made));
        std::cout << fmt::format("\n{}\n{}\n", (asked.out / "shadow.html").string(),
                                 (asked.out / "shadow.csv").string());
    }
    return made.images.empty() ? 1 : 0;
}

}  // namespace

void add_shadow(CLI::App& app, int& exit_status) {
    auto* command =
        app.add_subcommand("shadow", "A model in the shadow against the one that reports");
    command->require_subcommand(1);
    const auto config = config_option(*command);
    const auto asked = std::make_shared<Asked>();
    auto* reported = command->add_subcommand(
        "report", "How far they agree, where they differ, and their scores side by side");
    reported->add_option("--since", asked->since, "Images from so long ago on: 7d, 12h")
        ->type_name("TIME");
    reported->add_option("--in-use", asked->in_use, "Name of the model that reports; the first")
        ->type_name("NAME");
    reported->add_option("--candidate", asked->candidate, "Name of the shadow; the first")
        ->type_name("NAME");
    reported
        ->add_option("--truth", asked->truth, "Labels (CSV), as of `bucky audit`: with ROC curves")
        ->check(existing_file())
        ->type_name("FILE");
    reported->add_option("--out", asked->out, "Folder for shadow.html and shadow.csv")
        ->type_name("DIR");
    reported->callback([asked, config, &exit_status] {
        exit_status = report(*asked, conf::read_settings(*config));
    });
}

}  // namespace bucky
