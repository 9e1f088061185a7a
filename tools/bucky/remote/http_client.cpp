// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/remote/http_client.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include <fmt/format.h>

#include "conf/base/error.h"
#include "inference/run/model.h"
#include "tools/bucky/remote/curl_handle.h"
#include "tools/bucky/shared/secret.h"

namespace bucky {
namespace {

using Now = std::chrono::steady_clock;

/// An answer has scores and heatmaps of one image; weights that are fetched have some 100 MB.
constexpr std::size_t kBodyBytesMax = std::size_t{1} << 30U;

std::size_t take_body(const char* data, std::size_t size, std::size_t count, void* to) {
    auto& body = *static_cast<std::string*>(to);
    if (body.size() + size * count > kBodyBytesMax) return 0;
    body.append(data, size * count);
    return size * count;
}

/// Only the header of the binary tensor extension counts; libcurl reads the others.
std::size_t take_header(const char* data, std::size_t size, std::size_t count, void* to) {
    constexpr std::string_view kName = "inference-header-content-length:";
    std::string_view line{data, size * count};
    const bool is_it =
        line.size() > kName.size() &&
        std::equal(kName.begin(), kName.end(), line.begin(), [](char want, char got) {
            return want == static_cast<char>(std::tolower(static_cast<unsigned char>(got)));
        });
    if (!is_it) return size * count;
    line.remove_prefix(kName.size());
    while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
    std::size_t bytes = 0;
    if (std::from_chars(line.data(), line.data() + line.size(), bytes).ec == std::errc{}) {
        static_cast<HttpAnswer*>(to)->json_bytes = bytes;
    }
    return size * count;
}

/// Told of every request before it is sent, over which connection it would go.
struct Way {
    int local_port = 0;  ///< of the last request
    int only_port = 0;   ///< 0: any
    bool ended = false;  ///< it would have gone another way, and was not sent
};

int before_request(void* to, char*, char*, int, int local_port) {
    auto& way = *static_cast<Way*>(to);
    way.ended = way.only_port != 0 && way.only_port != local_port;
    way.local_port = local_port;
    return way.ended ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

/// Nothing of the image has left: the name was not found, nobody listens, TLS or the proxy refused.
bool is_before_the_request(CURLcode code) {
    constexpr std::array kBefore{CURLE_COULDNT_RESOLVE_PROXY,    CURLE_COULDNT_RESOLVE_HOST,
                                 CURLE_COULDNT_CONNECT,          CURLE_SSL_CONNECT_ERROR,
                                 CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM,
                                 CURLE_SSL_CACERT_BADFILE,       CURLE_SSL_CRL_BADFILE,
                                 CURLE_SSL_ISSUER_ERROR,         CURLE_SSL_CIPHER,
                                 CURLE_INTERFACE_FAILED,         CURLE_PROXY};
    return std::find(kBefore.begin(), kBefore.end(), code) != kBefore.end();
}

}  // namespace

struct HttpClient::Impl {
    explicit Impl(const conf::RemoteSettings& told) : settings(told), easy(make_easy()) {
        while (!settings.url.empty() && settings.url.back() == '/') settings.url.pop_back();
        set(CURLOPT_NOSIGNAL, 1L);
        set(CURLOPT_ERRORBUFFER, words.data());
        set(CURLOPT_PROTOCOLS_STR, "http,https");
        set(CURLOPT_FOLLOWLOCATION, 0L);
        set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
        set(CURLOPT_MAXCONNECTS, 1L);
        set(CURLOPT_TCP_KEEPALIVE, 1L);
        set(CURLOPT_CONNECTTIMEOUT, static_cast<long>(settings.connect_timeout_s));
        set(CURLOPT_TIMEOUT,
            static_cast<long>(settings.connect_timeout_s + settings.answer_timeout_s));
        set(CURLOPT_WRITEFUNCTION, &take_body);
        set(CURLOPT_HEADERFUNCTION, &take_header);
        set(CURLOPT_PREREQFUNCTION, &before_request);
        set(CURLOPT_PREREQDATA, &way);
        set_tls();
        set_way_out();
    }

    template <typename Value>
    void set(CURLoption option, Value value) {
        set_option(easy.get(), option, value);
    }

    /// The files are read by libcurl at each handshake.
    void set_tls() {
        set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
        if (!settings.ca.empty()) {
            set(CURLOPT_CAINFO, settings.ca.c_str());
            set(CURLOPT_CAPATH, static_cast<const char*>(nullptr));  // else the system's count too
        }
        if (!settings.crl.empty()) set(CURLOPT_CRLFILE, settings.crl.c_str());
        if (settings.certificate.empty()) return;
        const auto& key = settings.key.empty() ? settings.certificate : settings.key;
        set(CURLOPT_SSLCERT, settings.certificate.c_str());
        set(CURLOPT_SSLKEY, key.c_str());
    }

