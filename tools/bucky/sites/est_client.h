// SPDX-License-Identifier: Apache-2.0
// EstClient: a site's side of enrolment (RFC 7030), one connection for each request. It goes
// directly to the service. Threads: one at a time.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace bucky {

/// What the certificate of the service is checked by.
enum class EstTrust {
    nothing,        ///< only to fetch what is checked otherwise
    own_authority,  ///< that of the invitation
    system          ///< the authorities that this machine trusts
};

struct EstReply {
    int status = 0;
    std::string body;
};

class EstClient {
public:
    struct Identity {
        std::string certificate, key;  ///< PEM; empty: none is shown
    };

    /// `url`: https://HOST[:PORT]; bad_input when it is none. `ca`: PEM, for own_authority.
    EstClient(const std::string& url, EstTrust trust, std::string ca = {}, Identity shown = {});

    /// Any status is a reply.
    ///   err  unavailable, in words, when the service is not reached, or does not prove its name
    EstReply get(const std::string& path);
    EstReply post(const std::string& path, const std::string& body,
                  const std::string& password = {});

private:
    EstReply ask(const std::string& method, const std::string& path, const std::string& body,
                 const std::string& password);

    std::string host_, port_ = "443";
    const EstTrust trust_;
    const std::string ca_;
    const Identity shown_;
};

}  // namespace bucky
