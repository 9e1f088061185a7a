// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/sites/join.h"

#include <optional>
#include <sstream>

#include <nlohmann/json.hpp>

#include "conf/base/error.h"
#include "tools/bucky/shared/files.h"
#include "tools/bucky/sites/est_client.h"
#include "tools/bucky/sites/private_file.h"
#include "tools/bucky/sites/site_control.h"
#include "tools/bucky/sites/x509.h"

namespace bucky {
namespace {

namespace fs = std::filesystem;

constexpr auto kEst = "/.well-known/est/";

/// The "error" of an answer, or its status.
std::string words_of(const EstReply& reply) {
    const auto document = nlohmann::json::parse(reply.body, nullptr, false);
    if (document.is_object() && document.contains("error") && document["error"].is_string()) {
        return document["error"].get<std::string>();
    }
    return "status " + std::to_string(reply.status);
}

EstReply good(EstReply reply, std::string_view doing) {
    if (reply.status == 200) return reply;
    throw Error(Fault::unavailable, "{}: {}", doing, words_of(reply));
}

/// The authority that the invitation names, from the service. Nothing is believed before its hash.
std::string authority_of(const std::string& url, const std::string& ca_sha256) {
    const auto reply = good(EstClient{url, EstTrust::nothing}.get(std::string{kEst} + "cacerts"),
                            "the service names no authority");
    for (const auto& one : x509::read_certs_only(reply.body)) {
        if (x509::read_certificate(one).sha256 == ca_sha256) return one;
    }
    throw Error(Fault::corrupt,
                "the service shows another authority than the invitation names: ask for another "
                "invitation, and whether a proxy here opens TLS");
}

/// The authority of the sites made most services' own certificates, too; the rest have a public
/// one.
EstTrust trust_for(const std::string& url, const std::string& ca) {
    try {
        (void)EstClient{url, EstTrust::own_authority, ca}.get(std::string{kEst} + "cacerts");
        return EstTrust::own_authority;
    } catch (const Error&) {  // the next one says what is wrong, if it is
        (void)EstClient{url, EstTrust::system}.get(std::string{kEst} + "cacerts");
        return EstTrust::system;
    }
}

/// A key that was made for a try whose answer was lost is used again: the token belongs to it.
std::string key_for_try(const fs::path& file) {
    std::error_code unseen;
    if (fs::exists(file, unseen)) return read_text(file);
    auto key = x509::make_key();
    write_private_file(file, key);
    return key;
}

std::string issued_in(const EstReply& reply) {
    const auto all = x509::read_certs_only(reply.body);
    if (all.empty()) throw Error(Fault::corrupt, "the service sent no certificate");
    return all.front();
}

}  // namespace

Joined join(const std::string& url, const std::string& token, const fs::path& folder,
            const Clock&) {
    const auto [secret, ca_sha256] = read_token(token);
    make_private_folder(folder);
    const auto ca = authority_of(url, ca_sha256);
    const auto trust = trust_for(url, ca);
    const auto key = key_for_try(folder / "key.new");
    const auto reply =
        EstClient{url, trust, ca}.post(std::string{kEst} + "simpleenroll",
                                       x509::base64(x509::make_request_der(key, "site")), secret);
    const auto certificate = issued_in(good(reply, "the service refuses"));
    write_private_file(folder / "ca.pem", ca);
    write_private_file(folder / "site.pem", certificate + key);
    const bool is_own = trust == EstTrust::own_authority;
    write_private_file(folder / "url", url + (is_own ? " own\n" : " system\n"));
    fs::remove(folder / "key.new");
    const auto read = x509::read_certificate(certificate);
    return {read.common_name, read.until_s * 1000, is_own};
}

bool renew_if_due(const fs::path& folder, const Clock& clock) {
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
    EstClient client{url,
                     trust == "own" ? EstTrust::own_authority : EstTrust::system,
                     read_text(folder / "ca.pem"),
                     {mine, mine}};
    const auto reply = client.post(std::string{kEst} + "simplereenroll",
                                   x509::base64(x509::make_request_der(key, now.common_name)));
    const auto certificate = issued_in(good(reply, "the service does not renew the certificate"));
    write_private_file(folder / "site.pem", certificate + key);
    return true;
}

std::string remote_lines(const std::string& url, const fs::path& folder, const Joined& joined) {
    std::string lines = fmt::format("[remote]\nurl = \"{}\"\n", url);
    if (joined.trusts_own_ca) lines += fmt::format("ca = \"{}\"\n", (folder / "ca.pem").string());
    return lines + fmt::format("certificate = \"{}\"\n", (folder / "site.pem").string());
}

}  // namespace bucky
