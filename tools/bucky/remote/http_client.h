// SPDX-License-Identifier: Apache-2.0
// HttpClient: one connection to the service of [remote], kept alive from request to request.
//
// TLS with the site's certificate, a proxy (CONNECT) with a password, an outgoing address and time
// limits are those of the settings; nothing of the environment counts. No redirect is followed, and
// no header tells the product or the machine. Threads: one at a time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conf/settings.h"

namespace bucky {

struct HttpAnswer {
    long status = 0;
    std::string body;
    std::optional<std::size_t> json_bytes;  ///< Inference-Header-Content-Length
    std::optional<std::chrono::seconds> retry_after;
};

class HttpClient {
public:
    /// How the server's certificate is checked. `not_at_all` only for what is checked otherwise.
    enum class Server { checked, not_at_all };

    /// Opens no connection yet. The password of a proxy is read here: bad_input when it cannot be.
    /// `always`: header lines of every request ("Name: value").
    explicit HttpClient(const conf::RemoteSettings& settings, Server server = Server::checked,
                        std::vector<std::string> always = {});
    ~HttpClient();
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;

    /// `path` is appended to the settings' url, behind a slash; an empty one is not. Any status is
    /// an answer.
    ///   err  NobodyAnswers where no connection was made; unavailable where it broke or the answer
    ///        came too late
    HttpAnswer get(std::string_view path);
    HttpAnswer post(std::string_view path, const std::vector<std::string>& headers,
                    std::string_view body);

    /// The same over the connection of the last request; nullopt, and nothing has been sent, where
    /// that has ended.
    std::optional<HttpAnswer> post_there(std::string_view path,
                                         const std::vector<std::string>& headers,
                                         std::string_view body);

    /// Counts the connections that were opened: equal numbers mean the same connection.
    std::uint64_t connection() const noexcept;

    /// Since the end of the last request.
    std::chrono::steady_clock::duration idle() const noexcept;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// The host of a url, for people: "ai.example".
std::string host_of(std::string_view url);

/// A part of a path with everything but letters, digits and "-._~" escaped (RFC 3986 2.3).
std::string path_part(std::string_view text);

}  // namespace bucky
