// SPDX-License-Identifier: Apache-2.0
// WaitingService: the model server over mutual TLS with a model that does nothing but wait, as a
// GPU does, so that what is measured is the server and its callers, who share the machine.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "tests/support/temp_dir.h"
#include "tests/support/test_pki.h"
#include "tests/tools/service/http_caller.h"
#include "tools/bucky/service/service.h"

namespace bucky::bench {

constexpr int kSide = 512;

struct Waiting {
    std::chrono::microseconds per_run{0};
    std::size_t batch_max = 8;
    std::int64_t site_at_once = 100;
};

class WaitingService {
public:
    explicit WaitingService(const Waiting& told);
    ~WaitingService();

    std::uint16_t port() const { return service_->port(); }
    test::Identity identity(const std::string& site) { return authority_.issue(site); }

    /// The same replicas, called in the process.
    void bare(const inference::ModelInput& image) const;

private:
    test::TempDir dir_;
    test::Authority authority_{"Sites"};
    ModelPool pool_;
    std::optional<Service> service_;
    std::vector<std::jthread> workers_;
};

/// 12 bits of which some are noise: deflated it has 0.5 MB, as two real CRs had.
std::vector<float> picture();

/// A request for it; and as deflate.
test::HttpRequest asked_of(const std::vector<float>& picture);
test::HttpRequest packed(test::HttpRequest request);

/// Anything but 200 ends the program.
void expect_ok(const test::HttpAnswer& answer);

}  // namespace bucky::bench