    void set_way_out() {
        set(CURLOPT_PROXY, settings.proxy.c_str());  // "": none, whatever the environment says
        set(CURLOPT_NOPROXY, "");
        if (!settings.address.empty()) {
            set(CURLOPT_INTERFACE, ("host!" + settings.address).c_str());
        }
        if (settings.proxy.empty()) return;
        set(CURLOPT_HTTPPROXYTUNNEL, 1L);
        set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
        if (settings.proxy_user.empty()) return;
        set(CURLOPT_PROXYAUTH, static_cast<long>(CURLAUTH_ANY));
        set(CURLOPT_PROXYUSERNAME, settings.proxy_user.c_str());
        if (settings.proxy_password_file.empty()) return;
        set(CURLOPT_PROXYPASSWORD, read_secret(settings.proxy_password_file, 1).c_str());
    }

    /// nullopt: way.only_port is set, and that connection has ended.
    std::optional<HttpAnswer> ask(std::string_view path, const std::vector<std::string>& headers) {
        HttpAnswer answer;
        ListPtr list{curl_slist_append(nullptr, "Expect:")};  // no pause for a "100 Continue"
        for (const auto& header : always) curl_slist_append(list.get(), header.c_str());
        for (const auto& header : headers) curl_slist_append(list.get(), header.c_str());
        set(CURLOPT_HTTPHEADER, list.get());
        const auto slash = path.empty() ? "" : "/";
        set(CURLOPT_URL, fmt::format("{}{}{}", settings.url, slash, path).c_str());
        set(CURLOPT_WRITEDATA, &answer.body);
        set(CURLOPT_HEADERDATA, &answer);
        words[0] = '\0';
        way.ended = false;
        const CURLcode code = curl_easy_perform(easy.get());
        ended = Now::now();
        long opened = 0;
        curl_easy_getinfo(easy.get(), CURLINFO_NUM_CONNECTS, &opened);
        if (opened > 0) ++connection;
        if (way.ended) return std::nullopt;
        if (code != CURLE_OK) complain(code);
        curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &answer.status);
        curl_off_t after = 0;  // seconds, from either form of the header (RFC 9110 10.2.3)
        curl_easy_getinfo(easy.get(), CURLINFO_RETRY_AFTER, &after);
        if (after > 0) answer.retry_after = std::chrono::seconds{after};
        return answer;
    }

    std::optional<HttpAnswer> post(std::string_view path, const std::vector<std::string>& headers,
                                   std::string_view body, int only_port) {
        set(CURLOPT_POST, 1L);
        set(CURLOPT_POSTFIELDS, body.data());
        set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
        way.only_port = only_port;
        return ask(path, headers);
    }

    [[noreturn]] void complain(CURLcode code) {
        ++connection;  // what comes next is another one
        const std::string_view why = words[0] != '\0' ? words.data() : curl_easy_strerror(code);
        double connected = 0;
        curl_easy_getinfo(easy.get(), CURLINFO_PRETRANSFER_TIME, &connected);
        const auto all = fmt::format("{}: {}", settings.url, why);
        if (is_before_the_request(code) || connected == 0) throw inference::NobodyAnswers(all);
        throw Error(Fault::unavailable, "{}", all);
    }

    conf::RemoteSettings settings;
    std::vector<std::string> always;
    std::array<char, CURL_ERROR_SIZE> words{};
    EasyPtr easy;
    std::uint64_t connection = 0;
    Way way;
    Now::time_point ended{};
};

HttpClient::HttpClient(const conf::RemoteSettings& settings, Server server,
                       std::vector<std::string> always)
    : impl_(std::make_unique<Impl>(settings)) {
    impl_->always = std::move(always);
    if (server == Server::checked) return;
    impl_->set(CURLOPT_SSL_VERIFYPEER, 0L);
    impl_->set(CURLOPT_SSL_VERIFYHOST, 0L);
}

HttpClient::~HttpClient() = default;

HttpAnswer HttpClient::get(std::string_view path) {
    impl_->set(CURLOPT_HTTPGET, 1L);
    impl_->way.only_port = 0;
    return impl_->ask(path, {}).value();
}

HttpAnswer HttpClient::post(std::string_view path, const std::vector<std::string>& headers,
                            std::string_view body) {
    return impl_->post(path, headers, body, 0).value();
}

std::optional<HttpAnswer> HttpClient::post_there(std::string_view path,
                                                 const std::vector<std::string>& headers,
                                                 std::string_view body) {
    return impl_->post(path, headers, body, impl_->way.local_port);
}

std::uint64_t HttpClient::connection() const noexcept {
    return impl_->connection;
}

Now::duration HttpClient::idle() const noexcept {
    return Now::now() - impl_->ended;
}

std::string host_of(std::string_view url) {
    if (const auto scheme = url.find("://"); scheme != std::string_view::npos) {
        url.remove_prefix(scheme + 3);
    }
    url = url.substr(0, url.find('/'));
    const auto port = url.rfind(':');
    const bool has_port = port != std::string_view::npos && url.back() != ']';
    return std::string{has_port ? url.substr(0, port) : url};
}

std::string path_part(std::string_view text) {
    std::string escaped;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = (byte < 0x80 && std::isalnum(byte) != 0) || c == '-' || c == '.' ||
                           c == '_' || c == '~';
        escaped += plain ? std::string(1, c) : fmt::format("%{:02X}", byte);
    }
    return escaped;
}

}  // namespace bucky
