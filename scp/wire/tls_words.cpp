// SPDX-License-Identifier: Apache-2.0
#include "scp/wire/tls_words.h"

#include <array>
#include <cerrno>
#include <memory>
#include <system_error>
#include <vector>

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/sslerr.h>
#include <openssl/x509v3.h>

#include <fmt/ranges.h>

namespace bucky::scp {
namespace {

struct FreeBio {
    void operator()(BIO* bio) const noexcept { BIO_free(bio); }
};
struct FreeNames {
    void operator()(GENERAL_NAMES* names) const noexcept { GENERAL_NAMES_free(names); }
};

std::string text_of(const ASN1_STRING* text) {
    const std::unique_ptr<BIO, FreeBio> bio{BIO_new(BIO_s_mem())};
    ASN1_STRING_print_ex(bio.get(), text, ASN1_STRFLGS_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
    char* data = nullptr;
    const long bytes = BIO_get_mem_data(bio.get(), &data);
    return {data, static_cast<std::size_t>(bytes)};
}

std::string text_of(const X509_NAME* name) {
    const std::unique_ptr<BIO, FreeBio> bio{BIO_new(BIO_s_mem())};
    X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
    char* data = nullptr;
    const long bytes = BIO_get_mem_data(bio.get(), &data);
    return {data, static_cast<std::size_t>(bytes)};
}

std::string text_of(const GENERAL_NAME& name) {
    if (name.type == GEN_DNS) return text_of(name.d.dNSName);
    if (name.type != GEN_IPADD) return {};
    const auto* address = name.d.iPAddress;
    std::array<char, INET6_ADDRSTRLEN> text{};
    const int family = ASN1_STRING_length(address) == 4 ? AF_INET : AF_INET6;
    const char* made = ::inet_ntop(family, ASN1_STRING_get0_data(address), text.data(),
                                   static_cast<socklen_t>(text.size()));
    return made == nullptr ? std::string{} : std::string{made};
}

/// Names the certificate that the message is about.
std::string certificate_in(const BadChain& chain) {
    if (chain.own == nullptr) return "its certificate";
    const auto own = subject_of(*chain.own);
    if (chain.bad == nullptr || X509_cmp(chain.bad, chain.own) == 0) {
        return fmt::format("its certificate ({})", own);
    }
    return fmt::format("the certificate ({}) above its own ({})", subject_of(*chain.bad), own);
}

/// Names the issuer whose revocation list covers the faulty certificate.
std::string issuer_in(const BadChain& chain) {
    const auto* about = chain.bad == nullptr ? chain.own : chain.bad;
    return about == nullptr ? "its authority" : text_of(X509_get_issuer_name(about));
}

/// OpenSSL's own reasons, and alerts from the peer (1000 and more).
std::string words_for_reason(int reason, TlsRole role, std::string_view section) {
    const bool calls = role == TlsRole::calls;
    switch (reason) {
        case SSL_R_WRONG_VERSION_NUMBER:
        case SSL_R_HTTP_REQUEST:
        case SSL_R_PACKET_LENGTH_TOO_LONG:
            return calls ? "it does not answer in TLS: is this its plain port?"
                         : "it does not speak TLS: it should call the plain port";
        case SSL_R_UNSUPPORTED_PROTOCOL:
        case SSL_R_VERSION_TOO_LOW:
            return "it offers TLS 1.1 or older only: switch TLS 1.2 or 1.3 on there";
        case SSL_R_NO_SHARED_CIPHER:
        case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
        case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
            return "it offers weak cipher suites only: switch ECDHE or DHE with AES-GCM on there "
                   "(PS3.15 B.10)";
        case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
            return "it shows no certificate, and listener.client_certificates requires one";
        case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
            return "it refuses TLS 1.2 and 1.3: switch either on there";
        case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
        case SSL_R_TLSV1_ALERT_INSUFFICIENT_SECURITY:
            if (!calls) return "it refuses our cipher suites";
            return fmt::format(
                "it refuses our cipher suites, or wants a certificate of ours: set "
                "{}.certificate, or switch ECDHE or DHE with AES-GCM on there",
                section);
        case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
            return "it does not know the authority of our certificate: enter that authority there";
        case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
            return "it says that our certificate has expired";
        case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
            return "it says that our certificate has been revoked";
        case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
        case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
        case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
            return "it does not accept our certificate: its own log may say why";
        case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
            return fmt::format("it wants a certificate of ours: set {}.certificate", section);
        case SSL_R_UNEXPECTED_EOF_WHILE_READING:
            return calls ? "it closed the connection during the TLS handshake: is this its plain "
                           "port?"
                         : "it closed the connection during the TLS handshake";
        default: return {};
    }
}

}  // namespace

std::string subject_of(const X509& certificate) {
    return text_of(X509_get_subject_name(&certificate));
}

std::string common_name_of(const X509& certificate) {
    const X509_NAME* name = X509_get_subject_name(&certificate);
    const int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
    if (at < 0) return {};
    return text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
}

std::string fingerprint_of(const X509& certificate) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned bytes = 0;
    if (X509_digest(&certificate, EVP_sha256(), digest.data(), &bytes) != 1) return {};
    return fmt::format("{:02x}", fmt::join(digest.begin(), digest.begin() + bytes, ""));
}

std::string names_in(const X509& certificate) {
    std::vector<std::string> names;
    const std::unique_ptr<GENERAL_NAMES, FreeNames> all{static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr))};
    for (int i = 0; all && i < sk_GENERAL_NAME_num(all.get()); ++i) {
        auto text = text_of(*sk_GENERAL_NAME_value(all.get(), i));
        if (!text.empty()) names.push_back(std::move(text));
    }
    // Without alternative names, the common name is checked (RFC 6125 6.4.4).
    if (names.empty()) names.push_back(common_name_of(certificate));
    return fmt::format("{}", fmt::join(names, ", "));
}

