// SPDX-License-Identifier: Apache-2.0
// One DX of 10 MB from end to end: seconds from its last byte until the PACS (Orthanc) has accepted
// both results. One image at a time, each in a study of its own.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "tests/bench/load.h"
#include "tests/bench/machine.h"
#include "tests/support/orthanc.h"
#include "tests/support/running_node.h"

namespace {

using namespace bucky;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

double at_quantile(std::vector<double> sorted, double quantile) {
    std::sort(sorted.begin(), sorted.end());
    const auto last = static_cast<double>(sorted.size() - 1);
    return sorted[static_cast<std::size_t>(quantile * last + 0.5)];
}

/// Sends the load as a new study. Returns the seconds until the PACS has answered for both results.
double journey(test::RunningNode& node, const bench::Load& load) {
    const std::size_t from = node.process().lines().size();
    test::WireClient modality{node.dicom_port()};
    if (modality.associate({test::kDxForPresentation, test::kExplicitLittleEndian}) != 2 ||
        modality.store(load.sop_instance(), load.dataset()) != 0) {
        throw std::runtime_error("the node did not take the image");
    }
    const auto last_byte = modality.last_byte_sent();
    modality.release();
    int sent = 0;
    const auto both = node.process().wait_for_line(
        [&](std::string_view line) {
            sent += line.find(" deliver.sent ") != std::string_view::npos;
            return sent == 2;
        },
        60s, from);
    if (!both) throw std::runtime_error("no results:\n" + node.process().output());
    return std::chrono::duration<double>(Clock::now() - last_byte).count();
}

}  // namespace

int main(int count, char** arguments) {
    const unsigned images = count > 1 ? static_cast<unsigned>(std::atoi(arguments[1])) : 100;
    test::Orthanc pacs;
    test::RunningNode node{{.destinations = {pacs.destination()}}};
    bench::Load load{{2500, 2048}};
    std::vector<double> seconds;
    for (unsigned number = 1; number <= images; ++number) {
        load.become(number, true);
        seconds.push_back(journey(node, load));
        const auto held = pacs.wait_for_results(load.study(), 1, 5s);
        if (held.reports.size() != 1 || held.overlays.size() != 1) {
            std::printf("image %u: the PACS does not hold its results\n", number);
            return 1;
        }
    }
    std::printf(
        "Seconds from the last byte of a 10 MB DX to SR and overlay accepted by Orthanc.\n"
        "%s\n\n| images | median | p99 | worst |\n|---|---|---|---|\n"
        "| %u | %.2f | %.2f | %.2f |\n",
        bench::machine_line().c_str(), images, at_quantile(seconds, 0.5),
        at_quantile(seconds, 0.99), at_quantile(seconds, 1));
    return 0;
}
