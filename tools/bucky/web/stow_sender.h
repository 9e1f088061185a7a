// SPDX-License-Identifier: Apache-2.0
// StowSender: the Sender of a destination with a url. One POST for each object (STOW-RS, PS3.18
// 10.5), byte for byte as its file is: nothing is negotiated and nothing is rewritten. Used by one
// thread.
#pragma once

#include <memory>

#include "conf/settings.h"
#include "scp/deliver/sender.h"

namespace bucky {

class StowSender final : public scp::Sender {
public:
    explicit StowSender(const conf::DestinationSettings& destination);
    ~StowSender() override;

    void announce(const std::filesystem::path& file) override;
    void propose(std::string_view) override {}
    void prefer(std::string_view, std::string_view) override {}
    void write_text_in(std::string) override {}
    std::optional<bool> takes(std::string_view) const override { return std::nullopt; }
    void connect(const std::filesystem::path& file) override;
    scp::SendOutcome send(const std::filesystem::path& file) override;
    bool connected() const override;
    void release() noexcept override;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

/// By STOW-RS where the destination has a url, else what scp::make_sender() makes.
std::unique_ptr<scp::Sender> sender_to(const conf::DestinationSettings& to, const AeTitle& calling,
                                       int give_up_fd = -1);

}  // namespace bucky
