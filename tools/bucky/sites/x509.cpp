// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/sites/x509.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <memory>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "conf/base/digest.h"
#include "conf/base/error.h"

namespace bucky::x509 {
namespace {

template <auto kFree>
struct Free {
    template <typename T>
    void operator()(T* one) const noexcept {
        kFree(one);
    }
};
using KeyPtr = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using CertificatePtr = std::unique_ptr<X509, Free<X509_free>>;
using RequestPtr = std::unique_ptr<X509_REQ, Free<X509_REQ_free>>;
using CrlPtr = std::unique_ptr<X509_CRL, Free<X509_CRL_free>>;
using RevokedPtr = std::unique_ptr<X509_REVOKED, Free<X509_REVOKED_free>>;
using Pkcs7Ptr = std::unique_ptr<PKCS7, Free<PKCS7_free>>;
using BioPtr = std::unique_ptr<BIO, Free<BIO_free_all>>;
using NumberPtr = std::unique_ptr<BIGNUM, Free<BN_free>>;
using IntegerPtr = std::unique_ptr<ASN1_INTEGER, Free<ASN1_INTEGER_free>>;
using TimePtr = std::unique_ptr<ASN1_TIME, Free<ASN1_TIME_free>>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, Free<X509_EXTENSION_free>>;

constexpr int kSerialBits = 127;
constexpr std::int64_t kHourS = 3600, kDayS = 24 * kHourS;
constexpr int kEcBitsMin = 256, kRsaBitsMin = 3072;

/// What OpenSSL refuses here is a mistake of ours or a lack of memory, unless said otherwise.
void check(bool is_good, std::string_view doing, Fault fault = Fault::bug) {
    if (is_good) return;
    const auto why = ERR_reason_error_string(ERR_get_error());
    ERR_clear_error();
    throw Error(fault, "{}: {}", doing, why == nullptr ? "failed" : why);
}

template <typename T>
T checked(T made, std::string_view doing, Fault fault = Fault::bug) {
    check(made != nullptr, doing, fault);
    return made;
}

BioPtr reader_of(std::string_view text) {
    return checked(BioPtr{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))}, "read");
}

std::string content_of(BIO* bio) {
    char* data = nullptr;
    const long bytes = BIO_get_mem_data(bio, &data);
    return {data, static_cast<std::size_t>(bytes)};
}

template <typename Write>
std::string written(Write&& write) {
    const BioPtr bio = checked(BioPtr{BIO_new(BIO_s_mem())}, "write");
    check(write(bio.get()) == 1, "write");
    return content_of(bio.get());
}

KeyPtr key_in(const std::string& pem) {
    const auto bio = reader_of(pem);
    const auto no_prompt = [](char*, int, int, void*) { return -1; };
    return checked(KeyPtr{PEM_read_bio_PrivateKey(bio.get(), nullptr, no_prompt, nullptr)},
                   "read a private key", Fault::bad_input);
}

CertificatePtr certificate_in(const std::string& pem) {
    const auto bio = reader_of(pem);
    return checked(CertificatePtr{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)},
                   "read a certificate", Fault::bad_input);
}

std::string pem_of(X509* certificate) {
    return written([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
}

std::string hex_of(const ASN1_INTEGER* integer) {
    const NumberPtr number = checked(NumberPtr{ASN1_INTEGER_to_BN(integer, nullptr)}, "serial");
    char* text = BN_bn2hex(number.get());
    std::string made{text == nullptr ? "" : text};
    OPENSSL_free(text);
    return made;
}

std::int64_t seconds_of(const ASN1_TIME* time) {
    std::tm parts{};
    check(ASN1_TIME_to_tm(time, &parts) == 1, "read a time", Fault::bad_input);
    return ::timegm(&parts);
}

void name_it(X509_NAME* name, const std::string& common_name) {
    check(X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
                                     reinterpret_cast<const unsigned char*>(common_name.data()),
                                     static_cast<int>(common_name.size()), -1, 0) == 1,
          "name a certificate", Fault::bad_input);
}

std::string common_name_of(X509_NAME* name) {
    const int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
    if (at < 0) return {};
    const auto* text = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
    return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
            static_cast<std::size_t>(ASN1_STRING_length(text))};
}

