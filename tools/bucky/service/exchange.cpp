// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/service/exchange.h"

#include <algorithm>
#include <charconv>
#include <new>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "conf/base/clock.h"
#include "conf/base/limits.h"
#include "conf/observe/audit.h"
#include "conf/observe/log.h"
#include "conf/observe/metrics.h"
#include "tools/bucky/service/content_coding.h"
#include "tools/bucky/service/infer_answer.h"
#include "tools/bucky/service/infer_request.h"

namespace bucky::service {
namespace {

namespace http = boost::beast::http;
using Now = std::chrono::steady_clock;

constexpr auto kWeightsField = "Bucky-Weights-Sha256";  // of a site's package; others send none
constexpr auto kJsonBytesField = "Inference-Header-Content-Length";
constexpr std::int64_t kRetryAfterS = 5;
constexpr auto kStrangers = "-";  // who has no certificate: all of them share its turns
constexpr std::size_t kEnrolmentBytesMax = 16384;  // a request for RSA 8192 has 3 KB
constexpr std::int64_t kDayMs = 24LL * 3600 * 1000;

std::string_view view(boost::beast::string_view text) {
    return {text.data(), text.size()};
}

/// Nothing: the text is no number.
std::optional<std::size_t> number_in(std::string_view text) {
    std::size_t number = 0;
    const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (bad != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

bool is_about_health(const Route& route) {
    return route.asked == Asked::live || route.asked == Asked::ready;
}

bool wants_a_model(const Route& route) {
    return route.asked == Asked::model || route.asked == Asked::model_ready ||
           route.asked == Asked::infer;
}

/// Why a site's package is not the one that is here. Empty: it is, the site does not say, or there
/// is no such model at all.
std::string other_weights(std::string_view wanted, const Route& route,
                          const inference::Shelf& shelf) {
    const auto* model = find_model(shelf, route);
    if (wanted.empty() || model == nullptr) return {};
    const bool is_here = std::ranges::any_of(shelf.packages(), [&](const auto& loaded) {
        const auto& own = loaded.package.identity;
        return own.name == route.model && own.sha256 == wanted &&
               (route.version.empty() || own.version == route.version);
    });
    if (is_here) return {};
    const bool is_hash = wanted.size() == 64 &&
                         wanted.find_first_not_of("0123456789abcdef") == std::string_view::npos;
    return fmt::format("the server has the weights {}: the site's package {} has {}",
                       model->package.identity.sha256, route.model, is_hash ? wanted : "others");
}

void tell_refused(const Caller& caller, const std::string& words) {
    log::event(log::Level::warning, "service.refused",
               {{"from", caller.from}, {"site", caller.site}, {"words", words}});
    audit::tell({.kind = audit::Kind::caller_refused,
                 .outcome = audit::Outcome::minor_failure,
                 .words = words,
                 .peer_ae = caller.site,
                 .peer_address = caller.from});
}

Response response_of(EstAnswer answer) {
    const auto status = http::int_to_status(static_cast<unsigned>(answer.status));
    if (status != Status::ok) {
        auto refused = refusal(status, answer.body);
        if (status == Status::unauthorized) {
            refused.set(http::field::www_authenticate, R"(Basic realm="bucky", charset="UTF-8")");
        }
        return refused;
    }
    auto response = json_answer(status, std::move(answer.body));
    response.set(http::field::content_type, answer.type);
    response.set("Content-Transfer-Encoding", "base64");
    return response;
}

/// A slow model, or the damage that a request did, in the words of its answer.
Response compute(const inference::LoadedPackage& model, std::string content,
                 std::optional<std::size_t> json_bytes, std::size_t& images) {
    const auto request = read_infer_request(content, json_bytes, signature_of(model.package));
    images = request.images.size();
    std::vector<const inference::ModelInput*> inputs;
    for (const auto& image : request.images) inputs.push_back(&image);
    const auto outputs = model.model->run_batch(inputs);
    auto answer = write_infer_answer(request, model, outputs);
    auto response = json_answer(Status::ok, std::move(answer.body));
    if (answer.json_bytes < response.body().size()) {
        response.set(http::field::content_type, "application/octet-stream");
        response.set(kJsonBytesField, std::to_string(answer.json_bytes));
    }
    return response;
}

}  // namespace

Caller plain_caller(const Head& head, const std::string& certificate_header,
                    const std::string& from) {
    if (certificate_header.empty()) return {.site = "local", .refused = {}, .from = from};
    const auto named = head[certificate_header];
    return {.site = named,
            .refused = named.empty() ? "the proxy names no certificate" : "",
            .from = from};
}

Exchange::~Exchange() {
    end();
    has_left();
}

Step Exchange::refuse(Step step, Response answer, std::string_view why) {
    answer_ = std::move(answer);
    metrics::count("bucky_service_refused_total", {{"site", site_}, {"why", std::string{why}}});
    return step;
}

Step Exchange::begin(const Head& head, const Caller& caller, bool has_body,
                     std::optional<std::uint64_t> length) {
    is_open_ = true;
    ++state_->open_requests;
    site_ = caller.refused.empty() ? caller.site : std::string{};
    began_ = Now::now();
    filled_ = body_max_ = 0;
    images_ = 0;
    file_.clear();
    route_ = route_of(view(head.target()));
    const bool is_get = head.method() == http::verb::get;
    est_ = {.path = state_->enroll ? est_path(view(head.target())) : EstPath::none};
    if (est_.path != EstPath::none) return enroll(head, caller, length);
    if (!caller.refused.empty() && !is_about_health(route_)) {
        tell_refused(caller, caller.refused);
        const auto status = caller.site.empty() ? Status::unauthorized : Status::forbidden;
        return refuse(Step::refuse, refusal(status, "not let in: " + caller.refused),
                      "certificate");
    }
    if (route_.asked == Asked::weights && is_get) {
        const auto shelf = state_->models.now();
        if (const auto* model = find_model(*shelf, route_)) file_ = model->package.weights;
        if (!file_.empty()) return Step::refuse;
    }
    if (wants_a_model(route_)) {
        const auto words = other_weights(view(head[kWeightsField]), route_, *state_->models.now());
        if (!words.empty()) {
            tell_refused(caller, words);
            return refuse(Step::skip_body, refusal(Status::conflict, words), "weights");
        }
    }
    if (route_.asked != Asked::infer || head.method() != http::verb::post) {
        answer_ = tell(route_, is_get, *state_->models.now(), state_->is_ready());
        if (answer_.result() == Status::not_found) {
            log::event(log::Level::warning, "service.unknown",
                       {{"from", caller.from}, {"site", site_}, {"target", view(head.target())}});
        }
        return Step::refuse;
    }
    if (state_->is_closing) {
        return refuse(Step::refuse,
                      refusal(Status::service_unavailable, "the server is stopping", kRetryAfterS),
                      "stopping");
    }
    if (!has_body) {
        return refuse(Step::refuse, refusal(Status::bad_request, "there is no body"), "request");
    }
    return admit(head, caller, length);
}

/// A site that joins has no certificate yet: its token counts.
Step Exchange::enroll(const Head& head, const Caller& caller, std::optional<std::uint64_t> length) {
    const bool is_read =
        est_.path == EstPath::cacerts || est_.path == EstPath::crl || est_.path == EstPath::service;
    if ((head.method() == http::verb::get) != is_read) {
        return refuse(Step::refuse,
                      refusal(Status::method_not_allowed, is_read ? "GET it" : "POST to it"),
                      "request");
    }
    if (is_read) {
        answer_ = response_of(state_->enroll(est_));
        return Step::refuse;
    }
    const bool is_of_a_site =
        est_.path == EstPath::simplereenroll || est_.path == EstPath::heartbeat;
    if (is_of_a_site && !caller.refused.empty()) {
        tell_refused(caller, caller.refused);
        return refuse(Step::refuse, refusal(Status::unauthorized, "not let in: " + caller.refused),
                      "certificate");
    }
    if (length.value_or(kEnrolmentBytesMax + 1) > kEnrolmentBytesMax || *length == 0) {
        return refuse(
            Step::refuse,
            refusal(Status::payload_too_large, "a certificate request has 1 to 16384 bytes"),
            "too_long");
    }
    est_.authorization = view(head[http::field::authorization]);
    est_.site = site_;
    est_.serial = site_.empty() ? std::string{} : caller.serial;
    route_.model.clear();
    return enter(caller, *length, kEnrolmentBytesMax);
}

/// Everything that can be said before the body is read.
Step Exchange::admit(const Head& head, const Caller& caller, std::optional<std::uint64_t> length) {
    const auto shelf = state_->models.now();
    const auto* model = find_model(*shelf, route_);
    const auto json_field = head[kJsonBytesField];
    json_bytes_ = json_field.empty() ? std::nullopt : number_in(view(json_field));
    coding_ = view(head[http::field::content_encoding]);
    const auto most = model == nullptr
                          ? limits::kServiceBodyBytesMax
                          : body_bytes_max(signature_of(model->package), json_bytes_.has_value());
    if (length.value_or(0) > most) {
        return refuse(Step::refuse,
                      refusal(Status::payload_too_large,
                              fmt::format("the body has {} bytes, and a request for "
                                          "this model has {} at most",
                                          *length, most)),
                      "too_long");
    }
    if (model == nullptr) {
        return refuse(Step::skip_body, tell(route_, false, *shelf, true), "model");
    }
    if (!json_field.empty() && !json_bytes_) {
        return refuse(Step::skip_body,
                      refusal(Status::bad_request, fmt::format("{} is no number", kJsonBytesField)),
                      "request");
    }
    if (!is_known_coding(coding_)) {
        return refuse(Step::skip_body,
                      refusal(Status::unsupported_media_type,
                              "Content-Encoding may be identity, deflate or gzip"),
                      "request");
    }
    return enter(caller, length.value_or(most), most);
}

Step Exchange::enter(const Caller& caller, std::uint64_t bytes, std::size_t most) {
    if (state_->bytes_held + bytes > limits::kServiceBytesMax) {
        return refuse(Step::skip_body,
                      refusal(Status::service_unavailable,
                              "the server's memory for requests is full", kRetryAfterS),
                      "memory");
    }
    if (caller.has_too_many_connections) {
        return refuse(Step::refuse,
                      refusal(Status::too_many_requests, "this site has too many connections open",
                              kRetryAfterS),
                      "connections");
    }
    const auto day = SystemClock{}.now_ms() / kDayMs;
    if (const auto much = state_->quotas.enter(site_, began_, day)) {
        return refuse(Step::skip_body,
                      refusal(Status::too_many_requests, much->words, much->retry_after_s),
                      "quota");
    }
    is_entered_ = true;
    held_ = bytes;
    state_->bytes_held += held_;
    body_max_ = most;
    return Step::run;
}

std::span<char> Exchange::room_for(std::size_t bytes) {
    const bool is_kept = body_max_ > 0;
    if (!is_kept) filled_ = 0;  // every part over the last one
    if (body_.size() < filled_ + bytes) body_.resize(filled_ + bytes);
    return {body_.data() + filled_, bytes};
}

bool Exchange::took(std::size_t bytes) {
    filled_ += bytes;
    taken_ += bytes;
    return taken_ <= (body_max_ > 0 ? body_max_ : limits::kServiceBodyBytesMax);
}

Response Exchange::too_long() const {
    return refusal(Status::payload_too_large, "the body is longer than a request for this model");
}

void Exchange::run(std::function<void(Response)> done) {
    body_.resize(filled_);
    const auto called = std::make_shared<std::function<void(Response)>>(std::move(done));
    const auto is_kept = state_->queue.put({.site = site_.empty() ? kStrangers : site_,
                                            .model = route_.model,
                                            .run = [this, called] { (*called)(computed()); }});
    if (is_kept) return;
    metrics::count("bucky_service_refused_total", {{"site", site_}, {"why", "queue"}});
    (*called)(refusal(Status::service_unavailable,
                      "as many requests wait as may (service.queue_max)", kRetryAfterS));
}

/// On a worker's thread; the connection waits meanwhile.
Response Exchange::computed() {
    if (est_.path != EstPath::none) {
        est_.body = std::move(body_);
        return response_of(state_->enroll(est_));
    }
    const auto waited = Now::now();
    const auto response = inferred();
    note(response, std::chrono::duration<double>(waited - began_).count());
    return response;
}

Response Exchange::inferred() {
    try {
        const auto shelf = state_->models.now();
        const auto* model = find_model(*shelf, route_);
        if (model == nullptr) return tell(route_, false, *shelf, true);
        return compute(*model, decode_content(std::move(body_), coding_, body_max_), json_bytes_,
                       images_);
    } catch (const Error& error) {  // the edge to HTTP: its fault is a status
        return refusal(error);
    } catch (const std::bad_alloc&) {  // this request's, not the server's end
        return refusal({Fault::exhausted, "no memory is left for this request"});
    } catch (const std::exception& error) {  // a bug: the caller has an answer all the same
        return refusal({Fault::bug, "{}", error.what()});
    }
}

/// One line a request: whose, how many images, how long. Nothing in it is of a patient.
void Exchange::note(const Response& response, double waited_s) const {
    const auto took_s = std::chrono::duration<double>(Now::now() - began_).count();
    const auto status = std::to_string(response.result_int());
    const bool is_good = response.result() == Status::ok;
    metrics::count("bucky_service_requests_total", {{"site", site_}, {"status", status}});
    if (is_good) {
        metrics::count("bucky_service_images_total", {{"site", site_}},
                       static_cast<double>(images_));
        metrics::observe("bucky_service_request_seconds", took_s);
    }
    log::event(is_good ? log::Level::info : log::Level::warning, "service.answered",
               {{"site", site_},
                {"model", route_.model},
                {"status", response.result_int()},
                {"images", images_},
                {"waited_ms", static_cast<std::int64_t>(waited_s * 1000)},
                {"took_ms", static_cast<std::int64_t>(took_s * 1000)},
                {"words", is_good ? std::string_view{} : std::string_view{response.body()}}});
}

void Exchange::end() {
    if (is_entered_) state_->quotas.leave(site_, images_);
    is_entered_ = false;
    state_->bytes_held -= held_;
    held_ = taken_ = 0;
    std::string{}.swap(body_);
}

void Exchange::has_left() {
    if (is_open_) --state_->open_requests;
    is_open_ = false;
}

}  // namespace bucky::service
