// SPDX-License-Identifier: Apache-2.0
// Many hostile connections at once: a thousand that stay open, and an endless sequence of
// associations, while another peer sends X-rays. The full numbers need minutes and a quiet machine:
// BUCKY_LONG=1.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <list>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/scp/images.h"
#include "tests/scp/test_front_door.h"
#include "tests/support/poll.h"
#include "tests/support/wire_client.h"

using namespace bucky;
using namespace bucky::test;
using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

namespace {

bool in_full() {
    return std::getenv("BUCKY_LONG") != nullptr;
}

std::ptrdiff_t open_descriptors() {
    return std::distance(std::filesystem::directory_iterator{"/proc/self/fd"}, {});
}

long resident_kb() {
    std::ifstream status{"/proc/self/status"};
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmRSS:")) return std::stol(line.substr(6));
    }
    return 0;
}

/// The median duration of so many C-STOREs of half a megabyte, on one association.
double median_store_ms(const TestFrontDoor& door, int images, int& next) {
    WireClient client(door.port());
    REQUIRE(client.associate({.sop_class = kCr,
                              .transfer_syntax = kExplicitLittleEndian,
                              .calling = "SENDER"}) == 2);
    std::vector<double> took;
    for (int i = 0; i < images; ++i) {
        const auto uid = "1.2.826.0.1.3680043.9.1." + std::to_string(++next);
        const auto image = dataset_bytes(
            write_image(door.dir() / "flood.dcm", {.sop_instance = uid, .side = 720}));
        const auto began = Steady::now();
        REQUIRE(client.store(uid, image) == 0);
        took.push_back(std::chrono::duration<double, std::milli>(Steady::now() - began).count());
    }
    client.release();
    std::nth_element(took.begin(), took.begin() + images / 2, took.end());
    return took[static_cast<std::size_t>(images / 2)];
}

/// Connections that stay open, by turns silent, with half an A-ASSOCIATE-RQ, or sending one of 1
/// MiB a byte at a time. In between, some speak HTTP or TLS and are closed.
class Crowd {
public:
    Crowd(int port, std::size_t standing) {
        const auto request = WireClient::associate_request({});
        for (std::size_t i = 0; i < standing; ++i) {
            auto& one = standing_.emplace_back(port);
            if (i % 3 == 1) one.send(std::span{request}.first(request.size() / 2));
            if (i % 3 == 2) {
                one.send({"\x01\x00\x00\x10\x00\x00", 6});
                dripping_.push_back(&one);
            }
            if (i % 5 == 3) WireClient{port}.send("GET / HTTP/1.1\r\n\r\n");
            if (i % 5 == 4) WireClient{port}.send({"\x16\x03\x01\x02\x00\x01", 6});
        }
        drips_ = std::thread([this] {
            while (!gone_) {
                for (auto* one : dripping_) one->send({"\0", 1});
                (void)standing_.front().closed_within(100ms);  // nothing is received: a pause
            }
        });
    }
    ~Crowd() {
        gone_ = true;
        drips_.join();
    }

private:
    std::list<WireClient> standing_;
    std::vector<WireClient*> dripping_;
    std::atomic<bool> gone_ = false;
    std::thread drips_;
};

}  // namespace

TEST_CASE("a thousand hostile connections cost senders neither time, memory nor descriptors",
          "[scp][strangers][long]") {
    const std::size_t at_once = in_full() ? 1000 : 100;
    const std::size_t in_a_row = in_full() ? 100'000 : 300;
    const int images = in_full() ? 100 : 5;
    TestFrontDoor door([](conf::Settings& settings) { settings.scp.artim_s = 300; });
    int next = 0;
    const auto call_and_go = [&] {
        WireClient caller(door.port());
        if (caller.associate({.calling = "CALLER"}) == 2) caller.release();
    };
    for (int i = 0; i < 200; ++i) call_and_go();  // fills caches and pools
    const double alone_ms = median_store_ms(door, images, next);
    REQUIRE(poll_until([&] { return door.door().open_associations() == 0; }, 60s));
    const auto descriptors = open_descriptors();
    const auto memory_kb = resident_kb();

    double among_strangers_ms = 0;
    std::size_t stood = 0;
    {
        const Crowd crowd(door.port(), at_once);
        std::atomic<bool> all_called = false;
        std::thread callers([&] {
            for (std::size_t i = 0; i < in_a_row; ++i) call_and_go();
            all_called = true;
        });
        std::vector<double> medians;
        do {
            medians.push_back(median_store_ms(door, images, next));
        } while (!all_called);
        callers.join();
        std::nth_element(medians.begin(), medians.begin() + std::ssize(medians) / 2, medians.end());
        among_strangers_ms = medians[medians.size() / 2];
        stood = door.door().pending_associations();
    }
    REQUIRE(poll_until(
        [&] {
            return door.door().open_associations() == 0 &&
                   door.door().pending_associations() == 0 && open_descriptors() <= descriptors + 2;
        },
        60s));
    std::cout << "strangers: " << at_once << " at once, " << in_a_row << " associations; "
              << alone_ms << " ms an image alone, " << among_strangers_ms << " ms among them; "
              << memory_kb << " kB before, " << resident_kb() << " after; " << descriptors
              << " descriptors before, " << open_descriptors() << " after\n";
    CHECK(stood == at_once);  // until the end
    CHECK(resident_kb() < memory_kb + 32 * 1024);
    if (in_full()) CHECK(among_strangers_ms <= 1.5 * alone_ms);
}
