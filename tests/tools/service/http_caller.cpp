// SPDX-License-Identifier: Apache-2.0
#include "tests/tools/service/http_caller.h"

#include <charconv>

#include <fmt/ranges.h>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>

#include "tests/support/certificates.h"

namespace bucky::test {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

}  // namespace

struct HttpCaller::Impl {
    explicit Impl(std::uint16_t port) : plain(io) { connect(plain, port); }
    Impl(std::uint16_t port, const Identity* identity) : plain(io) {
        if (identity != nullptr) {
            context.use_certificate_chain_file(identity->certificate.string());
            context.use_private_key_file(identity->key.string(), asio::ssl::context::pem);
        }
        tls.emplace(io, context);
        connect(tls->next_layer(), port);
        tls->handshake(asio::ssl::stream_base::client);
    }

    static void connect(tcp::socket& socket, std::uint16_t port) {
        socket.connect({asio::ip::address_v4::loopback(), port});
        socket.set_option(tcp::no_delay{true});
        const timeval patience{30, 0};
        (void)::setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &patience,
                           sizeof patience);
    }

    template <typename Do>
    void with_stream(Do&& act) {
        if (tls) {
            act(*tls);
        } else {
            act(plain);
        }
    }

    asio::io_context io;
    asio::ssl::context context{asio::ssl::context::tls_client};
    tcp::socket plain;
    std::optional<boost::beast::ssl_stream<tcp::socket>> tls;
    boost::beast::flat_buffer buffer;
};

HttpCaller::HttpCaller(std::uint16_t port) : impl_(std::make_unique<Impl>(port)) {}
HttpCaller::HttpCaller(std::uint16_t port, const Identity* identity)
    : impl_(std::make_unique<Impl>(port, identity)) {}
HttpCaller::~HttpCaller() = default;

void HttpCaller::send(const std::string& bytes) {
    impl_->with_stream([&](auto& stream) { asio::write(stream, asio::buffer(bytes)); });
}

HttpAnswer HttpCaller::hear() {
    http::response_parser<http::string_body> parser;
    parser.body_limit(256U << 20U);
    impl_->with_stream([&](auto& stream) { http::read(stream, impl_->buffer, parser); });
    const auto& message = parser.get();
    HttpAnswer answer{.status = static_cast<int>(message.result_int()),
                      .body = message.body(),
                      .retry_after = message[http::field::retry_after],
                      .stays = message.keep_alive()};
    const auto json = message["Inference-Header-Content-Length"];
    std::from_chars(json.data(), json.data() + json.size(), answer.json_bytes);
    return answer;
}

HttpAnswer HttpCaller::ask(const HttpRequest& request) {
    std::string text = request.method + ' ' + request.target + " HTTP/1.1\r\nHost: service\r\n";
    for (const auto& [name, value] : request.fields) text += name + ": " + value + "\r\n";
    if (!request.body.empty()) {
        text += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
    }
    send(text + "\r\n" + request.body);
    return hear();
}

HttpRequest infer_request(const std::vector<float>& values, const std::vector<int>& shape,
                          const std::string& model) {
    const auto json = fmt::format(
        R"({{"id":"42","inputs":[{{"name":"image","datatype":"FP32","shape":[{}],)"
        R"("parameters":{{"binary_data_size":{}}}}}],"parameters":{{"binary_data_output":true}}}})",
        fmt::join(shape, ","), values.size() * sizeof(float));
    HttpRequest request{.method = "POST", .target = "/v2/models/" + model + "/infer"};
    request.fields = {{"Inference-Header-Content-Length", std::to_string(json.size())}};
    request.body = json;
    request.body.append(reinterpret_cast<const char*>(values.data()),
                        values.size() * sizeof(float));
    return request;
}

}  // namespace bucky::test
