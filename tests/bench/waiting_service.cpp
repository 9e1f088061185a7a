// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/waiting_service.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include <zlib.h>

#include "tests/support/places.h"
#include "tools/bucky/engine/replicas.h"

namespace bucky::bench {
namespace {

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
                                                 const Waiting& told) {
    const auto load = [&](const inference::Package& read) -> std::shared_ptr<inference::Model> {
        const auto findings = read.findings.size();
        const auto per_run = told.per_run;
        const MakeModel make = [=] { return std::make_shared<Waits>(per_run, findings); };
        ReplicaOptions options;
        options.name = read.identity.name;
        options.batch_max = told.batch_max;
        return std::make_shared<Replicas>(std::vector<MakeModel>{make}, MakeModel{}, options);
    };
    return std::make_shared<inference::Shelf>(std::vector<inference::Placed>{{package, false}},
                                              load);
}

}  // namespace

WaitingService::WaitingService(const Waiting& waiting)
    : pool_(shelf_of(package_of_512(dir_ / "model"), waiting)) {
    conf::ServiceSettings told;
    told.listen = "127.0.0.1:0";
    told.certificate = test::pki().node().certificate;
    told.key = test::pki().node().key;
    told.ca = authority_.certificate();
    told.site_at_once = waiting.site_at_once;
    service_.emplace(told, pool_);
    for (auto i = Service::workers_for(*pool_.now()); i > 0; --i) {
        workers_.emplace_back([this](const std::stop_token& stop) { service_->work(stop); });
    }
    service_->open();
}

WaitingService::~WaitingService() {
    service_->close();
    workers_.clear();
}

void WaitingService::bare(const inference::ModelInput& image) const {
    (void)pool_.now()->packages().front().model->run(image);
}

std::vector<float> picture() {
    std::vector<float> values(kSide * kSide);
    std::mt19937 random{1};  // NOLINT: the same at each run
    for (std::size_t i = 0; i < values.size(); ++i) {
        values[i] = static_cast<float>((i / kSide * 7 + random() % 256) % 4096) / 4095.0F;
    }
    return values;
}

test::HttpRequest asked_of(const std::vector<float>& picture) {
    return test::infer_request(picture, {1, 1, kSide, kSide});
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

void expect_ok(const test::HttpAnswer& answer) {
    if (answer.status == 200) return;
    std::fprintf(stderr, "%d %s\n", answer.status, answer.body.substr(0, 300).c_str());
    std::exit(1);
}

}  // namespace bucky::bench
