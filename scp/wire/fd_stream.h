// SPDX-License-Identifier: Apache-2.0
// IncomingStream: the stream into which DCMTK writes a dataset that is being received. It accepts
// every byte, because DCMTK aborts the association when a stream refuses bytes, and a full disk
// must cost one image, not the rest of the study. The first failure is kept for the answer.
#pragma once

#include <cstdint>
#include <optional>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcostrma.h>

#include "conf/base/error.h"
#include "conf/base/scratch_file.h"

namespace bucky::scp {

class IncomingConsumer : public DcmConsumer {
public:
    /// Writes up to the given number of bytes to `to` (nullptr: discards them).
    IncomingConsumer(ScratchFile* to, std::uint64_t bytes_max) : to_(to), bytes_max_(bytes_max) {}

    OFBool good() const override { return OFTrue; }
    OFCondition status() const override { return EC_Normal; }
    OFBool isFlushed() const override { return OFTrue; }
    offile_off_t avail() const override;
    offile_off_t write(const void* bytes, offile_off_t count) override;
    void flush() override {}

    const std::optional<Error>& failure() const noexcept { return failure_; }
    std::uint64_t taken() const noexcept { return taken_; }

private:
    ScratchFile* to_;
    std::uint64_t bytes_max_;
    std::optional<Error> failure_;
    std::uint64_t taken_ = 0;
};

class IncomingStream final : private IncomingConsumer, public DcmOutputStream {
public:
    IncomingStream(ScratchFile* to, std::uint64_t bytes_max)
        : IncomingConsumer(to, bytes_max), DcmOutputStream(static_cast<IncomingConsumer*>(this)) {}

    using IncomingConsumer::failure;
    using IncomingConsumer::taken;
};

}  // namespace bucky::scp
