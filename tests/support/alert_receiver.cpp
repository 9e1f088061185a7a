// SPDX-License-Identifier: Apache-2.0
#include "tests/support/alert_receiver.h"

#include <sstream>
#include <stdexcept>

#include "tests/support/http.h"
#include "tests/support/places.h"

namespace bucky::test {
namespace {

std::vector<std::string> command(const std::vector<std::string>& arguments) {
    std::vector<std::string> all{
        "/usr/bin/python3", "-B",
        (source_dir() / "tests" / "support" / "alert_receiver.py").string()};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return all;
}

}  // namespace

AlertReceiver::AlertReceiver(std::vector<std::string> arguments) : process_(command(arguments)) {
    const auto line = process_.wait_for_line("port ", std::chrono::seconds(60));
    if (!line) throw std::runtime_error("it did not start: " + process_.output());
    std::istringstream words{*line};
    std::string ignored;
    words >> ignored >> smtp_ >> http_ >> control_;
}

std::string AlertReceiver::smtp() const {
    return "smtp://localhost:" + std::to_string(smtp_);
}

std::string AlertReceiver::url() const {
    return "http://127.0.0.1:" + std::to_string(http_) + "/hook";
}

void AlertReceiver::answer(int status) {
    const auto control = "http://127.0.0.1:" + std::to_string(control_);
    const auto told = http_post(control, "{\"webhook\": " + std::to_string(status) + "}");
    if (told.empty()) throw std::runtime_error("the receiver took no answer");
}

std::string AlertReceiver::taken() const {
    return http_get("http://127.0.0.1:" + std::to_string(control_) + "/");
}

}  // namespace bucky::test
