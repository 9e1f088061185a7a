// SPDX-License-Identifier: Apache-2.0
// Sample values for the documents, of keys whose default shows none: empty text, an empty list or
// "off". The example file does not use them, because a commented key shows its default there. A
// test compares the names with the rows of conf/sections/.
#pragma once

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

namespace bucky::conf {

/// "section.key" and a value as TOML.
inline constexpr std::pair<std::string_view, std::string_view> kSamples[] = {
    {"scp.users", R"("/etc/bucky/users")"},
    {"listener.certificate", R"("/etc/bucky/node.pem")"},
    {"listener.key", R"("/etc/bucky/node.key")"},
    {"listener.ca", R"("/etc/bucky/hospital-ca.pem")"},
    {"listener.crl", R"("/etc/bucky/hospital.crl")"},
    {"listener.users", R"("/etc/bucky/users")"},
    {"web.listen", R"("0.0.0.0:8443")"},
    {"web.certificate", R"("/etc/bucky/node.pem")"},
    {"web.key", R"("/etc/bucky/node.key")"},
    {"web.ca", R"("/etc/bucky/hospital-ca.pem")"},
    {"web.crl", R"("/etc/bucky/hospital.crl")"},
    {"web.tokens", R"("/etc/bucky/web-tokens")"},
    {"peer.ae_title", R"("XRAY1")"},
    {"peer.address", R"("10.1.0.0/16")"},
    {"peer.tenant", R"("clinic-north")"},
    {"peer.host", R"("10.1.2.3")"},
    {"peer.certificate_subject", R"("xray1.radiology.example")"},
    {"peer.certificate_sha256",
     R"("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff")"},
    {"alias.ae_title", R"("XRAY1")"},
    {"inference.gate_model", R"("/usr/share/bucky/models/cxr-gate")"},
    {"model.precision", R"("bfloat16")"},
    {"model.sha256", R"("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff")"},
    {"model.device", R"("remote")"},
    {"remote.url", R"("https://ai.example")"},
    {"remote.ca", R"("/etc/bucky/service-ca.pem")"},
    {"remote.certificate", R"("/etc/bucky/site.pem")"},
    {"remote.key", R"("/etc/bucky/site.key")"},
    {"remote.crl", R"("/etc/bucky/service.crl")"},
    {"remote.proxy", R"("http://proxy.hospital.example:3128")"},
    {"remote.proxy_user", R"("bucky")"},
    {"remote.proxy_password_file", R"("credential:proxy-password")"},
    {"remote.address", R"("10.1.2.3")"},
    {"destination.send_if_found", R"(["presentation"])"},
    {"destination.language", R"("ko")"},
    {"destination.tls", "true"},
    {"destination.ca", R"("/etc/bucky/hospital-ca.pem")"},
    {"destination.certificate", R"("/etc/bucky/node.pem")"},
    {"destination.key", R"("/etc/bucky/node.key")"},
    {"destination.crl", R"("/etc/bucky/hospital.crl")"},
    {"destination.tls_name", R"("pacs.radiology.example")"},
    {"destination.url", R"("https://pacs.hospital.example/dicom-web")"},
    {"destination.token_file", R"("/etc/bucky/pacs-token")"},
    {"destination.token_url", R"("https://login.hospital.example/oauth2/token")"},
    {"destination.client_id", R"("bucky")"},
    {"destination.client_secret_file", R"("credential:pacs-secret")"},
    {"destination.scope", R"("dicom.write")"},
    {"archive.tls", "true"},
    {"archive.ca", R"("/etc/bucky/hospital-ca.pem")"},
    {"archive.certificate", R"("/etc/bucky/node.pem")"},
    {"archive.key", R"("/etc/bucky/node.key")"},
    {"archive.crl", R"("/etc/bucky/hospital.crl")"},
    {"archive.tls_name", R"("pacs.radiology.example")"},
    {"tenant.callers", R"(["XRAY1", "XRAY2"])"},
    {"tenant.models", R"(["/usr/share/bucky/models/cxr-phantom"])"},
    {"tenant.destinations", R"(["pacs"])"},
    {"tenant.language", R"("ko")"},
    {"threshold.destination", R"("pacs")"},
    {"precedence.tenant", R"("CLINIC_NORTH")"},
    {"threshold.tenant", R"("CLINIC_NORTH")"},
    {"admin.token_file", R"("credential:admin-token")"},
    {"status.senders", R"(["XRAY1", "XRAY2"])"},
    {"alert.about", R"(["destination", "parked", "sender"])"},
    {"alert.user", R"("bucky")"},
    {"alert.password_file", R"("credential:mail-password")"},
    {"alert.url", R"("https://chat.hospital.example/hooks/1234")"},
    {"alert.token_file", R"("credential:hook-token")"},
    {"alert.proxy", R"("http://proxy.hospital.example:3128")"},
    {"alert.ca", R"("/etc/bucky/hospital-ca.pem")"},
    {"service.listen", R"("0.0.0.0:443")"},
    {"service.certificate", R"("/etc/bucky/service.pem")"},
    {"service.key", R"("/etc/bucky/service.key")"},
    {"service.ca", R"("/etc/bucky/sites-ca.pem")"},
    {"service.crl", R"("/etc/bucky/sites.crl")"},
    {"service.url", R"("https://ai.example")"},
    {"service.control", R"("https://control.ai.example")"},
    {"service.certificate_header", R"("X-Site")"},
    {"log.modules", R"(["deliver=debug"])"},
    {"audit.file", R"("/var/lib/bucky/audit.xml")"},
    {"audit.syslog", R"("tls://siem.hospital.example:6514")"},
    {"audit.ca", R"("/etc/bucky/hospital-ca.pem")"},
    {"audit.certificate", R"("/etc/bucky/node.pem")"},
    {"audit.key", R"("/etc/bucky/node.key")"},
    {"audit.crl", R"("/etc/bucky/hospital.crl")"},
    {"audit.tls_name", R"("siem.hospital.example")"},
};

/// Empty when there is none.
constexpr std::string_view sample_of(std::string_view section, std::string_view key) {
    const auto found = std::find_if(std::begin(kSamples), std::end(kSamples), [&](const auto& one) {
        return one.first.size() == section.size() + 1 + key.size() &&
               one.first.starts_with(section) && one.first[section.size()] == '.' &&
               one.first.ends_with(key);
    });
    return found == std::end(kSamples) ? std::string_view{} : found->second;
}

}  // namespace bucky::conf
