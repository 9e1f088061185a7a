// SPDX-License-Identifier: Apache-2.0
// The cost of TLS for a receiver: files a second with and without TLS, `bucky serve` beside DCMTK's
// storescp, in turns, in one run.
//
// Sender and receiver encrypt on the same machine, in both cases. They promise different things
// with a response: Bucky has synced the file and its row; storescp has synced nothing.
#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/bench/fast_storescp.h"
#include "tests/bench/load.h"
#include "tests/bench/machine.h"
#include "tests/support/running_node.h"
#include "tests/support/test_pki.h"

namespace {

using namespace bucky;

/// The certificates of the run: an authority, a receiver and a sender.
struct Certificates {
    const test::Authority& authority = test::pki().authority;
    const test::Identity &receiver = test::pki().node(), &sender = test::pki().xray1();
    test::ClientTls tls{sender.certificate.string(), sender.key.string()};
};

struct Receiver {
    virtual ~Receiver() = default;
    virtual int port(bool tls) = 0;
};

class Bucky : public Receiver {
public:
    explicit Bucky(const Certificates& certificates)
        : node_({.more = "[[listener]]\nlisten = \"127.0.0.1\"\nport = 0\ncertificate = \"" +
                         certificates.receiver.certificate.string() + "\"\nkey = \"" +
                         certificates.receiver.key.string() +
                         "\"\nclient_certificates = \"required\"\nca = \"" +
                         certificates.authority.certificate().string() + "\"\n"}) {}

    int port(bool tls) override {
        if (!tls) return node_.dicom_port();
        const auto line = node_.process().wait_for_line(
            [](std::string_view one) {
                return one.find(" door.open ") != one.npos && one.find("tls=yes") != one.npos;
            },
            std::chrono::seconds{30});
        if (!line) throw std::runtime_error("no TLS door of bucky opened");
        return std::stoi(line->substr(line->find(" port=") + 6));
    }

private:
    test::RunningNode node_;
};

class Storescp : public Receiver {
public:
    explicit Storescp(const Certificates& certificates)
        : tls_({"+tls", certificates.receiver.key.string(),
                certificates.receiver.certificate.string(), "+cf",
                certificates.authority.certificate().string()}) {}
    int port(bool tls) override { return tls ? tls_.port() : plain_.port(); }

private:
    bench::FastStorescp plain_, tls_;
};

struct Figure {
    std::vector<double> speeds;
    double median() {
        std::sort(speeds.begin(), speeds.end());
        return speeds[speeds.size() / 2];
    }
};

/// The figures of one receiver: without TLS, with TLS.
using Pair = std::array<Figure, 2>;

void measure(Receiver& receiver, const Certificates& certificates, const bench::Load& load,
             unsigned files, unsigned associations, Pair& into) {
    for (const bool tls : {false, true}) {
        const bench::Address to{receiver.port(tls), tls ? &certificates.tls : nullptr};
        into[tls ? 1 : 0].speeds.push_back(
            bench::files_per_second(to, "BUCKY", load, files, associations));
    }
}

std::string spoken(Receiver& receiver, const Certificates& certificates) {
    return test::WireClient{receiver.port(true), certificates.tls}.security();
}

}  // namespace

/// Arguments: rounds (3; the median is taken), files a round (96), associations (4).
int main(int count, char** arguments) {
    const auto argument = [&](int at, unsigned otherwise) {
        return count > at ? static_cast<unsigned>(std::atoi(arguments[at])) : otherwise;
    };
    const unsigned rounds = argument(1, 3), files = argument(2, 96), associations = argument(3, 4);
    (void)std::signal(SIGPIPE, SIG_IGN);
    const Certificates certificates;
    const bench::Load load{{2500, 2048, "KNEE"}};
    Pair bucky, storescp;
    std::string suites;
    for (unsigned round = 0; round < rounds; ++round) {
        Bucky ours{certificates};
        if (round == 0) suites = "bucky serve " + spoken(ours, certificates);
        measure(ours, certificates, load, files, associations, bucky);
        Storescp theirs{certificates};
        if (round == 0) suites += ", storescp " + spoken(theirs, certificates);
        measure(theirs, certificates, load, files, associations, storescp);
    }
    std::printf(
        "Files of 10 MB a second received over %u associations, median of %u.\n%s\n%s\n\n"
        "| receiver | plain | TLS | TLS to plain |\n|---|---|---|---|\n",
        associations, rounds, bench::machine_line().c_str(), suites.c_str());
    const auto row = [](const char* name, Pair& of) {
        const double plain = of[0].median(), tls = of[1].median();
        std::printf("| %s | %.0f | %.0f | %.2f |\n", name, plain, tls, tls / plain);
    };
    row("bucky serve", bucky);
    row("storescp +B --fork -pdu 131072", storescp);
    std::printf("\nThrough TLS bucky has %.2f of storescp's speed.\n",
                bucky[1].median() / storescp[1].median());
    return 0;
}
