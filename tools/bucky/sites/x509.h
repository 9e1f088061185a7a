// SPDX-License-Identifier: Apache-2.0
// Certificates made by OpenSSL: keys, requests (PKCS #10), certificates, revocation lists and the
// certs-only messages of EST (RFC 7030 4.1.3). Texts are PEM unless the name says DER. Pure but for
// the random numbers. Only x509.cpp knows OpenSSL.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bucky::x509 {

/// A new private key on the curve P-256 (PKCS #8, no passphrase).
std::string make_key();

/// A request for a certificate of this key, DER.
std::string make_request_der(const std::string& key, const std::string& common_name);

/// What a request asks for. Its signature is checked.
struct Request {
    std::string common_name;
    std::string key_sha256;  ///< of the public key, 64 hexadecimal digits
};

/// err  bad_input when it is none, or its key is weaker than P-256 or RSA 3072
Request read_request(std::string_view der);

enum class Use { site, server };

struct Wish {
    Use use = Use::site;
    std::string common_name;
    std::string names{};  ///< "DNS:ai.example" or "IP:10.1.2.3"; for servers
    std::int64_t now_s = 0, days = 90;
};

struct Issued {
    std::string certificate, serial;  ///< PEM; hexadecimal digits
    std::int64_t issued_at_s = 0, expires_at_s = 0;
};

/// An authority: its certificate and key.
struct Signer {
    std::string certificate, key;
};

/// A root authority on the curve P-256 that may sign site and server certificates only.
Signer make_authority(const std::string& common_name, std::int64_t now_s, std::int64_t days);

/// The certificate begins an hour before now: clocks of sites are not exact.
Issued issue(const Signer& authority, std::string_view request_der, const Wish& wish);

struct Revoked {
    std::string serial;
    std::int64_t at_s = 0;
};
std::string revocation_list(const Signer& authority, std::span<const Revoked> revoked,
                            std::int64_t now_s, std::int64_t days);

struct ReadList {
    std::int64_t from_s = 0, until_s = 0;
};
/// A list (PEM) that one of the authorities in `authorities` (PEM) signed; corrupt when it is none.
ReadList read_revocation_list(const std::string& pem, const std::string& authorities);

/// Certificates as a PKCS #7 message without a signature, DER in base64: the answer to cacerts and
/// simpleenroll.
std::string certs_only(std::span<const std::string> certificates);

/// The certificates in such a message. Throws bad_input when it is none.
std::vector<std::string> read_certs_only(std::string_view base64);

std::string base64(std::string_view bytes);
std::string from_base64(std::string_view text);  ///< spaces are skipped; bad_input when it is none

std::string random_token();  ///< 192 random bits as 32 letters, digits, - and _

struct Read {
    std::string common_name, serial, sha256;  ///< of the DER form
    std::int64_t from_s = 0, until_s = 0;
};
Read read_certificate(const std::string& pem);  ///< the first; bad_input when there is none

}  // namespace bucky::x509
