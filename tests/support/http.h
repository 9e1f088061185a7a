// SPDX-License-Identifier: Apache-2.0
// HTTP requests through curl, an independent client.
#pragma once

#include <filesystem>
#include <string>

namespace bucky::test {

/// The body of a 2xx answer; empty when there was none.
std::string http_get(const std::string& url);
std::string http_post(const std::string& url, const std::string& body);

/// The status code alone; 0 when there was no answer.
int http_status(const std::string& url);

}  // namespace bucky::test
