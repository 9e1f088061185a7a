// SPDX-License-Identifier: Apache-2.0
#include "tests/support/joined_site.h"

#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

#include "tests/support/places.h"
#include "tools/fake_pacs/port.h"

namespace bucky::test {
namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& file) {
    std::ifstream in{file, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
}

NodeOptions options_of(const ServiceOptions& told, int port, const std::string& url) {
    NodeOptions options;
    options.scp = "plain = false\n";
    options.model = told.model;
    options.inference = "device = \"cpu\"\ngate = \"off\"\n";
    options.more = "[service]\nlisten = \"127.0.0.1:" + std::to_string(port) + "\"\nurl = \"" +
                   url + "\"\n" + (told.invites ? "sites = true\n" : "") + told.more;
    return options;
}

}  // namespace

ServiceNode::ServiceNode(const ServiceOptions& options)
    : port_(options.port == 0 ? fake::free_port() : options.port),
      url_(options.url.empty() ? "https://127.0.0.1:" + std::to_string(port_) : options.url),
      node_(options_of(options, port_, url_)) {}

std::string ServiceNode::beside() const {
    return "certificate = \"" + (authority() / "server.pem").string() + "\"\nca = \"" +
           (authority() / "ca.pem").string() + "\"\n";
}

std::string ServiceNode::invite(const std::string& site) {
    const auto said = node_.bucky({"site", "invite", site}).output;
    const auto at = said.find("bucky join ");
    if (at == std::string::npos) throw std::runtime_error("no invitation: " + said);
    return said.substr(at, said.find('\n', at) - at);
}

Finished join(const std::string& line, const fs::path& config) {
    std::istringstream words{line};
    std::vector<std::string> command{std::istream_iterator<std::string>{words}, {}};
    command.at(0) = bucky_program().string();
    command.insert(command.end(), {"--config", config.string()});
    return run(command);
}

void write_package_without_weights(const fs::path& folder) {
    fs::create_directories(folder);
    auto manifest = text_of(phantom_model() / "model.toml");
    const std::string here = "weights = \"weights.ts\"\nsha256";
    manifest.replace(manifest.find(here), here.size(), "weights_sha256");
    std::ofstream{folder / "model.toml"} << manifest;
    for (const char* golden : {"golden-1.input.f32", "golden-1.output.f32"}) {
        fs::copy_file(phantom_model() / golden, folder / golden);
    }
}

JoinedSite::JoinedSite(ServiceNode& service, const std::string& name, NodeOptions options,
                       const std::string& remote) {
    fs::create_directories(data_dir());
    const auto config = dir_ / "join.toml";  // all that joining needs to know
    std::ofstream{config} << "[node]\ndata_dir = \"" << data_dir().string()
                          << "\"\n[inference]\nmodels = [\"" << phantom_model().string()
                          << "\"]\n[[destination]]\nname = \"pacs\"\nae_title = \"PACS\"\n"
                             "host = \"127.0.0.1\"\n";
    const auto joined = join(service.invite(name), config);
    const auto lines = joined.output.find("[remote]");
    if (joined.status != 0 || lines == std::string::npos) {
        throw std::runtime_error("not joined: " + joined.output);
    }
    write_package_without_weights(dir_ / "package");
    options.model = dir_ / "package";
    options.data_dir = data_dir();
    options.inference = "device = \"remote\"\ngate_model = \"" +
                        (source_dir() / "models" / "cxr-gate").string() + "\"\n" +
                        options.inference;
    options.more += joined.output.substr(lines) + "\n" + remote;
    node_.emplace(std::move(options));
}

Xray JoinedSite::send(std::uint64_t seed, std::vector<phantom::Finding> lesions) {
    auto xray = write_xray(dir_.path(), {.seed = seed, .lesions = std::move(lesions)});
    if (node_->store(xray.file) != 0x0000) throw std::runtime_error("the site took no image");
    return xray;
}

}  // namespace bucky::test
