// SPDX-License-Identifier: Apache-2.0
#include "scp/receive/web_session.h"

#include <optional>
#include <string>
#include <vector>

#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "conf/observe/log.h"
#include "conf/observe/metrics.h"
#include "scp/receive/admission.h"
#include "scp/receive/received_audit.h"
#include "scp/receive/store_parts.h"
#include "scp/receive/web_stream.h"
#include "scp/web/media_type.h"
#include "scp/web/multipart_reader.h"
#include "scp/web/store_answer.h"

namespace bucky::scp {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using beast::error_code;
using http::status;
using namespace std::chrono_literals;

constexpr auto kIdle = 15s;  ///< between two requests: the connection holds a thread
constexpr std::size_t kBlockBytes = 256U << 10U;  ///< each has scp.read_timeout_s
constexpr auto kRetryAfterS = "30";

using Parser = http::request_parser<http::buffer_body>;
using Head = http::request<http::buffer_body>;
using Answer = http::response<http::string_body>;

std::string_view view(beast::string_view text) {
    return {text.data(), text.size()};
}

/// A request that is answered without its instances.
struct Refused {
    status code;
    std::string_view words;
};

class WebSession {
public:
    WebSession(PendingConnection pending, const SessionContext& context)
        : context_(context),
          id_(std::move(pending.association)),
          address_(std::move(pending.address)),
          config_(std::move(pending.listener)),
          certificate_(pending.tls ? pending.tls->peer_certificate() : std::nullopt),
          slot_(std::move(pending.place)),
          admission_(context),
          stream_(pending, context) {}

    std::string_view run();

private:
    std::string_view wait_for_request();
    std::string_view serve_request();
    std::optional<Refused> judge(StoreTarget& target);
    std::optional<Refused> admit(const StoreTarget& target);
    bool is_admitted_as(const std::string& calling, const std::string& called) const;
    std::optional<Refused> look_at_body(MediaType& type);
    std::string_view store(const StoreTarget& target, const MediaType& type);
    error_code read_body(StoreParts& parts, const MediaType& type);
    std::string_view refuse(const Refused& why);
    std::string_view answer(Answer answer, bool stays);
    std::string_view lost(error_code why);
    void end_caller();
    std::chrono::seconds patience() const {
        return std::chrono::seconds{context_.settings.scp.read_timeout_s};
    }

