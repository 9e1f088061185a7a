// SPDX-License-Identifier: Apache-2.0
// Files a second received by STOW-RS, beside C-STORE: the same node, load and disk, in turns.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/load.h"
#include "tests/bench/machine.h"
#include "tests/support/running_node.h"

namespace {

using namespace bucky;
using namespace std::chrono_literals;

std::atomic<unsigned> next_instance{500'000};

/// (gggg,eeee) of the File Meta Information, UI (PS3.10 7.1).
std::string element(char number, std::string value) {
    if (value.size() % 2 != 0) value += '\0';
    std::string made{"\x02\x00", 2};
    made += number;
    made += '\0';
    made += "UI";
    made += static_cast<char>(value.size());
    made += '\0';
    return made + value;
}

std::string meta_of(const bench::Load& load) {
    return std::string(128, '\0') + "DICM" + element(2, test::kDxForPresentation) +
           element(3, load.sop_instance()) + element(0x10, test::kExplicitLittleEndian);
}

class HttpClient {
public:
    explicit HttpClient(int port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_port = htons(static_cast<std::uint16_t>(port));
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(fd_, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) {
            throw std::runtime_error("nobody listens for STOW-RS");
        }
        const int on = 1;
        (void)::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;
    ~HttpClient() { ::close(fd_); }

    bool store(const bench::Load& load) {
        const auto meta = "--b\r\nContent-Type: application/dicom\r\n\r\n" + meta_of(load);
        const std::string end = "\r\n--b--\r\n";
        const auto bytes = meta.size() + load.dataset().size() + end.size();
        send(
            fmt::format("POST /dicom-web/studies HTTP/1.1\r\nHost: b\r\nContent-Type: "
                        "multipart/related; type=\"application/dicom\"; boundary=b\r\n"
                        "Content-Length: {}\r\n\r\n{}",
                        bytes, meta));
        send({reinterpret_cast<const char*>(load.dataset().data()), load.dataset().size()});
        send(end);
        std::string answer;
        while (answer.find("}]}}") == std::string::npos) {  // the end of its JSON
            char some[4096];
            const auto got = ::recv(fd_, some, sizeof some, 0);
            if (got <= 0) return false;
            answer.append(some, static_cast<std::size_t>(got));
        }
        return answer.starts_with("HTTP/1.1 200");
    }

private:
    void send(std::string_view bytes) {
        while (!bytes.empty()) {
            const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) throw std::runtime_error("the node closed the connection");
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
    }
    int fd_;
};

double stored_per_second(int port, const bench::Load& load, unsigned files, unsigned connections) {
    std::atomic<int> left{static_cast<int>(files)};
    std::atomic<bool> refused{false};
    const auto work = [&](bench::Load own) {
        HttpClient client{port};
        while (!refused && left.fetch_sub(1) > 0) {
            own.become(next_instance++, false);
            if (!client.store(own)) refused = true;
        }
    };
    std::vector<std::thread> senders;
    const auto started = std::chrono::steady_clock::now();
    for (unsigned i = 0; i < connections; ++i) senders.emplace_back(work, load);
    for (auto& sender : senders) sender.join();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
    if (refused) throw std::runtime_error("an image was refused");
    return files / took.count();
}

double median(std::vector<double> of) {
    std::sort(of.begin(), of.end());
    return of[of.size() / 2];
}

}  // namespace

/// Argument: rounds (3; the median is taken).
int main(int count, char** arguments) {
    constexpr unsigned kConnections = 16;
    const int rounds = count > 1 ? std::atoi(arguments[1]) : 3;
    std::printf(
        "Files a second received over %u connections, median of %d.\n%s\n\n"
        "| images | C-STORE | STOW-RS | STOW-RS to C-STORE |\n|---|---|---|---|\n",
        kConnections, rounds, bench::machine_line().c_str());
    for (const auto& [name, side, files] :
         {std::tuple{"10 MB", 2250, 96U}, {"0.5 MB", 512, 960U}}) {
        const bench::Load load{{side, side, "KNEE"}};
        std::vector<double> by_dimse, by_web;
        for (int round = 0; round < rounds; ++round) {
            {
                test::RunningNode node;
                by_dimse.push_back(bench::files_per_second({node.dicom_port()}, "BUCKY", load,
                                                           files, kConnections));
            }
            test::RunningNode node{{.more = "[web]\nlisten = \"127.0.0.1:0\"\n"}};
            const auto ready = node.process().wait_for_line(" node.ready ", 1s);
            const int port = std::stoi(test::field(ready.value_or(""), "web_port"));
            by_web.push_back(stored_per_second(port, load, files, kConnections));
        }
        std::printf("| %s | %.0f | %.0f | %.2f |\n", name, median(by_dimse), median(by_web),
                    median(by_web) / median(by_dimse));
        std::fflush(stdout);
    }
    return 0;
}
