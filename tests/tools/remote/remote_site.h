// SPDX-License-Identifier: Apache-2.0
// A site whose model runs on the server of tests/support/oip_server.py, without the node around it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "conf/base/error.h"
#include "tests/support/oip_server.h"
#include "tests/support/temp_dir.h"
#include "tests/tools/remote/spots_package.h"
#include "tools/bucky/remote/remote_model.h"

namespace bucky::test {

/// A site with the package of spots_package.h, and its service.
struct RemoteSite {
    explicit RemoteSite(std::vector<std::string> server_arguments = {},
                        const std::string& more = "")
        : server([&] {
              server_arguments.insert(server_arguments.end(), {"--sha256", kSpotsHash});
              return server_arguments;
          }()) {
        write_spots_package(dir / "spots", more);
        settings.url = server.url();
        settings.connect_timeout_s = 5;
        settings.answer_timeout_s = 20;
    }

    RemoteModel& model() {
        if (!model_) {
            model_ =
                std::make_unique<RemoteModel>(inference::read_package(dir / "spots"), settings);
        }
        return *model_;
    }

    nlohmann::json seen() const { return nlohmann::json::parse(server.seen()); }

    /// The words of what `action` throws, if it is of this kind.
    template <typename Kind>
    static std::string words_of(const std::function<void()>& action) {
        try {
            action();
        } catch (const Error& error) {
            const bool is_it = dynamic_cast<const Kind*>(&error) != nullptr;
            return (is_it ? "" : "of another kind: ") + std::string{error.what()};
        }
        return "it threw nothing";
    }

    template <typename Kind = inference::NobodyAnswers>
    std::string words_of_run() {
        return words_of<Kind>([&] { (void)model().run(spots_input(0.5F)); });
    }

    TempDir dir;
    OipServer server;
    conf::RemoteSettings settings;

private:
    std::unique_ptr<RemoteModel> model_;
};

inline void check_equal(const inference::ModelOutput& got, const inference::ModelOutput& want) {
    CHECK(got.scores == want.scores);
    CHECK(got.heatmaps == want.heatmaps);
    CHECK(got.heatmap_rows == want.heatmap_rows);
    CHECK(got.heatmap_columns == want.heatmap_columns);
}

}  // namespace bucky::test
