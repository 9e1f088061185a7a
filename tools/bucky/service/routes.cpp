// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/service/routes.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <vector>

#include "inference/package/without_weights.h"
#include "tools/bucky/service/infer_answer.h"

namespace bucky::service {
namespace {

namespace http = boost::beast::http;

constexpr std::int64_t kRetryAfterS = 5;

std::vector<std::string_view> parts_of(std::string_view path) {
    std::vector<std::string_view> parts;
    while (path.starts_with('/')) path.remove_prefix(1);
    while (!path.empty()) {
        const auto end = std::min(path.find('/'), path.size());
        parts.push_back(path.substr(0, end));
        path.remove_prefix(std::min(end + 1, path.size()));
    }
    return parts;
}

/// RFC 3986 2.1; what is no escape stays.
std::string decoded(std::string_view text) {
    std::string made;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned value = 0;
        if (text[i] == '%' && i + 2 < text.size()) {
            const char* const from = text.data() + i + 1;
            if (std::from_chars(from, from + 2, value, 16).ptr == from + 2) {
                made += static_cast<char>(value);
                i += 2;
                continue;
            }
        }
        made += text[i];
    }
    return made;
}

Asked asked_of_model(std::string_view last) {
    if (last.empty()) return Asked::model;
    if (last == "ready") return Asked::model_ready;
    if (last == "weights") return Asked::weights;
    if (last == "package") return Asked::package;
    if (last == "infer") return Asked::infer;
    return Asked::unknown;
}

Status status_of(Fault fault) {
    switch (fault) {
        case Fault::bad_input: return Status::bad_request;
        case Fault::unsupported: return Status::unsupported_media_type;
        case Fault::unavailable:
        case Fault::exhausted: return Status::service_unavailable;
        case Fault::corrupt: return Status::unprocessable_entity;  // of this image no answer comes
        case Fault::bug: return Status::internal_server_error;
    }
    __builtin_unreachable();
}

/// All that are here: a site takes the one that it knows, and hears of the others.
std::vector<std::string> versions_of(const inference::Shelf& shelf, const std::string& model) {
    std::vector<std::string> versions;
    for (const auto& loaded : shelf.packages()) {
        const auto& identity = loaded.package.identity;
        if (identity.name == model) versions.push_back(identity.version);
    }
    return versions;
}

/// One JSON line that names the files with their sizes, then their bytes.
Response package_answer(const inference::Package& package) try {
    auto files = inference::files_without_weights(package);
    auto response = json_answer(Status::ok, package_head(files));
    response.set(http::field::content_type, "application/octet-stream");
    for (const auto& [name, bytes] : files) response.body() += bytes;
    return response;
} catch (const Error& error) {  // the edge to HTTP: its fault is a status
    return refusal(error);
}

Response readiness(bool is_ready, std::string body) {
    return json_answer(is_ready ? Status::ok : Status::service_unavailable, std::move(body));
}

}  // namespace

Route route_of(std::string_view target) {
    const auto parts = parts_of(target.substr(0, target.find('?')));
    if (parts.empty() || parts[0] != "v2") return {};
    if (parts.size() == 1) return {Asked::server, {}};
    if (parts[1] == "health" && parts.size() == 3) {
        if (parts[2] == "live") return {Asked::live, {}};
        return {parts[2] == "ready" ? Asked::ready : Asked::unknown, {}};
    }
    if (parts[1] != "models" || parts.size() < 3) return {};
    Route route{Asked::unknown, decoded(parts[2])};
    std::size_t next = 3;
    if (parts.size() >= 5 && parts[3] == "versions") {
        route.version = decoded(parts[4]);
        next = 5;
    }
    if (parts.size() <= next + 1) {
        route.asked = asked_of_model(parts.size() == next ? std::string_view{} : parts[next]);
    }
    return route;
}

const inference::LoadedPackage* find_model(const inference::Shelf& shelf, const Route& route) {
    const auto fits = [&](const auto& loaded) {
        const auto& identity = loaded.package.identity;
        return identity.name == route.model &&
               (route.version.empty() || identity.version == route.version);
    };
    const auto found = std::ranges::find_if(shelf.packages(), fits);
    return found == shelf.packages().end() ? nullptr : &*found;
}

Response json_answer(Status status, std::string body) {
    Response response{status, 11};
    response.set(http::field::content_type, "application/json");
    response.body() = std::move(body);
    return response;
}

Response refusal(Status status, std::string_view words, std::int64_t retry_after_s) {
    auto response = json_answer(status, error_json(words));
    if (retry_after_s > 0) response.set(http::field::retry_after, std::to_string(retry_after_s));
    return response;
}

Response refusal(const Error& error) {
    const auto status = status_of(error.fault());
    const bool is_later = status == Status::service_unavailable;
    return refusal(status, error.what(), is_later ? kRetryAfterS : 0);
}

Response tell(const Route& route, bool is_get, const inference::Shelf& shelf, bool is_ready) {
    if (route.asked == Asked::unknown) {
        return refusal(Status::not_found,
                       "there is no such path: v2, v2/health/live, "
                       "v2/health/ready, v2/models/NAME[/versions/VERSION]"
                       "[/ready|/weights|/package|/infer]");
    }
    const bool wants_get = route.asked != Asked::infer;
    if (is_get != wants_get) {
        auto response = refusal(Status::method_not_allowed, wants_get ? "GET it" : "POST to it");
        response.set(http::field::allow, wants_get ? "GET" : "POST");
        return response;
    }
    const auto* model = find_model(shelf, route);
    switch (route.asked) {
        case Asked::server: return json_answer(Status::ok, server_metadata());
        case Asked::live: return json_answer(Status::ok, R"({"live":true})");
        case Asked::ready:
            return readiness(is_ready, is_ready ? R"({"ready":true})" : R"({"ready":false})");
        case Asked::model:
        case Asked::model_ready:
        case Asked::weights:
        case Asked::package:
        case Asked::infer:
        case Asked::unknown: break;
    }
    if (model == nullptr) {
        return refusal(Status::not_found, "there is no such model, or not in this version");
    }
    if (route.asked == Asked::model) {
        return json_answer(Status::ok, model_metadata(*model, versions_of(shelf, route.model)));
    }
    if (route.asked == Asked::package) return package_answer(model->package);
    const bool answers = is_ready && model->model->answers();
    return readiness(answers, model_ready(*model, answers));
}

}  // namespace bucky::service
