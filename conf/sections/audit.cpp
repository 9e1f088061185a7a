// SPDX-License-Identifier: Apache-2.0
#include "conf/endpoint.h"
#include "conf/sections/all.h"
#include "conf/sections/tls_keys.h"

namespace bucky::conf {
namespace {

bool is_empty_or_absolute(std::string_view text) {
    return text.empty() || text.starts_with('/');
}

bool is_empty_or_syslog(std::string_view text) {
    if (text.empty()) return true;
    for (const std::string_view scheme : {"udp://", "tcp://", "tls://"}) {
        if (!text.starts_with(scheme)) continue;
        const auto endpoint = parse_endpoint(text.substr(scheme.size()));
        return endpoint && endpoint->port > 0 && is_host(endpoint->host);
    }
    return false;
}

constexpr Key<AuditSettings> kKeys[] = {
    {"file", &AuditSettings::file,
     Fits{is_empty_or_absolute, "empty, or a path that begins with /"}, "",
     "File for all audit messages, one line of XML each. Empty: none."},
    {"file_max_mb", &AuditSettings::file_max_mb, Range{1, 100'000}, "MB",
     "Maximum size of the file. Then it is renamed to FILE.1 and a new one is begun."},
    {"files_kept", &AuditSettings::files_kept, Range{1, 1000}, "files",
     "Number of full files that are kept. The oldest is deleted."},
    {"syslog", &AuditSettings::syslog,
     Fits{is_empty_or_syslog, "empty, or udp://HOST:PORT, tcp://HOST:PORT or tls://HOST:PORT"}, "",
     "Syslog server for all audit messages (RFC 5424): udp (RFC 5426), tcp (RFC 6587) or tls (1.2 "
     "or 1.3, RFC 5425). Empty: none. Messages above 65,507 bytes need tcp or tls."},
    {"ca", &AuditSettings::ca, kFileOrNone, "",
     "Certificate authorities (PEM) that may issue the certificate of a tls:// server. Empty: "
     "those the system trusts. This key and the next three are read again at each connection."},
    {"certificate", &AuditSettings::certificate, kFileOrNone, "",
     "Client certificate of this node with its chain (PEM), if the server requests one."},
    {"key", &AuditSettings::key, kFileOrNone, "",
     "Private key of that certificate (PEM). Empty: it is in the same file."},
    {"crl", &AuditSettings::crl, kFileOrNone, "", "Certificate revocation lists (PEM)."},
    {"tls_name", &AuditSettings::tls_name, Anything{}, "",
     "Host name or IP address that the server's certificate must contain. Empty: HOST."},
};

void check(const Settings& settings, Checker& checker) {
    const auto& audit = settings.audit;
    const bool is_tls = audit.syslog.starts_with("tls://");
    check_tls_keys(audit, is_tls, R"(syslog = "tls://...")", {"audit"}, checker);
}

}  // namespace

Section<AuditSettings> audit_section() {
    return {.name = "audit",
            .field = &Settings::audit,
            .keys = kKeys,
            .sentence =
                "The DICOM audit trail (PS3.15 A.5): who sent and received whose images. It "
                "contains patient IDs. Changes take effect at a restart.",
            .check = check};
}

}  // namespace bucky::conf
