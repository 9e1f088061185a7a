// SPDX-License-Identifier: Apache-2.0
// DimseSender sends by C-STORE over one association (PS3.4 Annex B). It opens another one when a
// file needs a presentation context that was not proposed. The peer's status decides the verdict
// (scp/wire/status.h). start_wire() must have run.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "conf/base/ids.h"
#include "scp/deliver/sender.h"
#include "scp/wire/target.h"

namespace bucky::scp {

class DimseSender final : public Sender {
public:
    DimseSender(Target target, AeTitle calling);
    ~DimseSender() override;

    void announce(const std::filesystem::path& file) override;
    void propose(std::string_view sop_class) override;
    void prefer(std::string_view sop_class, std::string_view transfer_syntax) override;
    void write_text_in(std::string character_set) override;
    std::optional<bool> takes(std::string_view sop_class) const override;
    void connect(const std::filesystem::path& file) override;
    SendOutcome send(const std::filesystem::path& file) override;
    bool connected() const override;
    void release() noexcept override;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace bucky::scp