void extend(X509* certificate, X509* issuer, int kind, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    const ExtensionPtr extension =
        checked(ExtensionPtr{X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str())},
                "extend a certificate", Fault::bad_input);
    check(X509_add_ext(certificate, extension.get(), -1) == 1, "extend a certificate");
}

CertificatePtr blank(EVP_PKEY* key, X509_NAME* issuer, std::int64_t from_s, std::int64_t until_s) {
    CertificatePtr made = checked(CertificatePtr{X509_new()}, "make a certificate");
    const NumberPtr serial = checked(NumberPtr{BN_new()}, "make a serial number");
    check(BN_rand(serial.get(), kSerialBits, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
              BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(made.get())) != nullptr &&
              X509_set_version(made.get(), X509_VERSION_3) == 1 &&
              X509_set_pubkey(made.get(), key) == 1 &&
              ASN1_TIME_set(X509_getm_notBefore(made.get()), from_s) != nullptr &&
              ASN1_TIME_set(X509_getm_notAfter(made.get()), until_s) != nullptr,
          "make a certificate");
    if (issuer != nullptr) {
        check(X509_set_issuer_name(made.get(), issuer) == 1, "name the issuer");
    }
    return made;
}

RequestPtr request_in(std::string_view der) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
    RequestPtr request{d2i_X509_REQ(nullptr, &bytes, static_cast<long>(der.size()))};
    ERR_clear_error();
    if (!request) throw Error(Fault::bad_input, "this is no certificate request (PKCS #10)");
    EVP_PKEY* key = X509_REQ_get0_pubkey(request.get());
    if (key == nullptr || X509_REQ_verify(request.get(), key) != 1) {
        ERR_clear_error();
        throw Error(Fault::bad_input, "the request is not signed with its own key");
    }
    const bool is_ec = EVP_PKEY_get_base_id(key) == EVP_PKEY_EC;
    const bool is_rsa = EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA;
    const int bits = EVP_PKEY_get_bits(key);
    if (!(is_ec && bits >= kEcBitsMin) && !(is_rsa && bits >= kRsaBitsMin)) {
        throw Error(Fault::bad_input, "the key must be EC of 256 bits or RSA of 3072, at least");
    }
    return request;
}

std::string sha256_of(EVP_PKEY* key) {
    unsigned char* der = nullptr;
    const int bytes = i2d_PUBKEY(key, &der);
    check(bytes > 0, "read a public key");
    const std::string text{reinterpret_cast<char*>(der), static_cast<std::size_t>(bytes)};
    OPENSSL_free(der);
    return hex(sha256(text));
}

}  // namespace

