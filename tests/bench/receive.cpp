// SPDX-License-Identifier: Apache-2.0
// Files a second received: `bucky serve` beside DCMTK's storescp and Orthanc, with the same load
// and disk, one after the other in one run.
//
// They promise different things with a response, as the line under the table says: Bucky has synced
// the file and its row; storescp has synced nothing.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/fast_storescp.h"
#include "tests/bench/load.h"
#include "tests/bench/machine.h"
#include "tests/support/http.h"
#include "tests/support/orthanc.h"
#include "tests/support/poll.h"
#include "tests/support/running_node.h"

namespace {

using namespace bucky;
using namespace std::chrono_literals;

struct Receiver {
    virtual ~Receiver() = default;
    virtual int port() = 0;
};

struct BuckyReceiver : Receiver {
    test::RunningNode node;
    int port() override { return node.dicom_port(); }
};

struct OrthancReceiver : Receiver {
    test::Orthanc pacs;
    int port() override { return pacs.dicom_port(); }
};

struct StorescpReceiver : Receiver {
    bench::FastStorescp storescp;
    int port() override { return storescp.port(); }
};

struct Row {
    const char* name;
    std::function<std::unique_ptr<Receiver>()> start;
    unsigned share;  // share of the files: slow receivers get fewer
};

struct Size {
    const char* name;
    bench::Load load;
    unsigned files;
};

/// Speeds by receiver, measured in turns, so that other load slows all of them equally.
std::vector<double> measure(const std::vector<Row>& rows, const Size& size, unsigned associations,
                            unsigned rounds) {
    std::vector<std::vector<double>> speeds(rows.size());
    for (unsigned round = 0; round < rounds; ++round) {
        for (std::size_t row = 0; row < rows.size(); ++row) {
            const auto receiver = rows[row].start();
            speeds[row].push_back(bench::files_per_second({receiver->port()}, "BUCKY", size.load,
                                                          size.files / rows[row].share,
                                                          associations));
        }
    }
    std::vector<double> medians;
    for (auto& of_one : speeds) {
        std::sort(of_one.begin(), of_one.end());
        medians.push_back(of_one[of_one.size() / 2]);
    }
    return medians;
}

}  // namespace

/// Arguments: rounds (1; the median is taken), then associations (1 4 16).
int main(int count, char** arguments) {
    const std::vector<Row> rows{
        {"bucky serve", [] { return std::make_unique<BuckyReceiver>(); }, 1},
        {"storescp +B --fork -pdu 131072", [] { return std::make_unique<StorescpReceiver>(); }, 1},
        {"Orthanc", [] { return std::make_unique<OrthancReceiver>(); }, 2},
    };
    const std::vector<Size> sizes{{"10 MB", bench::Load{{2500, 2048, "KNEE"}}, 96},
                                  {"0.5 MB", bench::Load{{512, 512, "KNEE"}}, 960}};
    const unsigned rounds = count > 1 ? static_cast<unsigned>(std::atoi(arguments[1])) : 1;
    std::vector<unsigned> associations{1, 4, 16};
    if (count > 2) associations.clear();
    for (int at = 2; at < count; ++at) {
        associations.push_back(static_cast<unsigned>(std::atoi(arguments[at])));
    }
    std::printf(
        "Files a second received, median of %u.\n%s\n\n"
        "| images | associations | bucky serve | storescp +B --fork -pdu 131072 | Orthanc | "
        "to storescp | to Orthanc |\n|---|---|---|---|---|---|---|\n",
        rounds, bench::machine_line().c_str());
    for (const auto& size : sizes) {
        for (const unsigned at_once : associations) {
            const auto speed = measure(rows, size, at_once, rounds);
            std::printf("| %s | %u | %.0f | %.0f | %.0f | %.2f | %.1f |\n", size.name, at_once,
                        speed[0], speed[1], speed[2], speed[0] / speed[1], speed[0] / speed[2]);
            std::fflush(stdout);
        }
    }
    std::printf(
        "\nSender and receiver share the machine. Bucky answers after file and database are synced;"
        "\nstorescp never syncs; Orthanc parses, hashes and indexes. The images are of knees: kept"
        "\nand reported as not analysed, so that no model takes part in this figure.\n");
    return 0;
}
