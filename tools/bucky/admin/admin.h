// SPDX-License-Identifier: Apache-2.0
// Admin: an HTTP/1.1 listener for supervisors, Prometheus and a browser. It answers GET and HEAD of
//   /healthz  200 while the process lives
//   /readyz   200 when images are taken, else 503 with the reasons, one a line
//   /metrics  the text exposition format
//   /         the status page (status_page.h); /status.json  what it shows
//   /fleet    the sites of a service; /fleet.json  what it shows
//
// It runs on the Asio thread and only waits and formats there. Connections, request size and time
// are bounded. Idle connections are closed for new ones, and /healthz and /readyz are answered
// however many connections read the rest: nobody can make a supervisor believe that the node is
// dead.
//
// With a token, all but /healthz and /readyz require it, and /readyz gives its reasons only to a
// caller with the token. Without one, Admin listens on loopback addresses alone and answers only
// requests whose Host is an address or localhost. Otherwise a stranger's web page in a browser on
// this machine could give its own name our address (DNS rebinding) and read the answers.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace bucky {

class Admin {
public:
    /// Why images are not taken now; empty when they are. Called on the Asio thread.
    using NotReady = std::function<std::vector<std::string>()>;

    /// What /status.json or /fleet.json answers. Called on the Asio thread.
    using Status = std::function<std::string()>;

    /// Listens on `endpoint` ("127.0.0.1:8090"); throws unavailable when it cannot, bad_input when
    /// others could reach it there and there is no token.
    Admin(boost::asio::io_context& io, const std::string& endpoint, NotReady not_ready,
          std::string token = {}, Status status = {}, Status fleet = {});
    Admin(const Admin&) = delete;
    Admin& operator=(const Admin&) = delete;
    ~Admin();

    std::uint16_t port() const;  ///< the one really bound

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;  // connections outlive the listener by a moment
};

}  // namespace bucky
