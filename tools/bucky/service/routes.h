// SPDX-License-Identifier: Apache-2.0
// The paths of the model server, and its answers but for those of a model. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <boost/beast/http.hpp>

#include "conf/base/error.h"
#include "inference/examine/shelf.h"

namespace bucky::service {

using Head = boost::beast::http::request_header<>;
using Response = boost::beast::http::response<boost::beast::http::string_body>;
using Status = boost::beast::http::status;

/// What a path asks for.
enum class Asked { server, live, ready, model, model_ready, weights, package, infer, unknown };

struct Route {
    Asked asked = Asked::unknown;
    std::string model, version{};  ///< version empty: any
};

/// "/v2/models/NAME/versions/VERSION/infer?x" with %XX decoded in the names.
Route route_of(std::string_view target);

/// The package that a route names; null: there is none.
const inference::LoadedPackage* find_model(const inference::Shelf& shelf, const Route& route);

Response json_answer(Status status, std::string body);

/// An answer that refuses: {"error": words}.
Response refusal(Status status, std::string_view words, std::int64_t retry_after_s = 0);

/// The same for what a request ended with.
Response refusal(const Error& error);

/// The answer to anything but an inference.
Response tell(const Route& route, bool is_get, const inference::Shelf& shelf, bool is_ready);

}  // namespace bucky::service
