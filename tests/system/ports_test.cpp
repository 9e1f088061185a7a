// SPDX-License-Identifier: Apache-2.0
// The ports of programs that cannot use port 0.
#include <fstream>
#include <set>

#include <catch2/catch.hpp>

#include "tests/support/places.h"
#include "tests/support/process.h"
#include "tools/fake_pacs/port.h"

using namespace bucky::test;

TEST_CASE("a port is given to one test only, whoever asks, and never by the kernel",
          "[system][ports]") {
    int kernels_lowest = 0;
    std::ifstream{"/proc/sys/net/ipv4/ip_local_port_range"} >> kernels_lowest;
    std::set<int> given;
    for (int i = 0; i < 200; ++i) given.insert(fake::free_port());
    CHECK(given.size() == 200);
    CHECK(*given.rbegin() < kernels_lowest);

    const auto others = run({"/usr/bin/python3", "-B", "-c",
                             "import sys; sys.path.insert(0, sys.argv[1]); import programs\n"
                             "for _ in range(200): print(programs.free_port())",
                             (source_dir() / "tools/demonstration").string()});
    REQUIRE(others.status == 0);
    std::istringstream said{others.output};
    for (int port = 0; said >> port;) {
        INFO(port);
        CHECK(given.insert(port).second);
    }
    CHECK(given.size() == 400);
}
