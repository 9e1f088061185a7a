// SPDX-License-Identifier: Apache-2.0
// ModelPool: the models in use are exchanged as a whole.
#include <cstddef>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>
#include <catch2/catch.hpp>

#include "tests/support/poll.h"
#include "tests/tools/node_harness.h"
#include "tools/bucky/pipeline/worker.h"
#include "tools/bucky/shared/files.h"

using namespace bucky;
using namespace bucky::test;
using namespace std::chrono_literals;

namespace {

/// The niceness of this process's threads of that name.
std::set<int> niceness_of(const std::string& name) {
    std::set<int> found;
    for (const auto& task : std::filesystem::directory_iterator{"/proc/self/task"}) {
        if (read_text(task.path() / "comm") != name + '\n') continue;
        found.insert(
            ::getpriority(PRIO_PROCESS, static_cast<id_t>(std::stoi(task.path().filename()))));
    }
    return found;
}

}  // namespace

TEST_CASE("models step back behind those that answer senders, where there are any", "[tools]") {
    NodeHarness harness;
    auto settings = harness.settings;
    settings.inference.threads = 1;
    const int own = ::getpriority(PRIO_PROCESS, static_cast<id_t>(::getpid()));
    SECTION("a node with senders") {
        const auto shelf = load_shelf(settings);
        CHECK(poll_until([&] { return niceness_of("model") == std::set{own + 5}; }, 30s));
    }
    SECTION("a node that only serves models") {
        settings.scp.plain = false;
        const auto shelf = load_shelf(settings);
        CHECK(poll_until([&] { return !niceness_of("model").empty(); }, 30s));
        const auto black = std::vector<float>(std::size_t{256} * 256);
        (void)shelf->packages()[0].model->run({1, 256, 256, black});  // it has begun
        CHECK(niceness_of("model") == std::set{own});
    }
}

TEST_CASE("a shelf is exchanged between images, and the one at hand is finished where it began",
          "[tools]") {
    NodeHarness harness;
    auto settings = harness.settings;
    ModelPool stand{load_shelf(settings)};
    const auto at_hand = stand.now();
    const auto* weights = at_hand->packages()[0].model.get();
    stand.exchange(load_shelf(settings, at_hand.get()));
    CHECK(stand.now() != at_hand);
    CHECK(stand.now()->packages()[0].model.get() == weights);  // the same way of running: kept

    settings.inference.replicas = 2;
    settings.inference.threads = 1;
    stand.exchange(load_shelf(settings, at_hand.get()));
    CHECK(stand.now()->packages()[0].model.get() != weights);
    CHECK(stand.now()->packages()[0].model->device() == "cpu (1 thread) x 2");
    CHECK(preparers_for(settings, *stand.now()) >= 3);

    const inference::InputSpec& spec = at_hand->packages()[0].package.input;
    const inference::ModelInput black{1, spec.height, spec.width,
                                      std::vector<float>(std::size_t{spec.height} * spec.width)};
    const auto before = at_hand->packages()[0].model->run(black).scores;
    const auto after = stand.now()->packages()[0].model->run(black).scores;
    REQUIRE(before.size() == after.size());
    for (std::size_t i = 0; i < before.size(); ++i)
        CHECK(after[i] == Approx(before[i]).margin(1e-4));

    settings.inference.models.push_back(harness.dir / "nothing");
    CHECK_THROWS_WITH(load_shelf(settings, at_hand.get()), Catch::Contains("nothing"));
    CHECK(stand.now()->packages().size() == 1);
}
