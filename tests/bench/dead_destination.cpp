// SPDX-License-Identifier: Apache-2.0
// One dead destination beside a healthy one: how long the healthy one waits for the results of a
// stream of images, alone and beside a destination that is dead in each way. All cases take turns
// in one run, so that other load on the machine affects all of them equally.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/bench/load.h"
#include "tests/bench/machine.h"
#include "tests/support/fake_pacs.h"
#include "tests/support/poll.h"
#include "tests/support/running_node.h"

namespace {

using namespace bucky;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

test::Destination dead(std::string name, int port) {
    return {std::move(name), "DEAD", port, "response_timeout_s = 5\n"};
}

/// A node with a healthy PACS and optionally a dead one.
struct Setting {
    Setting(std::string named, std::vector<test::Destination> beside) : name(std::move(named)) {
        auto there = pacs.destination();
        there.name = "healthy";
        beside.insert(beside.begin(), there);
        node.emplace(test::NodeOptions{.destinations = std::move(beside)});
    }

    /// Sends an image. Returns the seconds until the healthy PACS has both results.
    double journey(bench::Load& load, unsigned number) {
        load.become(number, true);
        const std::size_t before = pacs.stored().size();
        test::WireClient modality{node->dicom_port()};
        if (modality.associate({test::kDxForPresentation, test::kExplicitLittleEndian}) != 2 ||
            modality.store(load.sop_instance(), load.dataset()) != 0) {
            throw std::runtime_error("the node did not take the image");
        }
        const auto last_byte = modality.last_byte_sent();
        modality.release();
        if (!test::poll_until([&] { return pacs.stored().size() == before + 2; }, 60s)) {
            throw std::runtime_error("no results:\n" + node->process().output());
        }
        return std::chrono::duration<double>(Clock::now() - last_byte).count();
    }

    std::string name;
    test::FakePacs pacs;
    std::optional<test::RunningNode> node;
    std::vector<double> seconds;
};

double median(std::vector<double> of) {
    std::sort(of.begin(), of.end());
    return of[of.size() / 2];
}

}  // namespace

int main(int count, char** arguments) {
    const unsigned images = count > 1 ? static_cast<unsigned>(std::atoi(arguments[1])) : 40;
    const test::FakePacs deaf{{"--behave", "deaf"}};
    const test::FakePacs silent{{"--behave", "silent"}};
    Setting alone{"alone", {}};
    Setting refused{"beside one that refuses connections", {dead("refused", 1)}};
    Setting hanging{"beside one that accepts and says nothing", {dead("deaf", deaf.port())}};
    Setting mute{"beside one that answers no association", {dead("silent", silent.port())}};
    const std::vector<Setting*> settings{&alone, &refused, &hanging, &mute};
    bench::Load load{{1024, 1024}};
    unsigned number = 0;
    for (unsigned image = 0; image < images; ++image) {
        for (auto* setting : settings) {
            setting->seconds.push_back(setting->journey(load, ++number));
        }
    }
    std::printf(
        "Seconds from the last byte of a 2 MB DX to both results in a healthy PACS, median "
        "of %u.\n%s\n\n| the healthy PACS stands | s | ratio |\n|---|---|---|\n",
        images, bench::machine_line().c_str());
    for (const auto* setting : settings) {
        const double own = median(setting->seconds);
        std::printf("| %s | %.3f | %.2f |\n", setting->name.c_str(), own,
                    own / median(alone.seconds));
    }
    return 0;
}
