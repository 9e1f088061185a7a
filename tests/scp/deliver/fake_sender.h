// SPDX-License-Identifier: Apache-2.0
// FakeSender: a transport without a network. The courier owns it; the test keeps the Script that it
// plays, and reads there what was asked of it.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "scp/deliver/sender.h"

namespace bucky::test {

struct Script {
    /// May throw, as a transport does that finds nobody.
    std::function<void()> connect = [] {};
    std::function<scp::SendOutcome()> send = [] {
        return scp::SendOutcome{.verdict = SendVerdict::delivered, .status = "fine"};
    };
    /// What the connection says of a class; without an entry it says nothing.
    std::map<std::string, bool, std::less<>> negotiated;

    bool connected = false;
    int connects = 0, releases = 0;
    std::vector<std::filesystem::path> sent;  ///< with whatever verdict
    std::set<std::string, std::less<>> proposed;
    std::map<std::string, std::string> preferred;  ///< transfer syntax by class
    std::string character_set;
};

class FakeSender final : public scp::Sender {
public:
    explicit FakeSender(Script& script) : script_(script) {}

    void announce(const std::filesystem::path&) override {}
    void propose(std::string_view sop_class) override { script_.proposed.emplace(sop_class); }
    void prefer(std::string_view sop_class, std::string_view transfer_syntax) override {
        script_.preferred.emplace(sop_class, transfer_syntax);
    }
    void write_text_in(std::string character_set) override {
        script_.character_set = std::move(character_set);
    }
    std::optional<bool> takes(std::string_view sop_class) const override {
        const auto said = script_.negotiated.find(sop_class);
        if (!script_.connected || said == script_.negotiated.end()) return std::nullopt;
        return said->second;
    }
    void connect(const std::filesystem::path&) override {
        if (script_.connected) return;
        ++script_.connects;
        script_.connect();
        script_.connected = true;
    }
    scp::SendOutcome send(const std::filesystem::path& file) override {
        connect(file);
        script_.sent.push_back(file);
        return script_.send();
    }
    bool connected() const override { return script_.connected; }
    void release() noexcept override {
        if (std::exchange(script_.connected, false)) ++script_.releases;
    }

private:
    Script& script_;
};

}  // namespace bucky::test
