// SPDX-License-Identifier: Apache-2.0
// HttpCaller: a client of the model server on one connection, with or without TLS, that a test
// drives step by step.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace bucky::test {

struct Identity;

struct HttpAnswer {
    int status = 0;
    std::string body, retry_after;
    std::size_t json_bytes = 0;  ///< Inference-Header-Content-Length; 0: none
    bool stays = false;          ///< the connection goes on
};

struct HttpRequest {
    std::string method = "GET", target = "/v2";
    std::string body = {};
    std::vector<std::pair<std::string, std::string>> fields = {};
};

class HttpCaller {
public:
    explicit HttpCaller(std::uint16_t port);
    /// With TLS; `identity` null: shows no certificate. The server's is not checked.
    HttpCaller(std::uint16_t port, const Identity* identity);
    HttpCaller(const HttpCaller&) = delete;
    HttpCaller& operator=(const HttpCaller&) = delete;
    ~HttpCaller();

    HttpAnswer ask(const HttpRequest& request);

    /// Exact bytes, and the answer to what was sent.
    void send(const std::string& bytes);
    HttpAnswer hear();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// A request for inference with one binary tensor.
HttpRequest infer_request(const std::vector<float>& values, const std::vector<int>& shape,
                          const std::string& model = "cxr-phantom");

}  // namespace bucky::test
