// SPDX-License-Identifier: Apache-2.0
// Served: a model server with the phantom model on a port that the system chooses, and the workers
// that a node would give it.
#pragma once

#include <thread>
#include <vector>

#include "tests/tools/node_harness.h"
#include "tests/tools/service/http_caller.h"
#include "tools/bucky/service/service.h"

namespace bucky::test {

inline conf::ServiceSettings plain_service() {
    conf::ServiceSettings told;
    told.listen = "127.0.0.1:0";
    return told;
}

/// Refusals come at once; the test of their pace has its own.
inline ServiceTimes quick_refusals() {
    ServiceTimes times;
    times.hold_back = std::chrono::milliseconds{1};
    return times;
}

class Served {
public:
    explicit Served(const conf::ServiceSettings& told = plain_service(),
                    const ServiceTimes& times = quick_refusals(), std::size_t workers = 2,
                    Enroll enroll = {})
        : service(told, phantom_shelf(), times, std::move(enroll)) {
        for (; workers > 0; --workers) {
            workers_.emplace_back([this](const std::stop_token& stop) { service.work(stop); });
        }
        service.open();
    }
    ~Served() {
        service.close();
        workers_.clear();
        service.shut(std::chrono::seconds{5});
    }

    std::uint16_t port() const { return service.port(); }

    Service service;

private:
    std::vector<std::jthread> workers_;
};

/// An image of the phantom model's size with something in it.
inline std::vector<float> slope() {
    std::vector<float> values(256 * 256);
    for (std::size_t i = 0; i < values.size(); ++i) {
        values[i] = static_cast<float>(i % 251) / 250.0F;
    }
    return values;
}

}  // namespace bucky::test
