// SPDX-License-Identifier: Apache-2.0
// OipServer: a server of the Open Inference Protocol (oip_server.py) that a test starts, spoils,
// kills and starts again on its port; ConnectProxy: a proxy with a password (connect_proxy.py).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/support/process.h"

namespace bucky::test {

class OipServer {
public:
    /// `arguments` as oip_server.py takes them.
    explicit OipServer(std::vector<std::string> arguments);

    std::string url() const;  ///< "http://127.0.0.1:N", or https with --tls
    int port() const noexcept { return port_; }

    void mood(const std::string& json);  ///< what it does from now on; "{}": what it should
    std::string seen() const;            ///< what came, as JSON
    Process& process() noexcept { return *process_; }

    void kill9();
    void start_again();  ///< on the same port, in a good mood

private:
    void start();

    std::vector<std::string> arguments_;
    std::optional<Process> process_;
    int port_ = 0, control_ = 0;
};

class ConnectProxy {
public:
    ConnectProxy(const std::string& user, const std::string& password);
    std::string url() const;  ///< "http://127.0.0.1:N"
    Process& process() noexcept { return process_; }

private:
    Process process_;
    int port_ = 0;
};

}  // namespace bucky::test
