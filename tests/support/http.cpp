// SPDX-License-Identifier: Apache-2.0
#include "tests/support/http.h"

#include "tests/support/process.h"

namespace bucky::test {
namespace {

std::string body_of(const std::vector<std::string>& command) {
    const auto answer = run(command);
    return answer.status == 0 ? answer.output : "";
}

}  // namespace

std::string http_get(const std::string& url) {
    return body_of({"curl", "--silent", "--fail", "--max-time", "20", url});
}

std::string http_post(const std::string& url, const std::string& body) {
    return body_of({"curl", "--silent", "--fail", "--max-time", "20", "--data", body, url});
}

int http_status(const std::string& url) {
    const auto answer = run({"curl", "--silent", "--max-time", "20", "--output", "/dev/null",
                             "--write-out", "%{http_code}", url});
    return std::stoi("0" + answer.output);
}

}  // namespace bucky::test
