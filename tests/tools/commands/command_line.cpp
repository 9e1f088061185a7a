// SPDX-License-Identifier: Apache-2.0
#include "tests/tools/commands/command_line.h"

#include <algorithm>
#include <iostream>
#include <sstream>

#include <CLI/CLI.hpp>
#include <catch2/catch.hpp>

#include "conf/file/read.h"
#include "tools/bucky/commands/command.h"
#include "tools/bucky/shared/files.h"

namespace bucky::test {

std::size_t Said::widest() const {
    std::istringstream lines{text};
    std::size_t widest = 0;
    for (std::string line; std::getline(lines, line);) widest = std::max(widest, line.size());
    return widest;
}

Said bucky_command(std::vector<std::string> words) {
    CLI::App app{"", "bucky"};
    app.require_subcommand(1);
    Said said;
    for (const auto add : {add_status, add_queue, add_study, add_analyze, add_explain, add_model,
                           add_config, add_decisions}) {
        add(app, said.status);
    }
    std::ostringstream printed;
    auto* const before = std::cout.rdbuf(printed.rdbuf());
    std::reverse(words.begin(), words.end());
    try {
        app.parse(words);
    } catch (...) {
        std::cout.rdbuf(before);
        throw;
    }
    std::cout.rdbuf(before);
    said.text = printed.str();
    return said;
}

Visited::Visited() {
    settings.scp.port = 0;  // `config check` asks whether it is free
    for (auto& destination : settings.destinations) {
        destination.ae_title = AeTitle{"PACS"};
        destination.host = "127.0.0.1";
    }
    phantom::DicomOptions dicom;
    dicom.study_uid = "2.25.123456789012345678901234567890123456789";
    receive({.seed = 3, .lesions = {phantom::Finding::pneumonia}, .dicom = dicom});
    hang_up();
    infer_all();
    report_all();
    write_file(config(), conf::to_toml(settings));
}

Said Visited::ask(std::vector<std::string> words) const {
    words.insert(words.end(), {"--config", config()});
    return bucky_command(std::move(words));
}

void Visited::park_one(const std::string& words) {
    auto& jobs = context().jobs;
    const auto job = jobs.claim(storage::Lane::deliver("pacs"), 60'000);
    REQUIRE(job.has_value());
    jobs.park(*job, words);
}

}  // namespace bucky::test
