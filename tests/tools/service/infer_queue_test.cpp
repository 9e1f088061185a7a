// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/service/infer_queue.h"

#include <atomic>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

using bucky::service::InferQueue;

namespace {

/// A queue that notes whose request runs; one worker at the end runs them all.
class Noted {
public:
    explicit Noted(std::size_t waiting_max = 1000) {
        queue.set({{"model", {1, 2}}, {"other", {1, 1}}}, waiting_max);
    }
    bool put(const std::string& site, const std::string& model = "model") {
        return queue.put({site, model, [this, site] { order.push_back(site); }});
    }
    std::vector<std::string> run_all() {
        queue.close();
        queue.run({});
        return order;
    }

    InferQueue queue;
    std::vector<std::string> order;
};

}  // namespace

TEST_CASE("sites take turns, however many requests one of them has waiting", "[service]") {
    Noted noted;
    for (int i = 0; i < 50; ++i) CHECK(noted.put("many"));
    CHECK(noted.put("few"));
    CHECK(noted.put("few"));
    const auto order = noted.run_all();
    REQUIRE(order.size() == 52);
    CHECK(std::count(order.begin(), order.begin() + 4, "few") == 2);
}

TEST_CASE("a queue that is full takes no request", "[service]") {
    Noted noted{2};
    CHECK(noted.put("a"));
    CHECK(noted.put("b"));
    CHECK_FALSE(noted.put("c"));
    CHECK(noted.queue.waiting() == 2);
}

TEST_CASE("a model that hangs holds its own requests only", "[service]") {
    InferQueue queue;
    queue.set({{"hangs", {1, 1}}, {"works", {1, 1}}}, 100);
    std::atomic<bool> let_go = false;
    std::atomic<int> done = 0;
    CHECK(queue.put({"a", "hangs", [&] { let_go.wait(false); }}));
    for (int i = 0; i < 5; ++i) CHECK(queue.put({"a", "hangs", [&] { ++done; }}));
    for (int i = 0; i < 5; ++i) {
        CHECK(queue.put({"a", "works", [&] {
                             ++done;
                             done.notify_all();
                         }}));
    }
    std::vector<std::jthread> workers;
    for (int i = 0; i < 2; ++i) {
        workers.emplace_back([&](const std::stop_token& stop) { queue.run(stop); });
    }
    for (int seen = done; seen < 5; seen = done) done.wait(seen);
    CHECK(queue.waiting() == 5);
    let_go = true;
    let_go.notify_all();
    queue.close();
    workers.clear();
    CHECK(done == 10);
}

TEST_CASE("workers of a generation that ends leave what waits to the next", "[service]") {
    Noted noted;
    CHECK(noted.put("a"));
    std::stop_source stop;
    stop.request_stop();
    noted.queue.run(stop.get_token());
    CHECK(noted.order.empty());
    CHECK(noted.run_all().size() == 1);
}

TEST_CASE("a site that floods a model leaves the next run to another", "[service]") {
    InferQueue queue;
    queue.set({{"model", {1, 2}}}, 100);
    std::atomic<bool> let_go = false, other_ran = false;
    std::atomic<int> flooded = 0;
    for (int i = 0; i < 20; ++i) {
        CHECK(queue.put({"flood", "model", [&] {
                             ++flooded;
                             flooded.notify_all();
                             let_go.wait(false);
                         }}));
    }
    std::vector<std::jthread> workers;
    for (int i = 0; i < 2; ++i) {
        workers.emplace_back([&](const std::stop_token& stop) { queue.run(stop); });
    }
    flooded.wait(0);
    CHECK(queue.put({"other", "model", [&] {
                         other_ran = true;
                         other_ran.notify_all();
                     }}));
    other_ran.wait(false);
    CHECK(flooded == 1);
    let_go = true;
    let_go.notify_all();
    queue.close();
}
