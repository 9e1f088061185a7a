// SPDX-License-Identifier: Apache-2.0
#include "tests/support/senders.h"

#include <algorithm>
#include <sstream>

namespace bucky::test {
namespace {

std::string after_colon(const std::string& line) {
    const auto colon = line.find(": ", line.find(": ") + 2);
    return colon == std::string::npos ? "" : line.substr(colon + 2);
}

}  // namespace

bool Sent::all_accepted() const {
    return !in_order.empty() && program.status == 0 &&
           std::all_of(in_order.begin(), in_order.end(), [](int one) { return one == 0; });
}

Sent dcmsend(int port, const std::vector<std::filesystem::path>& files, const std::string& called,
             const std::string& calling) {
    std::vector<std::string> command{"dcmsend", "-d",   "-dn",  "-nh",  "-nuc",  "-aet",
                                     calling,   "-aec", called, "-pdu", "131072"};
    command.insert(command.end(), {"127.0.0.1", std::to_string(port)});
    for (const auto& file : files) command.push_back(file.string());
    Sent sent;
    sent.program = run(command);

    std::istringstream output{sent.program.output};
    bool in_response = false;
    std::string sop_instance;
    for (std::string line; std::getline(output, line);) {
        if (line.find("Message Type") != std::string::npos) {
            in_response = line.find("C-STORE RSP") != std::string::npos;
        } else if (in_response && line.find("Affected SOP Instance UID") != std::string::npos) {
            sop_instance = after_colon(line);
        } else if (in_response && line.find("DIMSE Status") != std::string::npos) {
            const int status = std::stoi(after_colon(line), nullptr, 16);
            sent.status[sop_instance] = status;
            sent.in_order.push_back(status);
        }
    }
    return sent;
}

Finished odil_store(int port, const std::filesystem::path& file) {
    return run(
        {"odil", "store", "127.0.0.1", std::to_string(port), "XRAY2", "BUCKY", file.string()});
}

Finished pixelmed_store(int port, const std::filesystem::path& file) {
    return run({"java", "-cp", "/usr/share/java/*", "com.pixelmed.network.StorageSOPClassSCU",
                "127.0.0.1", std::to_string(port), "BUCKY", "XRAY3", file.string(), "0"});
}

int echo(int port, const std::string& called) {
    return run({"echoscu", "-aet", "XRAY1", "-aec", called, "127.0.0.1", std::to_string(port)})
        .status;
}

}  // namespace bucky::test
