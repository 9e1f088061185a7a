// SPDX-License-Identifier: Apache-2.0
// The figure in docs/architecture.md is printed from the table, so that both always agree.
#include <catch2/catch.hpp>

#include <fstream>
#include <sstream>
#include <string>

#include <fmt/format.h>

#include "storage/job_state.h"

TEST_CASE("the figure of a job's states in the documents is the table in the code",
          "[storage][docs]") {
    std::string figure;
    for (const auto& step : bucky::storage::kSteps) {
        figure += fmt::format("{:<7} --{:-<14}> {}\n", name_of(step.from), name_of(step.event),
                              name_of(step.to));
    }
    std::ifstream in(std::string{BUCKY_SOURCE_DIR} + "/docs/architecture.md");
    std::stringstream page;
    page << in.rdbuf();
    INFO("docs/architecture.md should hold:\n" << figure);
    CHECK(page.str().find(figure) != std::string::npos);
}
