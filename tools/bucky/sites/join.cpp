// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/sites/join.h"

#include <algorithm>
#include <sstream>

#include <nlohmann/json.hpp>

#include "conf/base/error.h"
#include "tools/bucky/remote/http_client.h"
#include "tools/bucky/remote/wire.h"
#include "tools/bucky/shared/files.h"
#include "tools/bucky/sites/private_file.h"
#include "tools/bucky/sites/site_control.h"
#include "tools/bucky/sites/x509.h"

namespace bucky {
namespace {

namespace fs = std::filesystem;

const std::string kEst = ".well-known/est/";
constexpr std::int64_t kForAnAnswerS = 20;  // a node that stops waits for it

/// To `url` over the proxy and from the address of the config, with other files. `ca` empty: the
/// authorities that this machine trusts.
conf::RemoteSettings way_to(const std::string& url, conf::RemoteSettings way,
                            const fs::path& ca = {}, const fs::path& identity = {}) {
    if (!url.starts_with("https://")) {
        throw Error(Fault::bad_input, "{} is no address of a service: https://HOST[:PORT]", url);
    }
    way.url = url;
    way.ca = ca;
    way.certificate = identity;
    way.key.clear();
    way.crl.clear();
    way.answer_timeout_s = std::min(way.answer_timeout_s, kForAnAnswerS);
    return way;
}

HttpAnswer good(HttpAnswer answer, std::string_view doing) {
    if (answer.status == 200) return answer;
    throw Error(Fault::unavailable, "{}: {}", doing, error_words(answer.body));
}

HttpAnswer ask_for_certificate(const conf::RemoteSettings& way, const std::string& what,
                               const std::string& request_der, const std::string& secret = {}) {
    std::vector<std::string> headers{"Content-Type: application/pkcs10"};
    if (!secret.empty()) {
        headers.push_back("Authorization: Basic " + x509::base64("site:" + secret));
    }
    HttpClient http{way};
    return http.post(kEst + what, headers, x509::base64(request_der));
}

/// The authority that the invitation names, from the service. Nothing is believed before its hash.
std::string authority_of(const conf::RemoteSettings& way, const std::string& ca_sha256) {
    HttpClient http{way, HttpClient::Server::not_at_all};
    const auto answer = good(http.get(kEst + "cacerts"), "the service names no authority");
    for (const auto& one : x509::read_certs_only(answer.body)) {
        if (x509::read_certificate(one).sha256 == ca_sha256) return one;
    }
    throw Error(Fault::corrupt,
                "the service shows another authority than the invitation names: ask for another "
                "invitation, and whether a proxy here opens TLS");
}

/// The authority of the sites made most services' own certificates, too; the rest have a public
/// one.
bool trusts_own(const conf::RemoteSettings& with_own, const conf::RemoteSettings& with_public) {
    try {
        (void)HttpClient{with_own}.get(kEst + "cacerts");
        return true;
    } catch (const Error&) {  // the next one says what is wrong, if it is
        (void)HttpClient{with_public}.get(kEst + "cacerts");
        return false;
    }
}

/// That of the node which invited, unless it says that its models are elsewhere.
std::string url_of_models(const conf::RemoteSettings& way) {
    HttpClient http{way};
    const auto answer = http.get(".well-known/bucky/service");
    const auto told = nlohmann::json::parse(answer.body, nullptr, false);
    if (answer.status != 200 || !told.is_object() || !told.contains("url")) return way.url;
    const auto url = told["url"].is_string() ? told["url"].get<std::string>() : std::string{};
    const bool is_plain = url.starts_with("https://") &&
                          url.find_first_of(" \"\\\r\n") == std::string::npos;  // for the config
    return is_plain ? url : way.url;
}

/// A key that was made for a try whose answer was lost is used again: the token belongs to it.
std::string key_for_try(const fs::path& file) {
    std::error_code unseen;
    if (fs::exists(file, unseen)) return read_text(file);
    auto key = x509::make_key();
    write_private_file(file, key);
    return key;
}

std::string issued_in(const HttpAnswer& reply) {
    const auto all = x509::read_certs_only(reply.body);
    if (all.empty()) throw Error(Fault::corrupt, "the service sent no certificate");
    return all.front();
}

}  // namespace

Joined join(const std::string& url, const std::string& token, const fs::path& folder,
            const conf::RemoteSettings& way) {
    const auto [secret, ca_sha256] = read_token(token);
    const auto to_public = way_to(url, way);
    const auto ca = authority_of(to_public, ca_sha256);
    make_private_folder(folder);
    const auto new_ca = folder / "ca.new";  // the node may still work with another service's
    write_private_file(new_ca, ca);
    const auto to_own = way_to(url, way, new_ca);
    const bool is_own = trusts_own(to_own, to_public);
    const auto models = url_of_models(is_own ? to_own : to_public);
    const auto key = key_for_try(folder / "key.new");
    const auto reply = ask_for_certificate(is_own ? to_own : to_public, "simpleenroll",
                                           x509::make_request_der(key, "site"), secret);
    const auto certificate = issued_in(good(reply, "the service refuses"));
    fs::rename(new_ca, folder / "ca.pem");
    write_private_file(folder / "site.pem", certificate + key);
    write_private_file(folder / "url", url + (is_own ? " own\n" : " system\n"));
    fs::remove(folder / "key.new");
    const auto read = x509::read_certificate(certificate);
    return {read.common_name, models, read.until_s * 1000, is_own};
}

bool renew_if_due(const fs::path& folder, const conf::RemoteSettings& way, const Clock& clock) {
    std::error_code unseen;
    if (!fs::exists(folder / "site.pem", unseen)) return false;
    const auto mine = read_text(folder / "site.pem");
    const auto now = x509::read_certificate(mine);
    const auto now_s = clock.now_ms() / 1000;
    if (now_s < now.from_s + (now.until_s - now.from_s) * 2 / 3) return false;
    std::istringstream told{read_text(folder / "url")};
    std::string url, trust;
    told >> url >> trust;
    const auto key = x509::make_key();
    const auto ca = trust == "own" ? folder / "ca.pem" : fs::path{};
    const auto reply =
        ask_for_certificate(way_to(url, way, ca, folder / "site.pem"), "simplereenroll",
                            x509::make_request_der(key, now.common_name));
    const auto certificate = issued_in(good(reply, "the service does not renew the certificate"));
    write_private_file(folder / "site.pem", certificate + key);
    return true;
}

std::string remote_lines(const fs::path& folder, const Joined& joined) {
    std::string lines = fmt::format("[remote]\nurl = \"{}\"\n", joined.url);
    if (joined.trusts_own_ca) lines += fmt::format("ca = \"{}\"\n", (folder / "ca.pem").string());
    return lines + fmt::format("certificate = \"{}\"\n", (folder / "site.pem").string());
}

}  // namespace bucky
