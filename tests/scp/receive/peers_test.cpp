// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include <catch2/catch.hpp>

#include "conf/base/error.h"
#include "scp/receive/peers.h"

using namespace bucky;
using namespace bucky::scp;

namespace {

Peers peers(std::vector<conf::PeerSettings> rows) {
    return Peers{rows};
}

bool may_call(const Peers& peers, std::string_view ae, std::string_view address) {
    return peers.standing({ae, address}).has_value();
}

}  // namespace

TEST_CASE("without a [[peer]] row anyone may call", "[scp]") {
    const auto any = peers({});
    CHECK(any.anyone());
    CHECK(may_call(any, "WHOEVER", "203.0.113.9"));
}

TEST_CASE("a caller needs one row that has both its AE title and its address", "[scp]") {
    const auto some = peers({{"XRAY1", "10.1.2.3"}, {"XRAY2", ""}, {"", "192.0.2.0/24"}});
    CHECK_FALSE(some.anyone());
    CHECK(may_call(some, "XRAY1", "10.1.2.3"));
    CHECK_FALSE(may_call(some, "XRAY1", "10.1.2.4"));
    CHECK(may_call(some, "XRAY2", "203.0.113.9"));
    CHECK(may_call(some, "ANYTHING", "192.0.2.200"));
    CHECK_FALSE(may_call(some, "ANYTHING", "192.0.3.1"));
    CHECK_FALSE(may_call(some, "xray2", "203.0.113.9"));  // AE titles are case sensitive
}

TEST_CASE("a network matches the addresses that share its prefix, to the bit", "[scp]") {
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
        CHECK(may_call(one, "A", row.inside));
        CHECK_FALSE(may_call(one, "A", row.outside));
    }
    CHECK(may_call(peers({{"", "0.0.0.0/0"}}), "A", "8.8.8.8"));
    CHECK_FALSE(may_call(peers({{"", "0.0.0.0/0"}}), "A", "::1"));
    CHECK(may_call(peers({{"", "::/0"}}), "A", "2001:db8::1"));
}

TEST_CASE("an IPv4 caller at an IPv6 socket is the same caller", "[scp]") {
    CHECK(may_call(peers({{"", "10.1.2.0/24"}}), "A", "::ffff:10.1.2.3"));
    CHECK(may_call(peers({{"", "::ffff:10.1.2.3"}}), "A", "10.1.2.3"));
}

TEST_CASE("an invalid address is reported with its value", "[scp]") {
    for (const auto* wrong : {"10.1.2", "10.1.2.3/33", "fd00::/129", "pacs.example", "10.1.2.3/"}) {
        INFO(wrong);
        CHECK_THROWS_WITH(peers({{"A", wrong}}), Catch::Contains(wrong));
    }
}

TEST_CASE("an address that cannot be parsed matches no row that requires one", "[scp]") {
    CHECK_FALSE(may_call(peers({{"A", "0.0.0.0/0"}}), "A", "nonsense"));
    CHECK(may_call(peers({{"A", ""}}), "A", "nonsense"));
}

TEST_CASE("a row that requires a certificate matches only the caller that presents it",
          "[scp][tls]") {
    const PeerCertificate shown{"CN=xray1,O=Hospital", "xray1", "xray1.example, 10.1.2.3",
                                std::string(62, '0') + "ab"};
    conf::PeerSettings row{"XRAY1", ""};
    const auto takes = [&](const PeerCertificate* certificate) {
        return peers({row}).standing({"XRAY1", "10.1.2.3", certificate}).has_value();
    };
    CHECK(takes(nullptr));
    for (const auto* subject : {"CN=xray1,O=Hospital", "xray1", "xray1.example", "10.1.2.3"}) {
        INFO(subject);
        row.certificate_subject = subject;
        CHECK(takes(&shown));
        CHECK_FALSE(takes(nullptr));
    }
    for (const auto* subject : {"CN=xray1", "xray", "example", "xray1.example, 10.1.2.3"}) {
        INFO(subject);
        row.certificate_subject = subject;
        CHECK_FALSE(takes(&shown));
    }
    row.certificate_subject = "xray1";
    row.certificate_sha256 = "00:" + std::string(60, '0') + ":AB";
    CHECK(takes(&shown));
    row.certificate_sha256 = std::string(64, '0');
    CHECK_FALSE(takes(&shown));
}

TEST_CASE("the first row that matches a caller decides what it may do", "[scp]") {
    conf::PeerSettings looks{"LOOKS", ""}, sends{"", ""};
    looks.store = looks.commit = false;
    sends.echo = false;
    sends.images_per_minute = 7;
    sends.max_associations = 2;
    const auto both = peers({looks, sends});
    const auto first = both.standing({"LOOKS", "10.1.2.3"});
    REQUIRE(first);
    CHECK(first->echo);
    CHECK_FALSE(first->store);
    CHECK_FALSE(first->commit);
    const auto other = both.standing({"XRAY1", "10.1.2.3"});
    REQUIRE(other);
    CHECK(other->row == 2);
    CHECK_FALSE(other->echo);
    CHECK(other->images_per_minute == 7);
    CHECK(other->max_associations == 2);
}
