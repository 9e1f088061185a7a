// SPDX-License-Identifier: Apache-2.0
#include "scp/web/media_type.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <vector>

#include "conf/base/error.h"
#include "conf/base/ids.h"

namespace bucky::scp {
namespace {

constexpr std::size_t kReadAtOnce = 4096;

std::string lower(std::string_view text) {
    std::string made{text};
    std::ranges::transform(made, made.begin(),
                           [](unsigned char one) { return static_cast<char>(std::tolower(one)); });
    return made;
}

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Up to the separator, which is taken away, too, and does not count within quotes.
std::string_view next(std::string_view& text, char separator) {
    bool is_quoted = false;
    std::size_t end = 0;
    for (; end < text.size(); ++end) {
        if (text[end] == '"') is_quoted = !is_quoted;
        if (text[end] == '\\' && is_quoted) ++end;
        if (end < text.size() && text[end] == separator && !is_quoted) break;
    }
    end = std::min(end, text.size());
    const auto part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return trimmed(part);
}

std::string unquoted(std::string_view text) {
    if (text.size() < 2 || text.front() != '"' || text.back() != '"') return std::string{text};
    std::string made;
    for (std::size_t at = 1; at + 1 < text.size(); ++at) {
        if (text[at] == '\\' && at + 2 < text.size()) ++at;
        made += text[at];
    }
    return made;
}

std::string percent_decoded(std::string_view text) {
    std::string made;
    for (std::size_t at = 0; at < text.size(); ++at) {
        unsigned value = 0;
        const auto* digits = text.data() + at + 1;
        const bool is_escape = text[at] == '%' && at + 2 < text.size() &&
                               std::from_chars(digits, digits + 2, value, 16).ptr == digits + 2;
        made += is_escape ? static_cast<char>(value) : text[at];
        if (is_escape) at += 2;
    }
    return made;
}

/// The weight of one of the types that an Accept header names (RFC 9110 12.4.2).
double weight(const MediaType& type) {
    const auto text = type.parameter("q");
    double made = 1;
    if (!text.empty()) (void)std::from_chars(text.data(), text.data() + text.size(), made);
    return made;
}

}  // namespace

std::string MediaType::parameter(const std::string& name) const {
    const auto found = parameters.find(name);
    return found == parameters.end() ? std::string{} : found->second;
}

MediaType parse_media_type(std::string_view text) {
    MediaType made{.type = lower(next(text, ';')), .parameters = {}};
    while (!text.empty()) {
        auto one = next(text, ';');
        const auto name = lower(next(one, '='));
        if (!name.empty()) made.parameters.try_emplace(name, unquoted(trimmed(one)));
    }
    return made;
}

std::optional<StoreTarget> parse_store_target(std::string_view target) {
    target = target.substr(0, target.find('?'));
    while (target.size() > 1 && target.ends_with('/')) target.remove_suffix(1);
    std::vector<std::string> parts;
    while (!target.empty()) {
        target.remove_prefix(1);  // the slash
        const auto end = std::min(target.find('/'), target.size());
        parts.push_back(percent_decoded(target.substr(0, end)));
        target.remove_prefix(end);
    }
    StoreTarget made;
    std::size_t at = 1;
    if (parts.size() >= 4 && parts[0] == "aets" && parts[2] == "rs") {
        made.title = parts[1];
        at = 3;
    } else if (parts.size() < 2 || parts[0] != "dicom-web") {
        return std::nullopt;
    }
    if (parts[at] != "studies" || parts.size() > at + 2) return std::nullopt;
    try {
        if (parts.size() == at + 2) made.study = Uid{parts[at + 1]}.str();
        if (at == 3) made.title = AeTitle{made.title}.str();
    } catch (const Error&) {  // no such place
        return std::nullopt;
    }
    return made;
}

bool wants_xml(std::string_view accept) {
    double xml = 0, json = 0, any = 0;
    while (!accept.empty()) {
        auto part = next(accept, ',');
        const auto type = parse_media_type(part);
        auto& best = type.type.ends_with("xml") ? xml : type.type.ends_with("json") ? json : any;
        best = std::max(best, weight(type));
    }
    return xml > 0 && xml > json && xml >= any;
}

std::string_view bearer_token(std::string_view authorization) {
    const auto text = trimmed(authorization);
    constexpr std::string_view kScheme = "bearer ";
    if (text.size() < kScheme.size() || lower(text.substr(0, kScheme.size())) != kScheme) return {};
    return trimmed(text.substr(kScheme.size()));
}

Peek peek_request(std::span<const std::uint8_t> so_far) {
    const std::string_view text{reinterpret_cast<const char*>(so_far.data()), so_far.size()};
    if (!text.empty() && (text.front() < 'A' || text.front() > 'Z')) {
        return {Peek::Kind::wrong, 0, "not_http"};
    }
    if (text.find("\r\n\r\n") != std::string_view::npos) return {Peek::Kind::whole, 0, {}};
    if (text.size() >= kRequestHeadBytesMax) return {Peek::Kind::wrong, 0, "header_too_long"};
    return {Peek::Kind::more, text.size() + kReadAtOnce, {}};
}

}  // namespace bucky::scp
