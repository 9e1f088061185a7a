// SPDX-License-Identifier: Apache-2.0
// Messages about TLS failures for the admin who can correct them. Pure, except for OpenSSL's error
// queue of this thread.
#pragma once

#include <string>
#include <string_view>

struct x509_st;
struct ssl_st;

namespace bucky::scp {

/// The certificate's subject as in RFC 2253, control characters escaped: "CN=xray1,O=Clinic".
std::string subject_of(const x509_st& certificate);

/// The first common name; empty when there is none.
std::string common_name_of(const x509_st& certificate);

/// SHA-256 of the DER form, 64 lower-case hex digits.
std::string fingerprint_of(const x509_st& certificate);

/// The host names and addresses of the certificate, separated by commas: "pacs.example, 10.1.2.3".
std::string names_in(const x509_st& certificate);

/// The oldest error in the queue; "" when there is none. Empties the queue.
std::string words_for_last_tls_error();

enum class TlsRole { listens, calls };

/// The peer's certificates when verification failed.
struct BadChain {
    const x509_st* own = nullptr;  ///< its certificate; nullptr: none was presented
    const x509_st* bad = nullptr;  ///< the one at fault: its own, or an authority's above it
};

/// The result of a check of the peer's certificates (X509_V_ERR_...), and what to do about it.
std::string words_for_bad_certificate(long verdict, const BadChain& chain,
                                      std::string_view wanted_name, std::string_view section);

/// Why a handshake, or the first read after it, failed: the result of the certificate check, the
/// peer's alert, or the protocol that the peer seems to speak instead. Empties the error queue.
/// `wanted_name`: the name that we called; `section`: of the config, with the keys to change.
std::string words_for_failed_tls(const ssl_st& tls, TlsRole role, const BadChain& chain,
                                 std::string_view wanted_name, std::string_view section);

}  // namespace bucky::scp
