// SPDX-License-Identifier: Apache-2.0
// Enrolment over Secure Transport (RFC 7030), the server's side: cacerts, simpleenroll with the
// token of an invitation as the password, simplereenroll with a certificate; and the revocation
// list, which other model servers fetch, and the address of the models. Sites also tell there how
// they are: answered by the node itself. It opens the register for each request: any thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "conf/base/clock.h"
#include "conf/settings.h"

namespace bucky {

enum class EstPath { none, cacerts, simpleenroll, simplereenroll, crl, service, heartbeat };

EstPath est_path(std::string_view target);

struct EstRequest {
    EstPath path = EstPath::none;
    std::string authorization{};   ///< the header
    std::string site{}, serial{};  ///< of the caller's certificate, if that counts
    std::string body{};            ///< PKCS #10, DER in base64 (PEM lines are accepted, too)
};

struct EstAnswer {
    int status = 200;
    std::string type, body;  ///< of an error: the words
};

/// Never throws.
EstAnswer answer_est(const EstRequest& request, const conf::Settings& settings, const Clock& clock);

}  // namespace bucky