std::string make_key() {
    const KeyPtr key = checked(KeyPtr{EVP_EC_gen("P-256")}, "make a key");
    return written([&](BIO* bio) {
        return PEM_write_bio_PKCS8PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
}

std::string make_request_der(const std::string& key_pem, const std::string& common_name) {
    const auto key = key_in(key_pem);
    const RequestPtr request = checked(RequestPtr{X509_REQ_new()}, "make a request");
    name_it(X509_REQ_get_subject_name(request.get()), common_name);
    check(X509_REQ_set_pubkey(request.get(), key.get()) == 1 &&
              X509_REQ_sign(request.get(), key.get(), EVP_sha256()) > 0,
          "make a request");
    return written([&](BIO* bio) { return i2d_X509_REQ_bio(bio, request.get()); });
}

Request read_request(std::string_view der) {
    const auto request = request_in(der);
    return {common_name_of(X509_REQ_get_subject_name(request.get())),
            sha256_of(X509_REQ_get0_pubkey(request.get()))};
}

Signer make_authority(const std::string& common_name, std::int64_t now_s, std::int64_t days) {
    Signer made;
    made.key = make_key();
    const auto key = key_in(made.key);
    const auto certificate = blank(key.get(), nullptr, now_s - kHourS, now_s + days * kDayS);
    name_it(X509_get_subject_name(certificate.get()), common_name);
    check(X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate.get())) == 1,
          "name the issuer");
    X509* self = certificate.get();
    extend(self, self, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
    extend(self, self, NID_key_usage, "critical,keyCertSign,cRLSign");
    extend(self, self, NID_subject_key_identifier, "hash");
    check(X509_sign(self, key.get(), EVP_sha256()) > 0, "sign a certificate");
    made.certificate = pem_of(self);
    return made;
}

Issued issue(const Signer& authority, std::string_view request_der, const Wish& wish) {
    const auto request = request_in(request_der);
    const auto signer = certificate_in(authority.certificate);
    const auto key = key_in(authority.key);
    const std::int64_t until_s =
        std::min(wish.now_s + wish.days * kDayS, seconds_of(X509_get0_notAfter(signer.get())));
    const auto made = blank(X509_REQ_get0_pubkey(request.get()),
                            X509_get_subject_name(signer.get()), wish.now_s - kHourS, until_s);
    name_it(X509_get_subject_name(made.get()), wish.common_name);
    const bool is_server = wish.use == Use::server;
    extend(made.get(), signer.get(), NID_basic_constraints, "critical,CA:FALSE");
    extend(made.get(), signer.get(), NID_key_usage, "critical,digitalSignature");
    extend(made.get(), signer.get(), NID_ext_key_usage, is_server ? "serverAuth" : "clientAuth");
    extend(made.get(), signer.get(), NID_subject_key_identifier, "hash");
    extend(made.get(), signer.get(), NID_authority_key_identifier, "keyid");
    if (is_server) extend(made.get(), signer.get(), NID_subject_alt_name, wish.names);
    check(X509_sign(made.get(), key.get(), EVP_sha256()) > 0, "sign a certificate");
    return {.certificate = pem_of(made.get()),
            .serial = hex_of(X509_get0_serialNumber(made.get())),
            .issued_at_s = wish.now_s,
            .expires_at_s = until_s};
}

std::string revocation_list(const Signer& authority, std::span<const Revoked> revoked,
                            std::int64_t now_s, std::int64_t days) {
    const auto signer = certificate_in(authority.certificate);
    const auto key = key_in(authority.key);
    const CrlPtr list = checked(CrlPtr{X509_CRL_new()}, "make a revocation list");
    const TimePtr from{ASN1_TIME_set(nullptr, now_s - kHourS)};
    const TimePtr until{ASN1_TIME_set(nullptr, now_s + days * kDayS)};
    check(X509_CRL_set_version(list.get(), X509_CRL_VERSION_2) == 1 &&
              X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(signer.get())) == 1 &&
              X509_CRL_set1_lastUpdate(list.get(), from.get()) == 1 &&
              X509_CRL_set1_nextUpdate(list.get(), until.get()) == 1,
          "make a revocation list");
    for (const auto& one : revoked) {
        RevokedPtr entry = checked(RevokedPtr{X509_REVOKED_new()}, "revoke");
        BIGNUM* number = nullptr;
        check(BN_hex2bn(&number, one.serial.c_str()) > 0, "revoke", Fault::bad_input);
        const NumberPtr owned{number};
        const IntegerPtr serial{BN_to_ASN1_INTEGER(number, nullptr)};
        const TimePtr at{ASN1_TIME_set(nullptr, one.at_s)};
        check(X509_REVOKED_set_serialNumber(entry.get(), serial.get()) == 1 &&
                  X509_REVOKED_set_revocationDate(entry.get(), at.get()) == 1 &&
                  X509_CRL_add0_revoked(list.get(), entry.get()) == 1,
              "revoke");
        (void)entry.release();  // the list owns it
    }
    check(X509_CRL_sort(list.get()) == 1 && X509_CRL_sign(list.get(), key.get(), EVP_sha256()) > 0,
          "sign a revocation list");
    return written([&](BIO* bio) { return PEM_write_bio_X509_CRL(bio, list.get()); });
}

