// SPDX-License-Identifier: Apache-2.0
// Memory of the node while it receives 10,000 instances of 0.5 MB over four associations: resident
// set after each thousand. The images show knees, so that no model runs.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include "tests/bench/load.h"
#include "tests/bench/machine.h"
#include "tests/support/running_node.h"

namespace {

double resident_mb(int pid) {
    std::ifstream status{"/proc/" + std::to_string(pid) + "/status"};
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmRSS:")) return std::atof(line.c_str() + 6) / 1024;
    }
    return 0;
}

}  // namespace

int main() {
    using namespace bucky;
    test::RunningNode node;
    const bench::Load load{{512, 512, "KNEE"}};
    std::printf("%s\n\n| instances | resident MB |\n|---|---|\n| 0 | %.0f |\n",
                bench::machine_line().c_str(), resident_mb(node.process().pid()));
    for (unsigned thousand = 1; thousand <= 10; ++thousand) {
        (void)bench::files_per_second({node.dicom_port()}, "BUCKY", load, 1000, 4);
        std::printf("| %u | %.0f |\n", thousand * 1000, resident_mb(node.process().pid()));
        std::fflush(stdout);
    }
    return 0;
}
