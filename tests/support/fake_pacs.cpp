// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fake_pacs.h"

#include <algorithm>
#include <cctype>
#include <csignal>
#include <stdexcept>

#include "tests/support/places.h"
#include "tools/fake_pacs/port.h"

namespace bucky::test {

using namespace std::chrono_literals;

FakePacs::FakePacs(std::vector<std::string> more_arguments, int port)
    : more_arguments_(std::move(more_arguments)),
      port_(port == 0 ? fake::free_port() : port) {  // kept when it is killed and starts again
    start();
}

void FakePacs::start() {
    std::vector<std::string> command{
        fake_pacs_program().string(), "--port", std::to_string(port_), "--ae", "FAKEPACS", "--dir",
        dir_.path().string()};
    command.insert(command.end(), more_arguments_.begin(), more_arguments_.end());
    process_.emplace(command);
    const auto first =
        process_->wait_for_line([](std::string_view line) { return !line.empty(); }, 10s);
    if (!first) throw std::runtime_error("fake_pacs did not start:\n" + process_->output());
    port_ = std::stoi(first->substr(first->find_first_of("0123456789")));
}

void FakePacs::start_again() {
    if (process_->wait(0ms)) start();
}

Destination FakePacs::destination() const {
    return {"pacs", "FAKEPACS", port_, ""};
}

void FakePacs::kill9() {
    process_->signal(SIGKILL);
    (void)process_->wait(5s);
}

std::vector<std::filesystem::path> FakePacs::stored() const {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator{dir_.path()}) {
        if (entry.path().extension() == ".dcm") files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    return files;
}

}  // namespace bucky::test
