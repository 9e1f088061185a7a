// SPDX-License-Identifier: Apache-2.0
#include "scp/wire/tls_context.h"

#include <cstdio>
#include <ctime>
#include <utility>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmtls/tlslayer.h>

#include "conf/base/error.h"
#include "scp/wire/check.h"
#include "scp/wire/tls_words.h"

namespace bucky::scp {
namespace {

/// OpenSSL's read buffer: eight records, so that a large data set needs two system calls for 128
/// KiB instead of two for each 16 KiB.
constexpr std::size_t kReadAheadBytes = 128U << 10U;

[[noreturn]] void throw_unreadable(std::string_view what, const std::filesystem::path& file) {
    throw Error(Fault::unavailable, "{} {}: {}", what, file.string(), words_for_last_tls_error());
}

/// UTC; 0: it is none.
std::int64_t seconds_of(const ASN1_TIME* time) {
    std::tm parts{};
    return time != nullptr && ASN1_TIME_to_tm(time, &parts) == 1 ? ::timegm(&parts) : 0;
}

std::int64_t first_end_of_lists(X509_STORE& store) {
    std::int64_t first_s = 0;
    const auto* objects = X509_STORE_get0_objects(&store);
    for (int at = 0; at < sk_X509_OBJECT_num(objects); ++at) {
        const X509_CRL* list = X509_OBJECT_get0_X509_CRL(sk_X509_OBJECT_value(objects, at));
        const auto end_s = list == nullptr ? 0 : seconds_of(X509_CRL_get0_nextUpdate(list));
        if (end_s != 0 && (first_s == 0 || end_s < first_s)) first_s = end_s;
    }
    return first_s;
}

}  // namespace

struct TlsContext::Layer {
    explicit Layer(T_ASC_NetworkRole role) : dcmtk(role, nullptr, OFFalse) {}
    DcmTLSTransportLayer dcmtk;
};

TlsContext::TlsContext(Role role, const TlsFiles& files)
    : layer_(std::make_unique<Layer>(role == Role::listens ? NET_ACCEPTOR : NET_REQUESTOR)) {
    if (!layer_->dcmtk) throw Error(Fault::exhausted, "no memory is left for TLS");
    check(layer_->dcmtk.setTLSProfile(TSP_Profile_BCP195_ND), "choose the cipher suites");
    // DCMTK lists those for RSA keys only; RFC 9325 4.2 also has them for ECDSA.
    for (const auto* suite :
         {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"}) {
        check(layer_->dcmtk.addCipherSuite(suite), "choose the cipher suites");
    }
    check(layer_->dcmtk.activateCipherSuites(), "choose the cipher suites");
    SSL_CTX* context = handle();
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
                                     SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_dh_auto(context, 1);
    SSL_CTX_set_num_tickets(context, 0);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_default_read_buffer_len(context, kReadAheadBytes);
    load_identity(files);
    load_trust(files);
}

TlsContext::~TlsContext() = default;

ssl_ctx_st* TlsContext::handle() const noexcept {
    return layer_->dcmtk.getNativeHandle();
}

void TlsContext::load_identity(const TlsFiles& files) {
    if (files.certificate.empty()) return;
    ERR_clear_error();
    if (SSL_CTX_use_certificate_chain_file(handle(), files.certificate.c_str()) != 1) {
        throw_unreadable("certificate", files.certificate);
    }
    const auto& key = files.key.empty() ? files.certificate : files.key;
    // A passphrase would be stored beside the key, and a prompt would stop the service.
    SSL_CTX_set_default_passwd_cb(handle(), [](char*, int, int, void*) { return -1; });
    if (SSL_CTX_use_PrivateKey_file(handle(), key.c_str(), SSL_FILETYPE_PEM) != 1) {
        throw_unreadable("key", key);
    }
    const X509* ours = SSL_CTX_get0_certificate(handle());
    subject_ = subject_of(*ours);
    expires_s_ = seconds_of(X509_get0_notAfter(ours));
}

void TlsContext::load_trust(const TlsFiles& files) {
    ERR_clear_error();
    X509_STORE* store = SSL_CTX_get_cert_store(handle());
    if (!files.ca.empty() && X509_STORE_load_file(store, files.ca.c_str()) != 1) {
        throw_unreadable("authorities", files.ca);
    }
    if (files.crl.empty()) return;
    X509_LOOKUP* lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());
    if (lookup == nullptr || X509_load_crl_file(lookup, files.crl.c_str(), X509_FILETYPE_PEM) < 1) {
        throw_unreadable("revocation list", files.crl);
    }
    lists_end_s_ = first_end_of_lists(*store);
    // Intermediate certificates and the root's own are checked for revocation as well.
    X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
}

std::shared_ptr<const TlsContext> TlsContext::for_listener(const TlsFiles& files,
                                                           ClientCertificates asked) {
    const std::shared_ptr<TlsContext> made{new TlsContext(Role::listens, files)};
    int verify = SSL_VERIFY_NONE;
    switch (asked) {
        case ClientCertificates::off: break;
        case ClientCertificates::asked: verify = SSL_VERIFY_PEER; break;
        case ClientCertificates::required:
            verify = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    }
    SSL_CTX_set_verify(made->handle(), verify, nullptr);
    if (verify != SSL_VERIFY_NONE) {
        // The accepted authorities, so that a caller with several certificates presents the right
        // one.
        SSL_CTX_set_client_CA_list(made->handle(), SSL_load_client_CA_file(files.ca.c_str()));
    }
    return made;
}

std::shared_ptr<const TlsContext> TlsContext::for_calls(const TlsFiles& files,
                                                        std::string section) {
    const std::shared_ptr<TlsContext> made{new TlsContext(Role::calls, files)};
    made->section_ = std::move(section);
    if (files.ca.empty() && SSL_CTX_set_default_verify_paths(made->handle()) != 1) {
        throw Error(Fault::unavailable, "the system's authorities cannot be read");
    }
    SSL_CTX_set_verify(made->handle(), SSL_VERIFY_PEER, nullptr);
    return made;
}

}  // namespace bucky::scp
