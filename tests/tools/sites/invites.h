// SPDX-License-Identifier: Apache-2.0
// Invites: a service that invites sites, with its authority in a folder of the test.
#pragma once

#include <fstream>
#include <iterator>
#include <optional>
#include <string>

#include "scp/wire/start.h"
#include "tests/support/certificates.h"
#include "tests/tools/service/served.h"
#include "tools/bucky/sites/site_control.h"

namespace bucky::test {

struct Invites {
    Invites() {
        scp::start_wire();
        settings.node.data_dir = dir.path();
        settings.service.listen = "127.0.0.1:0";
        settings.service.sites = true;
        settings.service.url = "https://127.0.0.1:443";
        const SiteControl made{settings, clock};
        using namespace std::chrono_literals;
        served.emplace(
            with_authority(settings),
            ServiceTimes{.header = 10s, .idle = 10s, .part = 10s, .look = 10ms}, std::size_t{2},
            [this](const EstRequest& request) { return answer_est(request, settings, clock); });
    }

    SiteControl control() { return {settings, clock}; }

    /// The secret of a new invitation.
    std::string invited(const std::string& name) {
        const auto line = control().invite(name).line;
        return read_token(line.substr(line.rfind(' ') + 1)).secret;
    }

    TempDir dir;
    SystemClock clock;
    conf::Settings settings;
    std::optional<Served> served;
};

inline std::string text_of(const std::filesystem::path& file) {
    std::ifstream in{file};
    return {std::istreambuf_iterator<char>{in}, {}};
}

}  // namespace bucky::test
