// SPDX-License-Identifier: Apache-2.0
// What Admin answers to which request: bounded, pure but for what it asks of the node. Admin alone
// waits for bytes; a fuzz target puts them in by hand.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <boost/beast/http.hpp>

namespace bucky::admin {

inline constexpr std::uint32_t kHeaderBytesMax = 8192;

using Request = boost::beast::http::request<boost::beast::http::empty_body>;
using Response = boost::beast::http::response<boost::beast::http::string_body>;

/// Takes a header of at most kHeaderBytesMax, and no body.
class RequestParser : public boost::beast::http::request_parser<boost::beast::http::empty_body> {
public:
    RequestParser() { header_limit(kHeaderBytesMax); }
};

/// What every conversation asks of the node.
struct Asked {
    std::function<std::vector<std::string>()> not_ready;
    std::string token;                      ///< empty: none is asked for
    std::function<std::string()> status{};  ///< what /status.json answers
};

/// Of /healthz or /readyz: what a supervisor must always be told.
bool is_about_health(const Request& request);

/// For who asks for anything else while too many do.
Response busy(const Request& request);

/// `from`: the address of who asks, for the audit trail.
Response answer(const Request& request, const Asked& asked, const std::string& from);

}  // namespace bucky::admin
