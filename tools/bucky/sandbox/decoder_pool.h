// SPDX-License-Identifier: Apache-2.0
// DecoderPool: a Decoder whose parser and codecs run in processes of their own. What a stranger's
// image does to them (crash, hang, eat memory) costs that image and nothing else.
//
// A worker is handed one file at a time, as a descriptor, and forgets all of it before the next
// (decoder_child.h). One that dies takes its question with it. It is asked again, once, of a fresh
// process: only an image that kills that one too is to blame (DecoderDied), because an earlier
// question may have damaged the first. The limits of a worker are in conf/base/limits.h. Threads:
// any; each question has a process to itself, and waits for one when all are busy.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "conf/base/limits.h"
#include "dicom_sr/common/object.h"
#include "inference/pixels/decoder.h"
#include "tools/bucky/shared/memory_budget.h"

namespace bucky {

class DecoderPool final : public inference::Decoder {
public:
    /// Starts so many processes of `command`; by default this program's own `decode-worker`.
    /// What the images hold here is bounded over all threads by `memory_bytes`: an image waits in
    /// line for its room, and keeps it as long as it lives.
    explicit DecoderPool(std::size_t processes, std::vector<std::string> command = own_command(),
                         std::uint64_t memory_bytes = limits::kDecodedBytesMax);
    ~DecoderPool() override;  ///< closes them, and waits for each

    /// As Decoder says; unavailable too when a worker cannot be started or does not answer for
    /// limits::kDecodeWallSeconds without using the processor, exhausted when it was killed from
    /// outside, as the system does for want of memory, or when there was no room for the image for
    /// limits::kDecodedWaitSeconds. Who holds an image must not ask for the next one.
    inference::Header header(const std::filesystem::path& file) override;
    inference::Image image(const std::filesystem::path& file) override;

    /// As dicom_sr::read_source() promises, and what it throws beside.
    dicom_sr::Source source(const std::filesystem::path& file);

    /// Every process ends at once, stopped ones too: before this one does so in a hurry. Any
    /// thread.
    void kill_all() noexcept;

    /// Of the processes that run now; for tests.
    std::vector<int> pids() const;

    /// This program's, or that of the bucky which BUCKY_DECODER names: for tests, which are none.
    static std::vector<std::string> own_command();

private:
    class Pool;
    std::unique_ptr<Pool> pool_;
    MemoryBudget memory_;
};

}  // namespace bucky
