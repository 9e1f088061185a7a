// SPDX-License-Identifier: Apache-2.0
// The answers of Admin to requests: bounded, and pure but for what they ask of the node. Only Admin
// waits for bytes; a fuzz target passes them in directly.
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

/// What every connection asks of the node.
struct Asked {
    std::function<std::vector<std::string>()> not_ready;
    std::string token;                      ///< empty: none is required
    std::function<std::string()> status{};  ///< what /status.json answers
    std::function<std::string()> fleet{};   ///< what /fleet.json answers; empty: no service
};

/// True for /healthz and /readyz, which a supervisor must always be told.
bool is_about_health(const Request& request);

/// The answer to any other request while too many connections are open.
Response busy(const Request& request);

/// `from`: the caller's address, for the audit trail.
Response answer(const Request& request, const Asked& asked, const std::string& from);

}  // namespace bucky::admin