std::string words_for_last_tls_error() {
    const auto error = ERR_get_error();
    ERR_clear_error();
    if (error == 0) return {};
    if (ERR_SYSTEM_ERROR(error)) return std::generic_category().message(ERR_GET_REASON(error));
    const char* reason = ERR_reason_error_string(error);
    return reason == nullptr ? fmt::format("error {}", error) : std::string{reason};
}

std::string words_for_bad_certificate(long verdict, const BadChain& chain,
                                      std::string_view wanted_name, std::string_view section) {
    const std::string whose = certificate_in(chain);
    const auto ca = fmt::format("{}.ca", section);
    const auto crl = fmt::format("{}.crl", section);
    switch (verdict) {
        case X509_V_ERR_CERT_HAS_EXPIRED:
            return fmt::format("{} has expired: it needs a new one", whose);
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return fmt::format("{} is not valid yet: look at the clocks of both machines", whose);
        case X509_V_ERR_CERT_REVOKED:
            return fmt::format("{} has been revoked, says {}: it needs a new one", whose, crl);
        case X509_V_ERR_UNABLE_TO_GET_CRL:
            return fmt::format("{} holds no list of {}, the authority that made {}: add it", crl,
                               issuer_in(chain), whose);
        case X509_V_ERR_CRL_HAS_EXPIRED:
            return fmt::format("the list of {} in {} is out of date: fetch a new one, then SIGHUP",
                               issuer_in(chain), crl);
        case X509_V_ERR_CRL_NOT_YET_VALID:
            return fmt::format("the list of {} in {} is not valid yet: look at this clock",
                               issuer_in(chain), crl);
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
            return fmt::format("{} is signed by itself: enter it in {} if it is the right one",
                               whose, ca);
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
            return fmt::format(
                "{} is of no authority in {}, or it does not send the certificates "
                "in between",
                whose, ca);
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH:
            return fmt::format(
                "{} is made out to {}, not to {}: set {}.tls_name to one of these, or give it "
                "another certificate",
                whose, chain.own == nullptr ? "nobody" : names_in(*chain.own), wanted_name,
                section);
        case X509_V_ERR_INVALID_PURPOSE:
            return fmt::format("{} may not be used for this (Extended Key Usage)", whose);
        case X509_V_ERR_EE_KEY_TOO_SMALL:
        case X509_V_ERR_CA_KEY_TOO_SMALL:
        case X509_V_ERR_CA_MD_TOO_WEAK:
            return fmt::format(
                "{} has a key or signature that is too weak: 2048 bits and SHA-256 "
                "at least",
                whose);
        default:
            return fmt::format("{} is no good: {}", whose, X509_verify_cert_error_string(verdict));
    }
}

std::string words_for_failed_tls(const SSL& tls, TlsRole role, const BadChain& chain,
                                 std::string_view wanted_name, std::string_view section) {
    const auto error = ERR_peek_error();
    const int reason = error == 0 ? 0 : ERR_GET_REASON(error);
    const long verdict = SSL_get_verify_result(&tls);
    std::string words;
    if (ERR_GET_LIB(error) == ERR_LIB_SSL && reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
        words = words_for_bad_certificate(verdict, chain, wanted_name, section);
    } else if (ERR_GET_LIB(error) == ERR_LIB_SSL) {
        words = words_for_reason(reason, role, section);
    } else if (error == 0) {
        words = words_for_reason(SSL_R_UNEXPECTED_EOF_WHILE_READING, role, section);
    }
    if (words.empty()) return words_for_last_tls_error();
    ERR_clear_error();
    return words;
}

}  // namespace bucky::scp
