// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/web/bearer.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "conf/base/error.h"
#include "tools/bucky/remote/http_client.h"
#include "tools/bucky/shared/secret.h"

namespace bucky {
namespace {

using nlohmann::json;
using Steady = std::chrono::steady_clock;

/// A token is not used in its last seconds: an object takes some to arrive.
constexpr std::chrono::seconds kMargin{60};
constexpr std::int64_t kLifeUnsaidS = 300;  ///< expires_in is recommended only
constexpr std::int64_t kLifeMostS = 24 * 3600;

/// What may stand in a header, one line (RFC 6750 2.1).
bool is_token(std::string_view text) {
    return !text.empty() &&
           std::ranges::all_of(text, [](char one) { return one > ' ' && one <= '~'; });
}

std::string secret_in(const std::string& where) {
    try {
        return read_secret(where, 1);
    } catch (const Error& error) {  // the person who renews it may be at work just now
        throw Error(Fault::unavailable, "{}", error.what());
    }
}

}  // namespace

conf::RemoteSettings web_settings(const conf::DestinationSettings& to, std::string url) {
    conf::RemoteSettings made;
    made.url = std::move(url);
    made.ca = to.ca;
    made.certificate = to.certificate;
    made.key = to.key;
    made.crl = to.crl;
    made.connect_timeout_s = to.connect_timeout_s;
    made.answer_timeout_s = to.response_timeout_s;
    return made;
}

Bearer::Bearer(const conf::DestinationSettings& destination) : destination_(destination) {
    const auto& url = destination.token_url;
    if (url.empty()) return;
    const auto slash = url.rfind('/');
    path_ = url.substr(slash + 1);
    client_ = std::make_unique<HttpClient>(web_settings(destination, url.substr(0, slash)));
}

Bearer::~Bearer() = default;

std::string Bearer::header() {
    if (!destination_.token_file.empty()) {
        token_ = secret_in(destination_.token_file);
    } else if (client_ == nullptr) {
        return {};
    } else if (token_.empty() || Steady::now() >= ends_) {
        fetch();
    }
    if (!is_token(token_)) {
        throw Error(Fault::unavailable, "the token for {} is none: it must be one line of ASCII",
                    destination_.name);
    }
    return "Authorization: Bearer " + token_;
}

void Bearer::forget() {
    token_.clear();
}

void Bearer::fetch() {
    auto body = fmt::format("grant_type=client_credentials&client_id={}&client_secret={}",
                            path_part(destination_.client_id),
                            path_part(secret_in(destination_.client_secret_file)));
    if (!destination_.scope.empty()) body += "&scope=" + path_part(destination_.scope);
    const auto answer = client_->post(
        path_, {"Content-Type: application/x-www-form-urlencoded", "Accept: application/json"},
        body);
    const auto said = json::parse(answer.body, nullptr, false);
    const auto text = [&](const char* key) {
        const bool is_there = said.is_object() && said.contains(key) && said[key].is_string();
        return is_there ? said[key].get<std::string>() : std::string{};
    };
    token_ = text("access_token");
    if (answer.status != 200 || token_.empty()) {
        token_.clear();
        throw Error(Fault::unavailable, "{} gives no token: HTTP {} {} {}", destination_.token_url,
                    answer.status, text("error"), text("error_description"));
    }
    std::int64_t life_s = kLifeUnsaidS;
    if (said.contains("expires_in") && said["expires_in"].is_number_integer()) {
        life_s = std::clamp<std::int64_t>(said["expires_in"].get<std::int64_t>(), 0, kLifeMostS);
    }
    ends_ = Steady::now() + std::chrono::seconds{life_s} -
            std::min(kMargin, std::chrono::seconds{life_s / 2});
}

}  // namespace bucky
