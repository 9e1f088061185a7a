// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/node/certificate_watch.h"

#include <string>

#include "conf/base/error.h"
#include "conf/observe/metrics.h"
#include "scp/wire/tls_context.h"

namespace bucky {
namespace {

void tell(const std::string& name, const scp::TlsFiles& files) {
    if (files.certificate.empty()) return;
    try {
        const auto read = scp::TlsContext::for_calls(files);
        metrics::set("bucky_certificate_expires_timestamp_seconds",
                     static_cast<double>(read->expires_s()), {{"destination", name}});
    } catch (const Error&) {  // told where the certificate is used
    }
}

}  // namespace

void tell_own_certificates(const conf::Settings& settings) {
    for (const auto& one : settings.destinations) {
        if (one.tls) tell(one.name, {one.certificate, one.key, one.ca, one.crl});
    }
    const auto& remote = settings.remote;
    if (!remote.url.empty()) {
        tell("[remote]", {remote.certificate, remote.key, remote.ca, remote.crl});
    }
}

}  // namespace bucky
