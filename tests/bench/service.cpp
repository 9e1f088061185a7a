// SPDX-License-Identifier: Apache-2.0
// The cost of the wire: images through the model server over mutual TLS, beside the same replicas
// called in the process, in turns, in one run. The model does nothing but wait, as a GPU does, so
// what is measured is the server and its callers, who share the machine.
//   bench_service [images per round] [forward in ms of the second part]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>

#include "conf/observe/log.h"
#include "scp/wire/start.h"
#include "tests/bench/machine.h"
#include "tests/bench/waiting_service.h"

namespace {

using namespace bucky;
using namespace bucky::bench;
using Now = std::chrono::steady_clock;
constexpr std::size_t kSites = 16;

double median(std::vector<double> all) {
    std::ranges::sort(all);
    return all[all.size() / 2];
}

double ms_of(const std::function<void()>& act) {
    const auto began = Now::now();
    act();
    return std::chrono::duration<double, std::milli>(Now::now() - began).count();
}

/// Images a second when as many callers as there are sites send theirs.
double images_per_second(int images, const std::function<std::function<void()>()>& caller) {
    std::vector<std::function<void()>> calls;
    for (std::size_t i = 0; i < kSites; ++i) calls.push_back(caller());
    const double took_ms = ms_of([&] {
        std::vector<std::jthread> threads;
        for (const auto& call : calls) {
            threads.emplace_back([&] {
                for (int i = 0; i < images; ++i) call();
            });
        }
    });
    return static_cast<double>(kSites) * images * 1000 / took_ms;
}

}  // namespace

int main(int argc, char** argv) {
    const int images = argc > 1 ? std::atoi(argv[1]) : 200;
    const int forward_ms = argc > 2 ? std::atoi(argv[2]) : 40;
    log::set_level(log::Level::error);
    scp::start_wire();
    const inference::ModelInput image{1, kSide, kSide, picture()};
    const auto plain = asked_of(image.values);
    const auto small = packed(plain);
    std::printf("%s\n\n", machine_line().c_str());
    {
        WaitingService at_once{{}};
        const auto identity = at_once.identity("site");
        test::HttpCaller site{at_once.port(), &identity};
        std::vector<double> bare, wire, deflated;
        for (int i = 0; i < images; ++i) {
            bare.push_back(ms_of([&] { at_once.bare(image); }));
            wire.push_back(ms_of([&] { expect_ok(site.ask(plain)); }));
            deflated.push_back(ms_of([&] { expect_ok(site.ask(small)); }));
        }
        std::printf("| one site, 512 x 512, a model that takes no time | ms an image, median |\n");
        std::printf("|---|---|\n| in the process | %.2f |\n", median(bare));
        std::printf("| TLS, %zu bytes | %.2f |\n", plain.body.size(), median(wire));
        std::printf("| TLS, deflate, %zu bytes | %.2f |\n\n", small.body.size(), median(deflated));
    }
    WaitingService slow{{.per_run = std::chrono::milliseconds{forward_ms}}};
    std::vector<test::Identity> identities;
    for (std::size_t i = 0; i < kSites; ++i) {
        identities.push_back(slow.identity("site-" + std::to_string(i)));
    }
    std::size_t next_site = 0;
    std::vector<double> bare, wire;
    for (int round = 0; round < 3; ++round) {
        bare.push_back(images_per_second(images / 4, [&] { return [&] { slow.bare(image); }; }));
        wire.push_back(images_per_second(images / 4, [&]() -> std::function<void()> {
            const auto& identity = identities.at(next_site++ % kSites);
            auto site = std::make_shared<test::HttpCaller>(slow.port(), &identity);
            return [site, &small] { expect_ok(site->ask(small)); };
        }));
    }
    std::printf("| 16 sites, batches of 8 in %d ms | images/s, median of 3 |\n|---|---|\n",
                forward_ms);
    std::printf("| in the process | %.1f |\n| TLS, deflate | %.1f |\n", median(bare), median(wire));
    std::printf("| wire to process | %.3f |\n", median(wire) / median(bare));
    return 0;
}
