// SPDX-License-Identifier: Apache-2.0
#include "scp/wire/tls_caller.h"

#include <memory>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "conf/base/error.h"
#include "scp/wire/tls_words.h"

namespace bucky::scp {
namespace {

struct FreeVerification {
    void operator()(X509_STORE_CTX* one) const noexcept { X509_STORE_CTX_free(one); }
};
struct FreeText {
    void operator()(char* text) const noexcept { OPENSSL_free(text); }
};
struct FreeNumber {
    void operator()(BIGNUM* number) const noexcept { BN_free(number); }
};

std::string serial_of(const X509& certificate) {
    const std::unique_ptr<BIGNUM, FreeNumber> number{
        ASN1_INTEGER_to_BN(X509_get0_serialNumber(&certificate), nullptr)};
    const std::unique_ptr<char, FreeText> text{number ? BN_bn2hex(number.get()) : nullptr};
    return text ? std::string{text.get()} : std::string{};
}

/// Empty: the certificate counts.
std::string verdict_on(X509& own, const SSL& tls, const TlsContext& rules,
                       std::string_view section) {
    const std::unique_ptr<X509_STORE_CTX, FreeVerification> verification{X509_STORE_CTX_new()};
    if (!verification ||
        X509_STORE_CTX_init(verification.get(), SSL_CTX_get_cert_store(rules.handle()), &own,
                            SSL_get_peer_cert_chain(&tls)) != 1 ||
        X509_STORE_CTX_set_default(verification.get(), "ssl_client") != 1) {
        throw Error(Fault::exhausted, "no memory is left to check a certificate");
    }
    X509_VERIFY_PARAM_set_auth_level(X509_STORE_CTX_get0_param(verification.get()),
                                     SSL_get_security_level(&tls));
    const bool is_good = X509_verify_cert(verification.get()) == 1;
    ERR_clear_error();
    if (is_good) return {};
    const BadChain chain{&own, X509_STORE_CTX_get_current_cert(verification.get())};
    return words_for_bad_certificate(X509_STORE_CTX_get_error(verification.get()), chain, {},
                                     section);
}

}  // namespace

void accept_any_certificate(SSL& tls) {
    SSL_set_verify(&tls, SSL_VERIFY_PEER, [](int, X509_STORE_CTX*) { return 1; });
}

std::optional<CallerCertificate> judge_caller(const SSL& tls, const TlsContext& rules,
                                              std::string_view section) {
    X509* own = SSL_get0_peer_certificate(&tls);
    if (own == nullptr) return std::nullopt;
    return CallerCertificate{.common_name = common_name_of(*own),
                             .subject = subject_of(*own),
                             .serial = serial_of(*own),
                             .sha256 = fingerprint_of(*own),
                             .refused = verdict_on(*own, tls, rules, section)};
}

}  // namespace bucky::scp
