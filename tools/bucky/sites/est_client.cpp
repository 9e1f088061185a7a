// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/sites/est_client.h"

#include <chrono>
#include <functional>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>

#include "conf/base/error.h"
#include "conf/endpoint.h"
#include "tools/bucky/sites/x509.h"

namespace bucky {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using beast::error_code;
using Stream = beast::ssl_stream<beast::tcp_stream>;

constexpr std::chrono::seconds kForEachStep{30};
constexpr std::size_t kReplyBytesMax = 1U << 20U;

asio::ssl::context context_for(EstTrust trust, const std::string& ca,
                               const EstClient::Identity& shown) {
    asio::ssl::context context{asio::ssl::context::tls_client};
    switch (trust) {
        case EstTrust::nothing: context.set_verify_mode(asio::ssl::verify_none); break;
        case EstTrust::own_authority:
            context.add_certificate_authority(asio::buffer(ca));
            context.set_verify_mode(asio::ssl::verify_peer);
            break;
        case EstTrust::system:
            context.set_default_verify_paths();
            context.set_verify_mode(asio::ssl::verify_peer);
    }
    if (!shown.certificate.empty()) {
        context.use_certificate_chain(asio::buffer(shown.certificate));
        context.use_private_key(asio::buffer(shown.key), asio::ssl::context::pem);
    }
    return context;
}

/// Runs one step and waits for its end.
void step(asio::io_context& io, Stream& stream, const std::string& doing,
          const std::function<void(const std::function<void(error_code)>&)>& start) {
    error_code result;
    beast::get_lowest_layer(stream).expires_after(kForEachStep);
    start([&](error_code ended) { result = ended; });
    io.restart();
    io.run();
    if (result) throw Error(Fault::unavailable, "{}: {}", doing, result.message());
}

}  // namespace

EstClient::EstClient(const std::string& url, EstTrust trust, std::string ca, Identity shown)
    : trust_(trust), ca_(std::move(ca)), shown_(std::move(shown)) {
    constexpr std::string_view kHttps = "https://";
    if (!url.starts_with(kHttps)) {
        throw Error(Fault::bad_input, "{} is no address of a service: https://HOST[:PORT]", url);
    }
    host_ = url.substr(kHttps.size());
    while (host_.ends_with('/')) host_.pop_back();
    if (const auto endpoint = conf::parse_endpoint(host_)) {
        host_ = endpoint->host;
        port_ = std::to_string(endpoint->port);
    }
}

EstReply EstClient::get(const std::string& path) {
    return ask("GET", path, {}, {});
}

EstReply EstClient::post(const std::string& path, const std::string& body,
                         const std::string& password) {
    return ask("POST", path, body, password);
}

EstReply EstClient::ask(const std::string& method, const std::string& path, const std::string& body,
                        const std::string& password) try {
    asio::io_context io;
    auto context = context_for(trust_, ca_, shown_);
    Stream stream{io, context};
    const auto at = host_ + " port " + port_;
    if (!conf::is_ip_address(host_)) {
        SSL_set_tlsext_host_name(stream.native_handle(), host_.c_str());
    }
    if (trust_ != EstTrust::nothing) {
        stream.set_verify_callback(asio::ssl::host_name_verification{host_});
    }
    asio::ip::tcp::resolver resolver{io};
    const auto places = resolver.resolve(host_, port_);
    step(io, stream, "cannot connect to " + at, [&](const auto& done) {
        beast::get_lowest_layer(stream).async_connect(
            places, [done](error_code bad, const asio::ip::tcp::endpoint&) { done(bad); });
    });
    step(io, stream, "TLS with " + at,
         [&](const auto& done) { stream.async_handshake(asio::ssl::stream_base::client, done); });
    http::request<http::string_body> request{http::string_to_verb(method), path, 11, body};
    request.set(http::field::host, host_);
    if (!password.empty()) {
        request.set(http::field::authorization, "Basic " + x509::base64("site:" + password));
    }
    if (!body.empty()) request.set(http::field::content_type, "application/pkcs10");
    request.keep_alive(false);
    request.prepare_payload();
    step(io, stream, "cannot send to " + at, [&](const auto& done) {
        http::async_write(stream, request, [done](error_code bad, std::size_t) { done(bad); });
    });
    beast::flat_buffer buffer;
    http::response_parser<http::string_body> parser;
    parser.body_limit(kReplyBytesMax);
    step(io, stream, "no answer from " + at, [&](const auto& done) {
        http::async_read(stream, buffer, parser,
                         [done](error_code bad, std::size_t) { done(bad); });
    });
    return {static_cast<int>(parser.get().result_int()), parser.get().body()};
} catch (const boost::system::system_error& error) {  // a name that is not found, a wrong file
    throw Error(Fault::unavailable, "{} port {}: {}", host_, port_, error.code().message());
}

}  // namespace bucky
