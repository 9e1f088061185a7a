// SPDX-License-Identifier: Apache-2.0
// Files a second received: `bucky serve` beside DCMTK's storescp and Orthanc, the same load, the
// same disk, one after the other in one run.
//
// What each promises when it answers differs, and stands under the table: Bucky has synced the file
// and its row; storescp has not synced anything.
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <vector>

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
    test::TempDir dir;
    int listen = test::free_port();
    test::Process process{{"storescp", "+B", "--fork", "-pdu", "131072", "-od", dir.path().string(),
                           std::to_string(listen)}};
    StorescpReceiver() {
        (void)test::poll_until(
            [this] {
                try {
                    return test::WireClient{listen}.associate({}) == 2;
                } catch (const std::runtime_error&) {
                    return false;
                }
            },
            10s);
    }
    int port() override { return listen; }
};

struct Row {
    const char* name;
    std::function<std::unique_ptr<Receiver>()> start;
    unsigned share;  // of the files: the slow ones get fewer
};

}  // namespace

int main() {
    const std::vector<Row> rows{
        {"bucky serve", [] { return std::make_unique<BuckyReceiver>(); }, 1},
        {"storescp +B --fork -pdu 131072", [] { return std::make_unique<StorescpReceiver>(); }, 1},
        {"Orthanc", [] { return std::make_unique<OrthancReceiver>(); }, 2},
    };
    struct Size {
        const char* name;
        bench::Load load;
        unsigned files;
    };
    const std::vector<Size> sizes{{"10 MB", bench::Load{{2500, 2048, "KNEE"}}, 96},
                                  {"0.5 MB", bench::Load{{512, 512, "KNEE"}}, 960}};
    std::printf("Files a second received at 1 / 4 / 16 associations.\n%s\n\n",
                bench::machine_line().c_str());
    std::printf("| receiver | %s | %s |\n|---|---|---|\n", sizes[0].name, sizes[1].name);
    for (const auto& row : rows) {
        std::printf("| %s |", row.name);
        for (const auto& size : sizes) {
            const char* between = " ";
            for (const unsigned associations : {1U, 4U, 16U}) {
                const auto receiver = row.start();
                const double speed = bench::files_per_second(receiver->port(), "BUCKY", size.load,
                                                             size.files / row.share, associations);
                std::printf("%s%.0f", between, speed);
                std::fflush(stdout);
                between = " / ";
            }
            std::printf(" |");
        }
        std::printf("\n");
    }
    std::printf(
        "\nSender and receiver share the machine. Bucky answers after file and database are synced;"
        "\nstorescp never syncs; Orthanc parses, hashes and indexes. The images are of knees: kept"
        "\nand reported as not analysed, so that no model takes part in this figure.\n");
    return 0;
}
