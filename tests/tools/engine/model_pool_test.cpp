// SPDX-License-Identifier: Apache-2.0
// ModelPool: the models in use are exchanged as a whole.
#include <cstddef>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/tools/node_harness.h"
#include "tools/bucky/pipeline/worker.h"

using namespace bucky;
using namespace bucky::test;

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
