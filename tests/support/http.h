// SPDX-License-Identifier: Apache-2.0
// HTTP as a stranger speaks it: through curl.
#pragma once

#include <filesystem>
#include <string>

namespace bucky::test {

/// The body of a 2xx answer; empty when there was none.
std::string http_get(const std::string& url);
std::string http_post(const std::string& url, const std::string& body);

/// The status code alone; 0 when nobody answered.
int http_status(const std::string& url);

/// A TCP port of the loopback that was free a moment ago, for peers that cannot take port 0.
int free_port();

}  // namespace bucky::test
