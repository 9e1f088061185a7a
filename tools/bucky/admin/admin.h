// SPDX-License-Identifier: Apache-2.0
// Admin: HTTP/1.1 for supervisors, Prometheus and a person's browser. GET and HEAD of
//   /healthz  200 while the process lives
//   /readyz   200 when images are taken, else 503 with the reasons, one a line
//   /metrics  the text exposition format
//   /         the status page (status_page.h); /status.json  what it shows
//
// Runs on the Asio thread and only waits and formats there: bounded in connections, request size
// and time. Connections that say nothing make room for the next, and health is answered however
// many read the rest, so nobody can make a supervisor believe that the node is dead. Where it has a
// token, all but /healthz and /readyz ask for it, and these tell nobody else why; without one it
// listens on loopback addresses alone, and to who calls it by an address or as localhost: a page of
// a stranger that a browser here has open may give its own name our address, and must learn
// nothing.
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

    /// What /status.json answers. Called on the Asio thread.
    using Status = std::function<std::string()>;

    /// Listens on `endpoint` ("127.0.0.1:8090"); throws unavailable when it cannot, bad_input when
    /// others could reach it there and there is no token.
    Admin(boost::asio::io_context& io, const std::string& endpoint, NotReady not_ready,
          std::string token = {}, Status status = {});
    Admin(const Admin&) = delete;
    Admin& operator=(const Admin&) = delete;
    ~Admin();

    std::uint16_t port() const;  ///< the one really bound

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;  // connections outlive the listener by a moment
};

}  // namespace bucky
