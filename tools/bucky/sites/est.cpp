// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/sites/est.h"

#include <algorithm>
#include <utility>

#include "conf/base/error.h"
#include "conf/observe/audit.h"
#include "conf/observe/log.h"
#include "tools/bucky/sites/site_control.h"

namespace bucky {
namespace {

constexpr auto kCertificates = "application/pkcs7-mime; smime-type=certs-only";

int status_of(Fault fault) {
    switch (fault) {
        case Fault::bad_input: return 403;
        case Fault::unsupported: return 400;
        case Fault::unavailable:
        case Fault::exhausted: return 503;
        case Fault::corrupt:
        case Fault::bug: return 500;
    }
    __builtin_unreachable();
}

/// The password of HTTP Basic authentication (RFC 7617).
std::string password_in(std::string_view authorization) {
    constexpr std::string_view kBasic = "basic ";
    const auto is_same = [](char one, char other) { return (one | 0x20) == other; };
    if (authorization.size() < kBasic.size() ||
        !std::equal(kBasic.begin(), kBasic.end(), authorization.begin(),
                    [&](char wanted, char given) { return is_same(given, wanted); })) {
        return {};
    }
    const auto pair = x509::from_base64(authorization.substr(kBasic.size()));
    const auto colon = pair.find(':');
    return colon == std::string::npos ? std::string{} : pair.substr(colon + 1);
}

/// curl and openssl send PEM; RFC 7030 4.2.1 has its base64 alone.
std::string der_of(std::string_view body) {
    std::string lines;
    while (!body.empty()) {
        const auto end = std::min(body.find('\n'), body.size());
        const auto line = body.substr(0, end);
        if (!line.starts_with("-----")) lines += line;
        body.remove_prefix(std::min(end + 1, body.size()));
    }
    return x509::from_base64(lines);
}

EstAnswer answered(const EstRequest& request, SiteControl& control) {
    switch (request.path) {
        case EstPath::cacerts: return {200, kCertificates, control.ca_certificates()};
        case EstPath::crl: return {200, "application/x-pem-file", control.revocation_list()};
        case EstPath::service: return {200, "application/json", control.service()};
        case EstPath::simpleenroll: {
            const auto token = password_in(request.authorization);
            if (token.empty()) return {401, {}, "the token of the invitation is the password"};
            return {200, kCertificates, control.enroll(token, der_of(request.body))};
        }
        case EstPath::simplereenroll:
            return {200, kCertificates,
                    control.reenroll(request.site, request.serial, der_of(request.body))};
        case EstPath::heartbeat:
        case EstPath::none: break;
    }
    return {404, {}, "there is no such path"};
}

}  // namespace

EstPath est_path(std::string_view target) {
    target = target.substr(0, target.find('?'));
    if (target == "/.well-known/est/cacerts") return EstPath::cacerts;
    if (target == "/.well-known/est/simpleenroll") return EstPath::simpleenroll;
    if (target == "/.well-known/est/simplereenroll") return EstPath::simplereenroll;
    if (target == "/.well-known/bucky/crl.pem") return EstPath::crl;
    if (target == "/.well-known/bucky/service") return EstPath::service;
    if (target == "/.well-known/bucky/heartbeat") return EstPath::heartbeat;
    return EstPath::none;
}

EstAnswer answer_est(const EstRequest& request, const conf::Settings& settings,
                     const Clock& clock) {
    EstAnswer answer;
    try {
        SiteControl control{settings, clock};
        answer = answered(request, control);
    } catch (const Error& error) {  // the edge to HTTP: its fault is a status
        answer = {status_of(error.fault()), {}, error.what()};
    } catch (const std::exception& error) {  // a bug: the caller has an answer all the same
        answer = {status_of(Fault::bug), {}, error.what()};
    }
    const bool is_enrolment =
        request.path == EstPath::simpleenroll || request.path == EstPath::simplereenroll;
    if (answer.status != 200 && is_enrolment) {
        log::event(log::Level::warning, "site.refused",
                   {{"site", request.site}, {"words", answer.body}});
        audit::tell({.kind = audit::Kind::not_let_in,
                     .outcome = audit::Outcome::minor_failure,
                     .words = answer.body,
                     .peer_ae = request.site});
    }
    return answer;
}

}  // namespace bucky
