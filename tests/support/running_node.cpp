// SPDX-License-Identifier: Apache-2.0
#include "tests/support/running_node.h"

#include <csignal>
#include <fstream>
#include <stdexcept>

#include "tests/support/exhibits.h"
#include "tests/support/http.h"
#include "tests/support/places.h"
#include "tests/support/senders.h"

namespace bucky::test {
namespace {

using namespace std::chrono_literals;

constexpr auto kReadyWithin = 120s;  // loading and warming up a model on a busy machine

std::string config_text(const NodeOptions& options, const std::filesystem::path& data_dir) {
    std::string text = "[node]\nae_title = \"BUCKY\"\ndata_dir = \"" + data_dir.string() + "\"\n" +
                       options.node + "\n";
    text += "[scp]\nlisten = \"127.0.0.1\"\nport = 0\n" + options.scp + '\n';
    text += "[study]\nquiet_s = 1\n[storage]\nmin_free_mb = 16\n" + options.storage + '\n';
    const auto model = options.model.empty() ? phantom_model() : options.model;
    text += "[inference]\nmodels = [\"" + model.string() + "\"]\nmodels_writable_ok = true\n";
    text += options.inference.empty() ? "device = \"cpu\"\n" : options.inference + '\n';
    text += "[admin]\nlisten = \"127.0.0.1:0\"\n";
    // A config needs a destination. No peer listens on this one.
    const std::vector<Destination> nowhere{{"nowhere", "NOWHERE", 1, ""}};
    for (const auto& pacs : options.destinations.empty() ? nowhere : options.destinations) {
        text += "[[destination]]\nname = \"" + pacs.name + "\"\nae_title = \"" + pacs.ae_title +
                "\"\nhost = \"127.0.0.1\"\nport = " + std::to_string(pacs.port) +
                "\nconnect_timeout_s = 5\nretry_first_s = 1\nretry_cap_s = 1\n" + pacs.more + '\n';
    }
    return text + options.more;
}

}  // namespace

RunningNode::RunningNode(NodeOptions options)
    : data_dir_(options.data_dir.empty() ? dir_ / "data" : options.data_dir) {
    std::filesystem::create_directories(data_dir());
    std::ofstream{config_file()} << config_text(options, data_dir());
    start(options.environment);
}

RunningNode::~RunningNode() {
    process_.reset();
    exhibit_results(data_dir() / "results");
}

void RunningNode::launch(const Environment& environment) {
    process_.emplace(std::vector<std::string>{bucky_program().string(), "serve", "--config",
                                              config_file().string()},
                     environment);
}

void RunningNode::start(const Environment& environment) {
    launch(environment);
    const auto ready = process_->wait_for_line(" node.ready ", kReadyWithin);
    if (!ready) throw std::runtime_error("bucky serve is not ready:\n" + process_->output());
    dicom_port_ = std::stoi(field(*ready, "dicom_port"));
    admin_port_ = std::stoi(field(*ready, "admin_port"));
}

std::optional<int> RunningNode::store(const std::filesystem::path& file) {
    const auto sent = dcmsend(dicom_port_, {file});
    if (sent.in_order.empty()) return std::nullopt;
    return sent.in_order.front();
}

void RunningNode::kill9() {
    process_->signal(SIGKILL);
    (void)process_->wait(10s);
}

int RunningNode::stop() {
    process_->signal(SIGTERM);
    return process_->wait(30s).value_or(kStopped);
}

void RunningNode::restart(const Environment& environment) {
    if (running()) kill9();
    start(environment);
}

void RunningNode::die_starting(std::chrono::milliseconds after, const Environment& environment) {
    if (running()) kill9();
    launch(environment);
    (void)process_->wait(after);
    kill9();
}

std::string RunningNode::verdict_line(const std::string& sop_instance,
                                      std::chrono::milliseconds at_most) {
    const auto line = process_->wait_for_line(
        [&](std::string_view one) {
            return one.find(" image.verdict ") != std::string_view::npos &&
                   field(one, "sop") == sop_instance;
        },
        at_most);
    return line.value_or("");
}

bool RunningNode::running() {
    return !process_->wait(0ms);
}

bool RunningNode::logged(std::string_view part, std::chrono::milliseconds at_most) {
    return process_->wait_for_line(part, at_most).has_value();
}

std::string RunningNode::get(std::string_view path) {
    return http_get("http://127.0.0.1:" + std::to_string(admin_port_) + std::string{path});
}

Finished RunningNode::bucky(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), bucky_program().string());
    arguments.insert(arguments.end(), {"--config", config_file().string()});
    return run(arguments);
}

}  // namespace bucky::test
