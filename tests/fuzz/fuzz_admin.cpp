// SPDX-License-Identifier: Apache-2.0
// libFuzzer: a request to the admin listener, that comes in two pieces. First byte: where it is
// cut. Nobody sees the metrics without the token.
#include <algorithm>
#include <string>
#include <string_view>

#include <boost/asio/buffer.hpp>

#include "conf/observe/metrics.h"
#include "tests/fuzz/target.h"
#include "tools/bucky/admin/admin_answer.h"

namespace bucky::fuzz {
namespace {

constexpr auto kToken = "wilhelm-conrad-r";
constexpr auto kTokenInBasic = "d2lsaGVsbS1jb25yYWQtc";  // of any user with a name of 3 n - 1

/// As async_read does it: what the parser did not take comes again with what came since.
bool parse(admin::RequestParser& parser, std::span<const std::uint8_t> input, std::size_t cut) {
    boost::beast::error_code wrong;
    std::size_t taken = 0;
    for (const std::size_t so_far : {std::min(cut, input.size()), input.size()}) {
        if (so_far <= taken) continue;
        taken += parser.put(boost::asio::buffer(input.data() + taken, so_far - taken), wrong);
        if (parser.is_done()) return true;
        if (wrong && wrong != boost::beast::http::error::need_more) return false;
    }
    return false;
}

}  // namespace

void try_input(std::span<const std::uint8_t> input) {
    static const admin::Asked asked{[] { return std::vector<std::string>{"it is being tested"}; },
                                    kToken};
    static const bool counted = (metrics::count("bucky_instances_received_total"), true);
    (void)counted;
    if (input.empty()) return;
    admin::RequestParser parser;
    if (!parse(parser, input.subspan(1), input[0])) return;
    const auto request = parser.release();
    const auto response = admin::answer(request, asked, "127.0.0.1");
    const auto header = request[boost::beast::http::field::authorization];
    const bool may_know =
        header.find(kToken) != header.npos || header.find(kTokenInBasic) != header.npos;
    if (!may_know && response.body().find("bucky_instances_received_total") != std::string::npos) {
        __builtin_trap();
    }
}

}  // namespace bucky::fuzz
