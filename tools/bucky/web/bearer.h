// SPDX-License-Identifier: Apache-2.0
// Bearer: the token that a DICOMweb destination wants to see: of a file, which is read for each
// request so that another program may renew it, or by OAuth2 client credentials (RFC 6749 4.4),
// which is kept until it ends. Used by one thread.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "conf/settings.h"

namespace bucky {

class HttpClient;

class Bearer {
public:
    explicit Bearer(const conf::DestinationSettings& destination);
    Bearer(const Bearer&) = delete;
    Bearer& operator=(const Bearer&) = delete;
    ~Bearer();

    /// "Authorization: Bearer ..."; empty when the destination has none. Throws unavailable when
    /// the file cannot be read or nobody gives a token.
    std::string header();

    /// The service did not accept it: the next is a new one.
    void forget();

private:
    void fetch();

    const conf::DestinationSettings destination_;
    std::string path_;  ///< of token_url
    std::unique_ptr<HttpClient> client_;
    std::string token_;
    std::chrono::steady_clock::time_point ends_{};
};

/// How an HttpClient reaches this destination, or the server of its tokens.
conf::RemoteSettings web_settings(const conf::DestinationSettings& destination, std::string url);

}  // namespace bucky