    const SessionContext& context_;
    const std::string id_, address_;
    const std::shared_ptr<const ListenerConfig> config_;
    const std::optional<PeerCertificate> certificate_;
    std::optional<Slots::Slot> slot_;
    Admission admission_;
    std::optional<Arrivals> arrivals_;  ///< of the caller that was admitted
    WebStream stream_;
    beast::flat_buffer buffer_{kRequestHeadBytesMax + kBlockBytes};
    std::optional<Parser> parser_;
    std::chrono::steady_clock::time_point began_{};
    bool is_first_ = true;
};

std::string_view WebSession::run() {
    std::string_view end;
    while (end.empty()) {
        end = wait_for_request();
        if (end.empty()) end = serve_request();
    }
    end_caller();
    return end;
}

/// Its studies need not wait for it any longer.
void WebSession::end_caller() {
    if (arrivals_) arrivals_->association_ended();
    arrivals_.reset();
}

/// Empty when the first bytes of a request are there, else why the connection ends.
std::string_view WebSession::wait_for_request() {
    if (buffer_.size() > 0) return {};
    const auto artim = std::chrono::seconds{context_.settings.scp.artim_s};
    stream_.set_deadline(is_first_ ? artim : std::min<std::chrono::seconds>(kIdle, patience()));
    switch (stream_.wait_readable(context_.closing_fd)) {
        case WebStream::Waited::readable: return {};
        case WebStream::Waited::timed_out: return "idle";
        case WebStream::Waited::woken: return "node_stopping";
    }
    __builtin_unreachable();
}

/// Empty when another request may follow.
std::string_view WebSession::serve_request() {
    is_first_ = false;
    parser_.emplace();
    parser_->header_limit(kRequestHeadBytesMax);
    parser_->body_limit(boost::none);  // each instance has a limit, and there are so many parts
    stream_.set_deadline(std::chrono::seconds{context_.settings.scp.artim_s});
    error_code failed;
    http::read_header(stream_, buffer_, *parser_, failed);
    began_ = std::chrono::steady_clock::now();
    if (failed == http::error::end_of_stream) return "released";
    if (failed == beast::error::timeout || failed == boost::asio::error::timed_out) {
        return refuse({status::request_timeout, "the request did not come in time"});
    }
    const bool is_of_http = failed.category() == error_code{http::error::bad_method}.category();
    if (failed && !is_of_http) return lost(failed);
    if (failed) return refuse({status::bad_request, "this is no request of HTTP/1.1"});
    StoreTarget target;
    if (const auto why = judge(target)) return refuse(*why);
    MediaType type;
    if (const auto why = look_at_body(type)) return refuse(*why);
    return store(target, type);
}

std::optional<Refused> WebSession::judge(StoreTarget& target) {
    const auto& head = parser_->get();
    const auto found = parse_store_target(view(head.target()));
    if (!found) return Refused{status::not_found, "images are stored at /dicom-web/studies"};
    if (head.method() != http::verb::post) {
        return Refused{status::method_not_allowed, "images are stored by POST; nothing is read"};
    }
    target = *found;
    if (target.title.empty()) target.title = context_.settings.node.ae_title.str();
    return admit(target);
}

bool WebSession::is_admitted_as(const std::string& calling, const std::string& called) const {
    return arrivals_ && admission_.guest().called_ae == called &&
           (calling.empty() || admission_.guest().calling_ae == calling);
}

std::optional<Refused> WebSession::admit(const StoreTarget& target) {
    std::string calling;
    if (config_->tokens) {
        const auto name = config_->tokens->name_of(
            bearer_token(view(parser_->get()[http::field::authorization])));
        if (!name) {
            tell_refused({}, address_, "it gives no token of web.tokens");
            return Refused{status::unauthorized, "a bearer token is wanted here"};
        }
        calling = *name;
    }
    if (is_admitted_as(calling, target.title)) return std::nullopt;
    end_caller();
    const auto refusal = admission_.admit({.association = id_,
                                           .calling_ae = calling,
                                           .called_ae = target.title,
                                           .address = address_,
                                           .certificate = certificate_ ? &*certificate_ : nullptr});
    if (!refusal && admission_.standing().store) {
        arrivals_.emplace(context_, admission_.caller());
        return std::nullopt;
    }
    const auto words = refusal ? refusal->words : "its [[peer]] row has store = false";
    if (refusal && refusal->why == Admission::Why::crowded) {
        return Refused{status::service_unavailable, "a limit of this node is reached"};
    }
    tell_refused(admission_.guest().calling_ae, address_, words);
    log::event(log::Level::warning, "web.refused",
               {{"assoc", id_},
                {"peer", address_},
                {"from", admission_.guest().calling_ae},
                {"to", target.title},
                {"certificate", certificate_ ? certificate_->subject : "none"},
                {"why", words}});
    if (refusal && refusal->why == Admission::Why::called) {
        return Refused{status::not_found, "nobody of this title is here"};
    }
    return Refused{status::forbidden, "this caller may not store here"};
}

/// Whether the body is one that can be read, and whether there is room for any instance.
std::optional<Refused> WebSession::look_at_body(MediaType& type) {
    const auto& head = parser_->get();
    type = parse_media_type(view(head[http::field::content_type]));
    const auto inner = parse_media_type(type.parameter("type")).type;
    const bool is_multipart = type.type == "multipart/related" || type.type == "multipart/mixed";
    const bool is_of_files = inner.empty() || inner == "application/dicom";
    if (type.type != "application/dicom" && !(is_multipart && is_of_files)) {
        return Refused{status::unsupported_media_type,
                       "multipart/related of application/dicom is taken here"};
    }
    if (head.count(http::field::content_encoding) > 0) {
        return Refused{status::unsupported_media_type, "no content coding is taken here"};
    }
    if (is_multipart && type.parameter("boundary").empty()) {
        return Refused{status::bad_request, "the media type has no boundary"};
    }
    try {
        arrivals_->check_queue();
    } catch (const Error&) {  // before the caller has sent it all
        return Refused{status::service_unavailable, "a limit of this node is reached"};
    }
    return std::nullopt;
}

std::string_view WebSession::store(const StoreTarget& target, const MediaType& type) {
    if (beast::iequals(parser_->get()[http::field::expect], "100-continue")) {
        stream_.set_deadline(patience());
        error_code failed;
        static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
        boost::asio::write(stream_, boost::asio::buffer(kContinue.data(), kContinue.size()),
                           failed);
        if (failed) return lost(failed);
    }
    StoreParts parts{*arrivals_, target.study};
    bool is_readable = true;
    try {
        const auto failed = read_body(parts, type);
        if (failed) parts.cut_off();
        if (failed == boost::asio::error::timed_out) {
            return refuse({status::request_timeout, "the body did not come in time"});
        }
        if (failed) return lost(failed);
    } catch (const Error&) {  // what came before is answered
        is_readable = false;
    }
    parts.cut_off();
    if (parts.parts().empty()) return refuse({status::bad_request, "there is no part in it"});
    const int code = status_of(parts.parts());
    const bool is_xml = wants_xml(view(parser_->get()[http::field::accept]));
    Answer made{static_cast<status>(code), 11};
    made.set(http::field::content_type,
             is_xml ? "application/dicom+xml" : "application/dicom+json");
    if (made.result() == status::service_unavailable) {
        made.set(http::field::retry_after, kRetryAfterS);
    }
    made.body() = is_xml ? to_dicom_xml(parts.parts()) : to_dicom_json(parts.parts());
    return answer(std::move(made), is_readable && parser_->keep_alive());
}

/// Reads the body to its end. Throws bad_input when its parts cannot be told apart.
error_code WebSession::read_body(StoreParts& parts, const MediaType& type) {
    std::vector<char> block(kBlockBytes);
    std::optional<MultipartReader> reader;
    if (type.type == "application/dicom") {
        parts.part_begins(type.type);
    } else {
        reader.emplace(type.parameter("boundary"), parts);
    }
    while (!parser_->is_done()) {
        auto& body = parser_->get().body();
        body.data = block.data();
        body.size = block.size();
        body.more = true;
        stream_.set_deadline(patience());
        error_code failed;
        http::read(stream_, buffer_, *parser_, failed);
        if (failed == http::error::need_buffer) failed = {};
        const std::string_view taken{block.data(), block.size() - parser_->get().body().size};
        if (reader) {
            reader->take(taken);
        } else {
            parts.part_bytes(taken);
        }
        if (failed) return failed;
    }
    if (!reader) parts.part_ends();
    return {};
}

std::string_view WebSession::refuse(const Refused& why) {
    Answer made{why.code, 11};
    made.set(http::field::content_type, "text/plain");
    if (why.code == status::service_unavailable) made.set(http::field::retry_after, kRetryAfterS);
    if (why.code == status::unauthorized) made.set(http::field::www_authenticate, "Bearer");
    if (why.code == status::method_not_allowed) made.set(http::field::allow, "POST");
    made.body() = std::string{why.words} + '\n';
    return answer(std::move(made), false);  // its body may not have been read
}

std::string_view WebSession::answer(Answer made, bool stays) {
    const auto code = std::to_string(made.result_int());
    metrics::count("bucky_web_requests_total", {{"status", code}});
    log::event("web.request", {{"assoc", id_},
                               {"peer", address_},
                               {"from", arrivals_ ? arrivals_->caller().calling_ae : ""},
                               {"to", arrivals_ ? arrivals_->caller().called_ae : ""},
                               {"status", code},
                               {"kept", arrivals_ ? arrivals_->kept() : 0},
                               {"refused", arrivals_ ? arrivals_->refused() : 0},
                               {"bytes", arrivals_ ? arrivals_->bytes() : 0},
                               {"took_ms", (std::chrono::steady_clock::now() - began_) / 1ms}});
    made.keep_alive(stays);
    made.prepare_payload();
    stream_.set_deadline(patience());
    error_code failed;
    http::write(stream_, made, failed);
    if (failed) return lost(failed);
    if (stays) return {};
    end_caller();  // first: the peer has two seconds to read the answer
    stream_.end();
    return "answered";
}

std::string_view WebSession::lost(error_code why) {
    log::event(log::Level::warning, "web.broken",
               {{"assoc", id_}, {"peer", address_}, {"why", why.message()}});
    return "lost";
}

}  // namespace

std::string_view serve_web(PendingConnection pending, const SessionContext& context) {
    return WebSession(std::move(pending), context).run();
}

}  // namespace bucky::scp
