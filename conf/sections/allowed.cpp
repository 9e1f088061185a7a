// SPDX-License-Identifier: Apache-2.0
#include "conf/sections/allowed.h"

#include <algorithm>
#include <filesystem>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "conf/endpoint.h"

namespace bucky::conf {

std::string in_words(const Allowed& allowed) {
    struct Words {
        std::string operator()(Anything) const { return {}; }
        std::string operator()(Range range) const {
            return fmt::format("{} to {}", range.least, range.most);
        }
        std::string operator()(Between range) const {
            return fmt::format("{} to {}", range.least, range.most);
        }
        std::string operator()(OneOf one) const {
            std::vector<std::string_view> words(one.words.begin(), one.words.end());
            std::replace(words.begin(), words.end(), std::string_view{}, std::string_view{"empty"});
            const auto last = words.back();
            words.pop_back();
            return fmt::format("{} or {}", fmt::join(words, ", "), last);
        }
        std::string operator()(Fits rule) const { return std::string{rule.words}; }
    };
    return std::visit(Words{}, allowed);
}

bool allows(const Allowed& allowed, std::string_view text) {
    if (const auto* one = std::get_if<OneOf>(&allowed)) {
        return std::find(one->words.begin(), one->words.end(), text) != one->words.end();
    }
    const auto* rule = std::get_if<Fits>(&allowed);
    return rule == nullptr || rule->fits(text);
}

bool is_not_empty(std::string_view text) {
    return !text.empty();
}

bool is_ae_title(std::string_view text) {
    return !text.empty() && is_empty_or_ae_title(text);
}

bool is_empty_or_ae_title(std::string_view text) {
    const bool has_odd = std::any_of(text.begin(), text.end(),
                                     [](char c) { return c < ' ' || c > '~' || c == '\\'; });
    return text.size() <= 16 && !has_odd;
}

bool is_destination_name(std::string_view text) {
    constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789-";
    return !text.empty() && text.size() <= 32 &&
           text.find_first_not_of(kLetters) == std::string_view::npos;
}

bool is_host(std::string_view text) {
    const bool has_odd = std::any_of(text.begin(), text.end(),
                                     [](char c) { return c <= ' ' || c > '~' || c == '/'; });
    return !text.empty() && text.size() <= 253 && !has_odd;  // RFC 1035 2.3.4
}

bool is_sha256(std::string_view text) {
    return text.size() == 64 &&
           text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_secret_file(std::string_view text) {
    return text.starts_with('/') || text.starts_with("credential:");
}

/// What leaves the machine leaves it through TLS.
bool is_web_url(std::string_view text) {
    constexpr std::string_view kHttps = "https://", kHttp = "http://";
    const bool is_https = text.starts_with(kHttps);
    if (!is_https && !text.starts_with(kHttp)) return false;
    if (text.find_first_of(" ?#@\"\\") != std::string_view::npos) return false;
    auto host = text.substr(is_https ? kHttps.size() : kHttp.size());
    host = host.substr(0, host.find('/'));
    if (const auto port = host.rfind(':'); port != std::string_view::npos && host.back() != ']') {
        host = host.substr(0, port);
    }
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    return is_https ? is_host(host) : is_loopback(host);
}

bool is_proxy(std::string_view text) {
    if (!text.starts_with("http://") && !text.starts_with("https://")) return false;
    text.remove_prefix(text.find("://") + 3);
    if (const auto endpoint = parse_endpoint(text)) {
        return endpoint->port > 0 && is_host(endpoint->host);
    }
    return is_host(text) && text.find_first_of(":@?#") == std::string_view::npos;
}

bool is_device(std::string_view text) {
    if (text == "auto" || text == "cpu" || text == "cuda" || text == "remote") return true;
    constexpr std::string_view kNumbered = "cuda:";
    if (!text.starts_with(kNumbered)) return false;
    text.remove_prefix(kNumbered.size());
    return !text.empty() && text.size() <= 2 &&
           text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_file(std::string_view file) {
    std::error_code ignored;
    return std::filesystem::is_regular_file(std::filesystem::path{file}, ignored);
}

bool is_model_folder(std::string_view folder) {
    std::error_code ignored;
    return std::filesystem::is_regular_file(std::filesystem::path{folder} / "model.toml", ignored);
}

}  // namespace bucky::conf
