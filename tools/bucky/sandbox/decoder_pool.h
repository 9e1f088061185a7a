// SPDX-License-Identifier: Apache-2.0
// DecoderPool: a Decoder whose parser and codecs run in separate processes. A hostile image that
// crashes them, makes them hang or eats their memory costs that image and nothing else.
//
// A worker receives one file at a time, as a descriptor, and drops all of its state before the next
// file (decoder_child.h). When a worker dies, its question is asked once more of a fresh process.
// Only an image that kills that one too is to blame (DecoderDied), because an earlier question may
// have damaged the first. The limits of a worker are in conf/base/limits.h. Any thread may call. A
// question uses one process alone, and waits while all are busy.
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
    /// Starts `processes` processes of `command`, by default this program's own `decode-worker`.
    /// The memory of decoded images is bounded over all threads by `memory_bytes`: an image waits
    /// for its reservation and holds it as long as it lives.
    explicit DecoderPool(std::size_t processes, std::vector<std::string> command = own_command(),
                         std::uint64_t memory_bytes = limits::kDecodedBytesMax);
    ~DecoderPool() override;  ///< closes the processes and waits for each

    /// As Decoder says. Throws unavailable too when a worker cannot be started or does not answer
    /// for limits::kDecodeWallSeconds without using the processor. Throws exhausted when a worker
    /// was killed from outside, as the kernel does when memory runs out, or when no memory for the
    /// image was free for limits::kDecodedWaitSeconds. A thread that holds an image must not ask
    /// for the next one.
    inference::Header header(const std::filesystem::path& file) override;
    inference::Image image(const std::filesystem::path& file) override;
    inference::TextSearch text(const std::filesystem::path& file, inference::Greys greys) override;

    /// As dicom_sr::read_source() promises, and throws as above.
    dicom_sr::Source source(const std::filesystem::path& file);

    /// Kills every process at once, stopped ones too, before this process ends in a hurry. Any
    /// thread.
    void kill_all() noexcept;

    /// The processes that run now; for tests.
    std::vector<int> pids() const;

    /// This program's, or the one that BUCKY_DECODER names: test programs have no decode-worker.
    static std::vector<std::string> own_command();

private:
    class Pool;
    std::unique_ptr<Pool> pool_;
    MemoryBudget memory_;
};

}  // namespace bucky
