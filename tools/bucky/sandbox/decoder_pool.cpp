// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/sandbox/decoder_pool.h"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <utility>

#include <unistd.h>

#include "conf/base/limits.h"
#include "conf/base/mutex.h"
#include "conf/observe/log.h"
#include "conf/observe/metrics.h"
#include "tools/bucky/sandbox/decoder_process.h"
#include "tools/bucky/sandbox/protocol.h"

namespace bucky {

/// Lends each worker to one question at a time.
class DecoderPool::Pool {
public:
    Pool(std::size_t processes, std::vector<std::string> command) : command_(std::move(command)) {
        for (std::size_t i = 0; i < processes; ++i) {
            all_.push_back(std::make_unique<DecoderProcess>(command_));
            idle_.push_back(all_.back().get());
        }
    }

    /// in   what to do with the answer while the worker's memory still holds it
    void ask(Question requested, const std::filesystem::path& file,
             const std::function<void(const Answer&, int memory)>& use) {
        Loan loan(*this, file);
        DecoderDeath death;
        bool was_fresh = false;
        while (!(was_fresh && death.was_asked)) {
            if (loan->pid() <= 0) loan->restart();
            was_fresh = loan->is_fresh();
            if (const auto answer = loan->ask(requested, file, death)) {
                if (is_full(*answer) && !was_fresh) {  // memory may be full of earlier images
                    loan->restart();
                    continue;
                }
                use(*answer, loan->memory());
                return;
            }
            metrics::count("bucky_decoder_deaths_total");
            log::event(log::Level::warning, "decoder.died", {{"words", death.words()}});
        }
        death.must_be_the_image();
        throw inference::DecoderDied(death.words());
    }

    std::vector<int> pids() {
        const MutexLock lock(mutex_);
        std::vector<int> pids;
        for (const auto& worker : all_) pids.push_back(worker->pid());
        return pids;
    }

    void kill_all() noexcept {
        for (const auto& worker : all_) worker->kill();
    }

private:
    static bool is_full(const Answer& answer) {
        return answer.kind == Answer::Kind::error && answer.fault == Fault::exhausted;
    }

    class Loan {
    public:
        /// Prefers the worker that has the file open, if it is idle.
        Loan(Pool& pool, const std::filesystem::path& file) : pool_(pool) {
            MutexLock lock(pool.mutex_);
            pool.returned_.wait(lock, [&]() REQUIRES(pool.mutex_) { return !pool.idle_.empty(); });
            auto& idle = pool.idle_;
            auto best = std::find_if(idle.begin(), idle.end(), [&](const DecoderProcess* worker) {
                return worker->knows(file);
            });
            if (best == idle.end()) --best;
            worker_ = *best;
            idle.erase(best);
        }
        ~Loan() {
            {
                const MutexLock lock(pool_.mutex_);
                pool_.idle_.push_back(worker_);
            }
            pool_.returned_.notify_one();
        }
        Loan(const Loan&) = delete;
        Loan& operator=(const Loan&) = delete;
        DecoderProcess* operator->() { return worker_; }

    private:
        Pool& pool_;
        DecoderProcess* worker_ = nullptr;
    };

    const std::vector<std::string> command_;
    Mutex mutex_;
    Condition returned_;
    std::vector<std::unique_ptr<DecoderProcess>> all_;
    std::vector<DecoderProcess*> idle_ GUARDED_BY(mutex_);
};

namespace {

void read_all(int memory, void* bytes, std::size_t count, off_t at) {
    auto* to = static_cast<char*>(bytes);
    while (count > 0) {
        const auto got = ::pread(memory, to, count, at);
        if (got <= 0) throw Error(Fault::corrupt, "a decode worker's answer is cut");
        to += got;
        at += got;
        count -= static_cast<std::size_t>(got);
    }
}

/// A LUT has 128 KB, a header less, some 40 texts at most 64 KB each: a longer answer cannot be
/// honest.
constexpr std::uint64_t kPackedBytesMax = 16U << 20U;

std::string packed_in(const Answer& answer, int memory) {
    if (answer.packed_bytes > kPackedBytesMax) {
        throw Error(Fault::corrupt, "a decode worker's answer is too long");
    }
    std::string packed(answer.packed_bytes, '\0');
    read_all(memory, packed.data(), packed.size(), 0);
    if (answer.kind == Answer::Kind::error) {
        if (answer.fault == Fault::exhausted) throw inference::DecoderFailed(answer.fault, packed);
        throw Error(answer.fault, "{}", packed);
    }
    return packed;
}

/// Throws exhausted when `budget` has no room.
void read_pixels(inference::Image& image, const Answer& answer, int memory, MemoryBudget& budget) {
    auto& frame = image.frame;
    const std::uint64_t pixels = std::uint64_t{frame.rows} * frame.columns;
    const bool is_whole = pixels <= limits::kImagePixelsMax && frame.bits_stored >= 1 &&
                          frame.bits_stored <= 16 && answer.pattern_bytes == pixels * 2 &&
                          (answer.hidden_bytes == 0 || answer.hidden_bytes == pixels);
    if (!is_whole) throw Error(Fault::corrupt, "a decode worker's image contradicts itself");
    image.room = budget.take(pixels * limits::kDecodedBytesAPixel);
    frame.patterns.resize(pixels);
    image.hidden.resize(answer.hidden_bytes);
    const auto patterns_at = static_cast<off_t>(answer.packed_bytes);
    read_all(memory, frame.patterns.data(), answer.pattern_bytes, patterns_at);
    read_all(memory, image.hidden.data(), answer.hidden_bytes,
             patterns_at + static_cast<off_t>(answer.pattern_bytes));
}

}  // namespace

DecoderPool::DecoderPool(std::size_t processes, std::vector<std::string> command,
                         std::uint64_t memory_bytes)
    : pool_(std::make_unique<Pool>(processes, std::move(command))),
      memory_("decoded_bytes", memory_bytes, std::chrono::seconds{limits::kDecodedWaitSeconds}) {}

DecoderPool::~DecoderPool() = default;

inference::Header DecoderPool::header(const std::filesystem::path& file) {
    inference::Header header;
    pool_->ask(Question::header, file, [&](const Answer& answer, int memory) {
        header = unpack_header(packed_in(answer, memory));
    });
    return header;
}

inference::Image DecoderPool::image(const std::filesystem::path& file) {
    inference::Image image;
    pool_->ask(Question::image, file, [&](const Answer& answer, int memory) {
        image = unpack_image(packed_in(answer, memory));
        read_pixels(image, answer, memory, memory_);
    });
    return image;
}

inference::TextSearch DecoderPool::text(const std::filesystem::path& file, inference::Greys greys) {
    const auto asked =
        greys == inference::Greys::display ? Question::text_in_display : Question::text_in_modality;
    inference::TextSearch found;
    pool_->ask(asked, file, [&](const Answer& answer, int memory) {
        found = unpack_text(packed_in(answer, memory));
    });
    return found;
}

dicom_sr::Source DecoderPool::source(const std::filesystem::path& file) {
    dicom_sr::Source source;
    pool_->ask(Question::source, file, [&](const Answer& answer, int memory) {
        source = unpack_source(packed_in(answer, memory));
    });
    return source;
}

void DecoderPool::kill_all() noexcept {
    pool_->kill_all();
}

std::vector<int> DecoderPool::pids() const {
    return pool_->pids();
}

std::vector<std::string> DecoderPool::own_command() {
    const char* other = std::getenv("BUCKY_DECODER");
    return {other != nullptr ? other : "/proc/self/exe", "decode-worker"};
}

}  // namespace bucky