ReadList read_revocation_list(const std::string& pem, const std::string& authorities) {
    const auto bio = reader_of(pem);
    const CrlPtr list{PEM_read_bio_X509_CRL(bio.get(), nullptr, nullptr, nullptr)};
    bool is_signed = false;
    const auto all = reader_of(authorities);
    while (list && !is_signed) {
        const CertificatePtr one{PEM_read_bio_X509(all.get(), nullptr, nullptr, nullptr)};
        if (!one) break;
        is_signed =
            X509_NAME_cmp(X509_get_subject_name(one.get()), X509_CRL_get_issuer(list.get())) == 0 &&
            X509_CRL_verify(list.get(), X509_get0_pubkey(one.get())) == 1;
    }
    ERR_clear_error();
    if (!is_signed) {
        throw Error(Fault::corrupt, "this is no revocation list of an authority that is known");
    }
    const auto* until = X509_CRL_get0_nextUpdate(list.get());
    return {seconds_of(X509_CRL_get0_lastUpdate(list.get())),
            until == nullptr ? 0 : seconds_of(until)};
}

std::string certs_only(std::span<const std::string> certificates) {
    const Pkcs7Ptr message = checked(Pkcs7Ptr{PKCS7_new()}, "make a message");
    check(PKCS7_set_type(message.get(), NID_pkcs7_signed) == 1 &&
              PKCS7_content_new(message.get(), NID_pkcs7_data) == 1 &&
              PKCS7_set_detached(message.get(), 1) == 1,
          "make a message");
    for (const auto& pem : certificates) {
        const auto certificate = certificate_in(pem);
        check(PKCS7_add_certificate(message.get(), certificate.get()) == 1, "make a message");
    }
    return base64(written([&](BIO* bio) { return i2d_PKCS7_bio(bio, message.get()); }));
}

std::vector<std::string> read_certs_only(std::string_view text) {
    const auto der = from_base64(text);
    const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
    const Pkcs7Ptr message{d2i_PKCS7(nullptr, &bytes, static_cast<long>(der.size()))};
    ERR_clear_error();
    if (!message || PKCS7_type_is_signed(message.get()) == 0 || message->d.sign->cert == nullptr) {
        throw Error(Fault::bad_input, "this is no message with certificates (PKCS #7)");
    }
    std::vector<std::string> all;
    for (int i = 0; i < sk_X509_num(message->d.sign->cert); ++i) {
        all.push_back(pem_of(sk_X509_value(message->d.sign->cert, i)));
    }
    return all;
}

std::string base64(std::string_view bytes) {
    std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
    const int made = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                     reinterpret_cast<const unsigned char*>(bytes.data()),
                                     static_cast<int>(bytes.size()));
    text.resize(static_cast<std::size_t>(made));
    return text;
}

std::string from_base64(std::string_view text) {
    std::string dense;
    std::ranges::copy_if(text, std::back_inserter(dense),
                         [](char c) { return c != '\n' && c != '\r' && c != ' ' && c != '\t'; });
    std::string bytes(dense.size() / 4 * 3 + 3, '\0');
    const int made = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                     reinterpret_cast<const unsigned char*>(dense.data()),
                                     static_cast<int>(dense.size()));
    ERR_clear_error();
    if (made < 0) throw Error(Fault::bad_input, "this is no base64");
    const auto padding = dense.ends_with("==") ? 2U : dense.ends_with('=') ? 1U : 0U;
    bytes.resize(static_cast<std::size_t>(made) - padding);
    return bytes;
}

std::string random_token() {
    std::array<unsigned char, 24> bytes{};
    check(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1, "make a token");
    auto text = base64({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    std::ranges::replace(text, '+', '-');
    std::ranges::replace(text, '/', '_');
    return text;
}

Read read_certificate(const std::string& pem) {
    const auto certificate = certificate_in(pem);
    const auto der = written([&](BIO* bio) { return i2d_X509_bio(bio, certificate.get()); });
    return {.common_name = common_name_of(X509_get_subject_name(certificate.get())),
            .serial = hex_of(X509_get0_serialNumber(certificate.get())),
            .sha256 = hex(sha256(der)),
            .from_s = seconds_of(X509_get0_notBefore(certificate.get())),
            .until_s = seconds_of(X509_get0_notAfter(certificate.get()))};
}

}  // namespace bucky::x509
