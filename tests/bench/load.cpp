// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/load.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tests/support/temp_dir.h"
#include "tests/support/xray.h"

namespace bucky::bench {
namespace {

// Each ends in nine digits, which become() replaces, so that no length in the dataset changes.
constexpr auto kInstance = "2.25.80142.1.100000000";
constexpr auto kStudy = "2.25.80142.2.100000000";
constexpr std::size_t kDigits = 9;

std::atomic<unsigned> next_instance{1};

}  // namespace

Load::Load(const Shape& shape) : sop_instance_(kInstance), study_(kStudy) {
    const test::TempDir dir;
    test::XrayOptions options{.seed = 7, .lesions = {phantom::Finding::nodule}};
    options.rows = shape.rows;
    options.columns = shape.columns;
    options.dicom.body_part = shape.body_part;
    options.dicom.sop_instance_uid = kInstance;
    options.dicom.study_uid = kStudy;
    dataset_ = test::dataset_of(test::write_xray(dir.path(), options).file.string());
}

void Load::become(unsigned number, bool own_study) {
    rewrite(sop_instance_, number);
    if (own_study) rewrite(study_, number);
}

void Load::rewrite(std::string& uid, unsigned number) {
    const auto head_end = dataset_.begin() + std::min<long>(4096, std::ssize(dataset_));
    const auto at = std::search(dataset_.begin(), head_end, uid.begin(), uid.end());
    if (at == head_end) throw std::runtime_error("the dataset does not hold " + uid);
    const auto digits = std::to_string(100'000'000 + number);
    uid.replace(uid.size() - kDigits, kDigits, digits);
    std::copy(uid.begin(), uid.end(), at);
}

double files_per_second(const Address& to, const std::string& called, const Load& load,
                        unsigned files, unsigned associations) {
    std::atomic<int> left{static_cast<int>(files)};
    std::atomic<bool> refused{false};
    const auto work = [&](Load own) {
        auto client = to.tls != nullptr ? std::make_unique<test::WireClient>(to.port, *to.tls)
                                        : std::make_unique<test::WireClient>(to.port);
        if (client->associate({test::kDxForPresentation, test::kExplicitLittleEndian, called}) !=
            2) {
            refused = true;
        }
        while (!refused && left.fetch_sub(1) > 0) {
            own.become(next_instance++, false);
            if (client->store(own.sop_instance(), own.dataset()) != 0) refused = true;
        }
        client->release();
    };
    std::vector<std::thread> senders;
    const auto started = std::chrono::steady_clock::now();
    for (unsigned i = 0; i < associations; ++i) senders.emplace_back(work, load);
    for (auto& sender : senders) sender.join();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
    if (refused) throw std::runtime_error(called + " refused an image");
    return files / took.count();
}

}  // namespace bucky::bench
