// SPDX-License-Identifier: Apache-2.0
// TlsContext: certificate, key, authorities and rules of one listener or of one call, read from
// their files once and constant from then on. Any thread may create streams from it; the files may
// be replaced meanwhile.
//
// TLS 1.2 and 1.3 with the cipher suites of the Non-Downgrading BCP 195 profile (PS3.15 B.10, as
// DCMTK lists them). No renegotiation and no resumption: each association is verified anew, so a
// certificate that was revoked a minute ago is refused now.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "conf/base/choices.h"

struct ssl_ctx_st;

namespace bucky::scp {

/// PEM files; empty paths are not used.
struct TlsFiles {
    std::filesystem::path certificate;  ///< ours, with its chain
    std::filesystem::path key;          ///< empty: in `certificate`
    std::filesystem::path ca;           ///< trusted authorities
    std::filesystem::path crl;
};

class TlsContext {
public:
    /// Throw unavailable in words that name the file and the fault.
    static std::shared_ptr<const TlsContext> for_listener(const TlsFiles& files,
                                                          ClientCertificates asked);
    /// Without files.ca the authorities of the system are trusted. `section`: of the config, for
    /// messages.
    static std::shared_ptr<const TlsContext> for_calls(const TlsFiles& files,
                                                       std::string section = "destination");

    TlsContext(const TlsContext&) = delete;
    TlsContext& operator=(const TlsContext&) = delete;
    ~TlsContext();

    ssl_ctx_st* handle() const noexcept;

    const std::string& section() const noexcept { return section_; }  ///< of the config
    const std::string& subject() const noexcept { return subject_; }  ///< of our certificate
    std::int64_t expires_s() const noexcept { return expires_s_; }    ///< UTC; 0: no certificate

    /// The earliest nextUpdate of the revocation lists, UTC; 0: none says one. OpenSSL takes no
    /// certificate after it (RFC 5280 5.1.2.5).
    std::int64_t lists_end_s() const noexcept { return lists_end_s_; }

private:
    enum class Role { listens, calls };
    TlsContext(Role role, const TlsFiles& files);
    void load_identity(const TlsFiles& files);
    void load_trust(const TlsFiles& files);

    struct Layer;
    std::unique_ptr<Layer> layer_;
    std::string section_ = "listener";
    std::string subject_;
    std::int64_t expires_s_ = 0, lists_end_s_ = 0;
};

}  // namespace bucky::scp
