// SPDX-License-Identifier: Apache-2.0
// The cost of the wire: images through the model server over mutual TLS, beside the same replicas
// called in the process, in turns, in one run. The model does nothing but wait, as a GPU does, so
// what is measured is the server and its callers, who share the machine.
//   bench_service [images per round] [forward in ms of the second part]
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <thread>

#include <zlib.h>

#include "scp/wire/start.h"
#include "tests/bench/machine.h"
#include "tests/support/places.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_pki.h"
#include "tests/tools/service/http_caller.h"
#include "tools/bucky/engine/replicas.h"
#include "tools/bucky/service/service.h"

namespace {

using namespace bucky;
using Now = std::chrono::steady_clock;
constexpr int kSide = 512;
constexpr std::size_t kSites = 16;

/// Waits and answers; no processor.
class Waits final : public inference::Model {
public:
    Waits(std::chrono::microseconds per_run, std::size_t findings)
        : per_run_(per_run), findings_(findings) {}
    std::vector<inference::ModelOutput> run_batch(
        std::span<const inference::ModelInput* const> inputs) override {
        if (per_run_.count() > 0) std::this_thread::sleep_for(per_run_);
        inference::ModelOutput one;
        one.scores.assign(findings_, 0.5F);
        one.heatmap_rows = one.heatmap_columns = 16;
        one.heatmaps.assign(findings_ * 16 * 16, 0.5F);
        return {inputs.size(), one};
    }
    std::string device() const override { return "none"; }

private:
    const std::chrono::microseconds per_run_;
    const std::size_t findings_;
};

/// The phantom package, with another input size in its manifest.
std::filesystem::path package_of_512(const std::filesystem::path& folder) {
    std::filesystem::copy(test::phantom_model(), folder, std::filesystem::copy_options::recursive);
    const auto file = folder / "model.toml";
    std::ifstream in{file};
    std::string text{std::istreambuf_iterator<char>{in}, {}};
    for (const std::string from : {"width = 256", "height = 256"}) {
        text.replace(text.find(from), from.size(), from.substr(0, from.size() - 3) + "512");
    }
    text.resize(std::min(text.size(), text.find("[[golden]]")));
    std::ofstream{file} << text;
    return folder;
}

std::shared_ptr<const inference::Shelf> shelf_of(const std::filesystem::path& package,
                                                 std::chrono::microseconds per_run) {
    const auto load = [&](const inference::Package& read) -> std::shared_ptr<inference::Model> {
        const auto findings = read.findings.size();
        const MakeModel make = [=] { return std::make_shared<Waits>(per_run, findings); };
        ReplicaOptions options;
        options.name = read.identity.name;
        options.batch_max = 8;
        return std::make_shared<Replicas>(std::vector<MakeModel>{make}, MakeModel{}, options);
    };
    return std::make_shared<inference::Shelf>(std::vector<inference::Placed>{{package, false}},
                                              load);
}

/// 12 bits of which some are noise: deflated it has 0.5 MB, as two real CRs had.
std::vector<float> picture() {
    std::vector<float> values(kSide * kSide);
    std::mt19937 random{1};  // NOLINT: the same at each run
    for (std::size_t i = 0; i < values.size(); ++i) {
        values[i] = static_cast<float>((i / kSide * 7 + random() % 256) % 4096) / 4095.0F;
    }
    return values;
}

test::HttpRequest packed(test::HttpRequest request) {
    std::string body(compressBound(request.body.size()), '\0');
    uLongf bytes = body.size();
    compress2(reinterpret_cast<Bytef*>(body.data()), &bytes,
              reinterpret_cast<const Bytef*>(request.body.data()), request.body.size(), 6);
    body.resize(bytes);
    request.body = std::move(body);
    request.fields.emplace_back("Content-Encoding", "deflate");
    return request;
}

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

struct Running {
    Running(const std::filesystem::path& package, std::chrono::microseconds per_run)
        : pool(shelf_of(package, per_run)) {
        conf::ServiceSettings told;
        told.listen = "127.0.0.1:0";
        told.certificate = test::pki().node().certificate;
        told.key = test::pki().node().key;
        told.ca = authority.certificate();
        told.site_at_once = 100;
        service.emplace(told, pool);
        for (auto i = Service::workers_for(*pool.now()); i > 0; --i) {
            workers.emplace_back([this](const std::stop_token& stop) { service->work(stop); });
        }
        service->open();
    }
    ~Running() {
        service->close();
        workers.clear();
    }

    void bare(const inference::ModelInput& image) const {
        (void)pool.now()->packages().front().model->run(image);
    }

    test::Authority authority{"Sites"};
    ModelPool pool;
    std::optional<Service> service;
    std::vector<std::jthread> workers;
};

void expect_ok(const test::HttpAnswer& answer) {
    if (answer.status == 200) return;
    std::fprintf(stderr, "%d %s\n", answer.status, answer.body.substr(0, 300).c_str());
    std::exit(1);
}

}  // namespace

int main(int argc, char** argv) {
    const int images = argc > 1 ? std::atoi(argv[1]) : 200;
    const int forward_ms = argc > 2 ? std::atoi(argv[2]) : 40;
    scp::start_wire();
    const test::TempDir dir;
    const auto package = package_of_512(dir / "model");
    const inference::ModelInput image{1, kSide, kSide, picture()};
    const auto plain = test::infer_request(image.values, {1, 1, kSide, kSide});
    const auto small = packed(plain);
    std::printf("%s\n\n", bench::machine_line().c_str());
    {
        Running at_once{package, std::chrono::microseconds{0}};
        const auto identity = at_once.authority.issue("site");
        test::HttpCaller site{at_once.service->port(), &identity};
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
    Running slow{package, std::chrono::milliseconds{forward_ms}};
    std::vector<test::Identity> identities;
    for (std::size_t i = 0; i < kSites; ++i) {
        identities.push_back(slow.authority.issue("site-" + std::to_string(i)));
    }
    std::size_t next_site = 0;
    std::vector<double> bare, wire;
    for (int round = 0; round < 3; ++round) {
        bare.push_back(images_per_second(images / 4, [&] { return [&] { slow.bare(image); }; }));
        wire.push_back(images_per_second(images / 4, [&]() -> std::function<void()> {
            const auto& identity = identities.at(next_site++ % kSites);
            auto site = std::make_shared<test::HttpCaller>(slow.service->port(), &identity);
            return [site, &small] { expect_ok(site->ask(small)); };
        }));
    }
    std::printf("| 16 sites, batches of 8 in %d ms | images/s, median of 3 |\n|---|---|\n",
                forward_ms);
    std::printf("| in the process | %.1f |\n| TLS, deflate | %.1f |\n", median(bare), median(wire));
    std::printf("| wire to process | %.3f |\n", median(wire) / median(bare));
    return 0;
}
