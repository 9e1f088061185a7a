// SPDX-License-Identifier: Apache-2.0
// What went wrong in TLS, in words for the person who can change it. Pure but for OpenSSL's error
// queue of this thread.
#pragma once

#include <string>
#include <string_view>

struct x509_st;
struct ssl_st;

namespace bucky::scp {

/// Of the certificate, as RFC 2253 writes it, control characters escaped: "CN=xray1,O=Hospital".
std::string subject_of(const x509_st& certificate);

/// The first common name; empty when there is none.
std::string common_name_of(const x509_st& certificate);

/// SHA-256 of the DER form, 64 small hex digits.
std::string fingerprint_of(const x509_st& certificate);

/// The host names and addresses it is made out to, with commas: "pacs.example, 10.1.2.3".
std::string names_in(const x509_st& certificate);

/// The oldest error in the queue, which it empties; "" when there is none.
std::string words_for_last_tls_error();

enum class TlsRole { listens, calls };

/// What the peer showed, when it was no good.
struct BadChain {
    const x509_st* own = nullptr;  ///< its certificate; nullptr: it did not come to that
    const x509_st* bad = nullptr;  ///< the one at fault: its own, or an authority's above that
};

/// Why a handshake, or the first read after it, failed: what the certificate check says, what the
/// peer's alert says, what the peer seems to speak instead. Empties the error queue.
/// `wanted_name`: whom we called; `section`: of the config, that has the keys to change.
std::string words_for_failed_tls(const ssl_st& tls, TlsRole role, const BadChain& chain,
                                 std::string_view wanted_name, std::string_view section);

}  // namespace bucky::scp
