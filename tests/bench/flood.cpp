// SPDX-License-Identifier: Apache-2.0
// One site sends 5,000 images: how long the others wait for theirs, beside the same hour without
// it. The model does nothing but wait. A polite flood has as many requests open as the quota
// allows; a rude one three times as many, and sends again at once what was answered 429.
//   bench_flood [images of the flood] [seconds of each part]
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <random>

#include "conf/base/mutex.h"
#include "conf/observe/log.h"
#include "scp/wire/start.h"
#include "tests/bench/machine.h"
#include "tests/bench/waiting_service.h"

namespace {

using namespace bucky;
using namespace bucky::bench;
using Now = std::chrono::steady_clock;

constexpr std::size_t kOthers = 8;
constexpr std::size_t kAtOnce = 16;  // the default of service.site_at_once
constexpr double kBusy = 0.5;        // what the others ask of a model that runs images one by one

double ms_since(Now::time_point began) {
    return std::chrono::duration<double, std::milli>(Now::now() - began).count();
}

/// Sites that send an image now and then, and note how long each took.
class Others {
public:
    Others(WaitingService& service, const test::HttpRequest& request, double pause_mean_ms) {
        for (std::size_t i = 0; i < kOthers; ++i) {
            const auto identity = service.identity("site-" + std::to_string(i));
            threads_.emplace_back([this, &service, &request, identity, pause_mean_ms,
                                   i](const std::stop_token& stop) {
                test::HttpCaller site{service.port(), &identity};
                std::mt19937 random{static_cast<unsigned>(i)};  // NOLINT: the same at each run
                std::exponential_distribution<double> pause{1.0 / pause_mean_ms};
                while (!stop.stop_requested()) {
                    std::this_thread::sleep_for(
                        std::chrono::duration<double, std::milli>(pause(random)));
                    const auto began = Now::now();
                    expect_ok(site.ask(request));
                    const MutexLock lock(noting_);
                    took_ms_.push_back(ms_since(began));
                }
            });
        }
    }

    /// Those since the last call, sorted.
    std::vector<double> taken() {
        std::vector<double> taken;
        {
            const MutexLock lock(noting_);
            taken.swap(took_ms_);
        }
        std::ranges::sort(taken);
        return taken;
    }

private:
    Mutex noting_;
    std::vector<double> took_ms_ GUARDED_BY(noting_);
    std::vector<std::jthread> threads_;
};

struct Flooded {
    double images_per_s = 0;
    long refused = 0;
};

/// Until so many were answered, or the time is over.
Flooded flood(WaitingService& service, const test::HttpRequest& request, long images,
              std::size_t connections, std::chrono::seconds at_most) {
    const auto identity = service.identity("flood");
    std::atomic<long> answered = 0, refused = 0;
    const auto began = Now::now();
    {
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i < connections; ++i) {
            threads.emplace_back([&] {
                test::HttpCaller site{service.port(), &identity};
                while (answered < images && Now::now() - began < at_most) {
                    const auto answer = site.ask(request);
                    answer.status == 429 ? ++refused : (expect_ok(answer), ++answered);
                }
            });
        }
    }
    return {static_cast<double>(answered) * 1000 / ms_since(began), refused};
}

double at(const std::vector<double>& sorted, double part) {
    return sorted[static_cast<std::size_t>(part * static_cast<double>(sorted.size() - 1))];
}

void row(const char* model, const Waiting& waiting, const test::HttpRequest& request, long images,
         std::chrono::seconds part) {
    WaitingService service{waiting};
    const std::chrono::duration<double, std::milli> run = waiting.per_run;
    Others others{service, request, kOthers * run.count() / kBusy};
    std::this_thread::sleep_for(std::chrono::seconds{1});
    (void)others.taken();
    for (const std::size_t connections : {kAtOnce, 3 * kAtOnce}) {
        std::this_thread::sleep_for(part);
        auto quiet = others.taken();
        const auto flooded = flood(service, request, images, connections, part * 2);
        const auto under = others.taken();
        std::this_thread::sleep_for(part);  // before and after: the machine has its moods
        const auto more = others.taken();
        quiet.insert(quiet.end(), more.begin(), more.end());
        std::ranges::sort(quiet);
        std::printf("| %s | %s | %.0f | %ld | %zu, %zu | %.0f, %.0f | %.0f, %.0f | %.2f |\n", model,
                    connections == kAtOnce ? "polite" : "rude", flooded.images_per_s,
                    flooded.refused, quiet.size(), under.size(), at(quiet, 0.5), at(quiet, 0.99),
                    at(under, 0.5), at(under, 0.99), at(under, 0.99) / at(quiet, 0.99));
        std::fflush(stdout);
    }
}

}  // namespace

int main(int argc, char** argv) {
    const long images = argc > 1 ? std::atol(argv[1]) : 5000;
    const std::chrono::seconds part{argc > 2 ? std::atol(argv[2]) : 20};
    log::set_level(log::Level::error);
    scp::start_wire();
    const auto request = packed(asked_of(picture()));
    std::printf("%s\n\n", machine_line().c_str());
    std::printf(
        "| model | flood | its images/s | refused | others' images | ms without: median, p99 | ms "
        "with | p99 with to without |\n|---|---|---|---|---|---|---|---|\n");
    using std::chrono::milliseconds;
    row("8 in 40 ms", {milliseconds{40}, 8, kAtOnce}, request, images, part);
    row("1 in 40 ms", {milliseconds{40}, 1, kAtOnce}, request, images, part);
    row("1 in 100 ms", {milliseconds{100}, 1, kAtOnce}, request, images, part);
    return 0;
}
