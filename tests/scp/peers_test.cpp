// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include <catch2/catch.hpp>

#include "conf/base/error.h"
#include "scp/peers.h"

using namespace bucky;
using namespace bucky::scp;

namespace {

Peers peers(std::vector<conf::PeerSettings> rows) {
    return Peers{rows};
}

}  // namespace

TEST_CASE("without a [[peer]] row anyone may call", "[scp]") {
    const auto any = peers({});
    CHECK(any.anyone());
    CHECK(any.may_call("WHOEVER", "203.0.113.9"));
}

TEST_CASE("a caller needs one row that has both its AE title and its address", "[scp]") {
    const auto some = peers({{"XRAY1", "10.1.2.3"}, {"XRAY2", ""}, {"", "192.0.2.0/24"}});
    CHECK_FALSE(some.anyone());
    CHECK(some.may_call("XRAY1", "10.1.2.3"));
    CHECK_FALSE(some.may_call("XRAY1", "10.1.2.4"));
    CHECK(some.may_call("XRAY2", "203.0.113.9"));
    CHECK(some.may_call("ANYTHING", "192.0.2.200"));
    CHECK_FALSE(some.may_call("ANYTHING", "192.0.3.1"));
    CHECK_FALSE(some.may_call("xray2", "203.0.113.9"));  // AE titles are case sensitive
}

TEST_CASE("a network takes the addresses that share its prefix, to the bit", "[scp]") {
    struct Row {
        const char *network, *inside, *outside;
    };
    for (const auto& row :
         {Row{"10.0.0.0/8", "10.255.0.1", "11.0.0.1"},
          Row{"10.1.128.0/17", "10.1.255.255", "10.1.127.255"},
          Row{"10.1.2.4/30", "10.1.2.7", "10.1.2.8"}, Row{"10.1.2.77/24", "10.1.2.1", "10.1.3.1"},
          Row{"10.1.2.3/32", "10.1.2.3", "10.1.2.2"},
          Row{"fd00:1::/33", "fd00:1:7fff::1", "fd00:1:8000::1"},
          Row{"2001:db8::1", "2001:db8:0:0::1", "2001:db8::2"}}) {
        INFO(row.network);
        const auto one = peers({{"", row.network}});
        CHECK(one.may_call("A", row.inside));
        CHECK_FALSE(one.may_call("A", row.outside));
    }
    CHECK(peers({{"", "0.0.0.0/0"}}).may_call("A", "8.8.8.8"));
    CHECK_FALSE(peers({{"", "0.0.0.0/0"}}).may_call("A", "::1"));
    CHECK(peers({{"", "::/0"}}).may_call("A", "2001:db8::1"));
}

TEST_CASE("an IPv4 caller at an IPv6 socket is the same caller", "[scp]") {
    CHECK(peers({{"", "10.1.2.0/24"}}).may_call("A", "::ffff:10.1.2.3"));
    CHECK(peers({{"", "::ffff:10.1.2.3"}}).may_call("A", "10.1.2.3"));
}

TEST_CASE("an address that is none is told with the value that is wrong", "[scp]") {
    for (const auto* wrong : {"10.1.2", "10.1.2.3/33", "fd00::/129", "pacs.example", "10.1.2.3/"}) {
        INFO(wrong);
        CHECK_THROWS_WITH(peers({{"A", wrong}}), Catch::Contains(wrong));
    }
}

TEST_CASE("an address that cannot be read matches no row that asks for one", "[scp]") {
    CHECK_FALSE(peers({{"A", "0.0.0.0/0"}}).may_call("A", "nonsense"));
    CHECK(peers({{"A", ""}}).may_call("A", "nonsense"));
}
