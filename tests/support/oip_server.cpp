// SPDX-License-Identifier: Apache-2.0
#include "tests/support/oip_server.h"

#include <algorithm>
#include <csignal>
#include <sstream>
#include <stdexcept>

#include "tests/support/http.h"
#include "tests/support/places.h"

namespace bucky::test {
namespace {

using namespace std::chrono_literals;

std::vector<std::string> python(const char* script, const std::vector<std::string>& arguments) {
    std::vector<std::string> command{"/usr/bin/python3", "-B",
                                     (source_dir() / "tests" / "support" / script).string()};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return command;
}

std::string first_line(Process& process) {
    const auto line = process.wait_for_line("port ", 60s);
    if (!line) throw std::runtime_error("it did not start: " + process.output());
    return *line;
}

}  // namespace

OipServer::OipServer(std::vector<std::string> arguments) : arguments_(std::move(arguments)) {
    start();
}

void OipServer::start() {
    auto arguments = arguments_;
    if (port_ != 0) arguments.insert(arguments.end(), {"--port", std::to_string(port_)});
    process_.emplace(python("oip_server.py", arguments));
    std::istringstream words{first_line(*process_)};
    std::string ignored;
    words >> ignored >> port_ >> ignored >> control_;
}

std::string OipServer::url() const {
    const bool tls = std::find(arguments_.begin(), arguments_.end(), "--tls") != arguments_.end();
    return (tls ? "https://localhost:" : "http://127.0.0.1:") + std::to_string(port_);
}

void OipServer::mood(const std::string& json) {
    const auto told = http_post("http://127.0.0.1:" + std::to_string(control_) + "/mood", json);
    if (told.empty()) throw std::runtime_error("the server took no mood");
}

std::string OipServer::seen() const {
    return http_get("http://127.0.0.1:" + std::to_string(control_) + "/seen");
}

void OipServer::kill9() {
    process_->signal(SIGKILL);
    (void)process_->wait(10s);
}

void OipServer::start_again() {
    start();
}

ConnectProxy::ConnectProxy(const std::string& user, const std::string& password)
    : process_(python("connect_proxy.py", {user, password})) {
    std::istringstream words{first_line(process_)};
    std::string ignored;
    words >> ignored >> port_;
}

std::string ConnectProxy::url() const {
    return "http://127.0.0.1:" + std::to_string(port_);
}

}  // namespace bucky::test
