// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/sandbox/decoder_pool.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conf/base/limits.h"
#include "conf/observe/log.h"
#include "conf/observe/metrics.h"
#include "scp/wire/unique_fd.h"
#include "tools/bucky/pass_file.h"
#include "tools/bucky/sandbox/protocol.h"

extern char** environ;  // NOLINT: POSIX names it

namespace bucky {
namespace {

using Fd = scp::UniqueFd;

/// The same file under a number beyond `least`, whatever numbers are free.
Fd above(int least, int fd) {
    Fd copy(::fcntl(fd, F_DUPFD_CLOEXEC, least + 1));
    if (copy.get() < 0) {
        throw Error(Fault::exhausted, "no descriptor for a decoder: {}", std::strerror(errno));
    }
    return copy;
}

/// How a worker ended in the middle of a question.
struct Death {
    int status = 0;
    bool was_asked = false;  ///< false: it was dead before the question came

    bool by(int signal) const { return WIFSIGNALED(status) && WTERMSIG(status) == signal; }
    std::string words() const {
        if (by(SIGXCPU)) {
            return fmt::format("decoding took more than {} s of processor time",
                               limits::kDecodeCpuSeconds);
        }
        if (WIFSIGNALED(status)) {
            return fmt::format("the decoder ended by {}", ::strsignal(WTERMSIG(status)));
        }
        return fmt::format("the decoder ended with status {}", WEXITSTATUS(status));
    }
};

/// What says nothing about the image, or leaves it open.
void must_be_the_image(const Death& death) {
    if (death.by(SIGKILL)) {
        throw Error(Fault::exhausted, "the decoder was killed, most likely for want of memory");
    }
    if (WIFEXITED(death.status) && WEXITSTATUS(death.status) == kNoRoomForWorker) {
        throw Error(Fault::exhausted, "the system gave no process for a decoder");
    }
    if (WIFEXITED(death.status)) {
        throw inference::DecoderFailed(Fault::unavailable, death.words());
    }
}

}  // namespace

/// One process and the two descriptors that lead to it.
class DecoderPool::Worker {
public:
    explicit Worker(const std::vector<std::string>& command) : command_(command) { start(); }
    ~Worker() { end(); }
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    int pid() const { return pid_; }
    int memory() const { return memory_.get(); }
    bool is_fresh() const { return questions_ == 0; }  ///< nothing can have damaged it yet

    void restart() {
        end();
        start();
    }
    void kill() const noexcept {
        if (const pid_t pid = pid_; pid > 0) (void)::kill(pid, SIGKILL);
    }

    bool knows(const std::filesystem::path& file) const { return file_ == file; }

    /// The answer, or how the worker died of the question.
    std::optional<Answer> ask(Question requested, const std::filesystem::path& file, Death& death) {
        FileId id;
        const Fd opened = open_file(file, id);
        if (!file_.empty() && (!knows(file) || id != id_)) {
            (void)send_question(socket_.get(), Question::forget);  // death shows at the next
            questions_ = 0;
        }
        file_ = file;
        id_ = id;
        if (!send_question(socket_.get(), requested, opened.get())) {
            death = {reap(), false};
            return std::nullopt;
        }
        ++questions_;
        wait_for_answer();
        Answer answer;
        const auto got = ::recv(socket_.get(), &answer, sizeof answer, 0);
        if (got == sizeof answer) return answer;
        death = {reap(), true};
        return std::nullopt;
    }

private:
    /// A name may have become another file's.
    using FileId = std::pair<dev_t, ino_t>;

    void start() {
        int ends[2] = {-1, -1};
        if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
            throw Error(Fault::exhausted, "no socket for a decoder: {}", std::strerror(errno));
        }
        socket_ = Fd(ends[0]);
        const Fd theirs(ends[1]);
        memory_ = Fd(::memfd_create("bucky-decode", MFD_CLOEXEC));
        if (memory_.get() < 0) {
            throw Error(Fault::exhausted, "no memory for a decoder: {}", std::strerror(errno));
        }
        questions_ = 0;
        file_.clear();
        spawn(theirs.get());
    }

    void spawn(int theirs) {
        posix_spawn_file_actions_t actions;
        (void)::posix_spawn_file_actions_init(&actions);
        // From above the numbers that they get: neither dup2 steps on the other one.
        const Fd socket = above(kWorkerMemory, theirs);
        const Fd memory = above(kWorkerMemory, memory_.get());
        (void)::posix_spawn_file_actions_adddup2(&actions, socket.get(), kWorkerSocket);
        (void)::posix_spawn_file_actions_adddup2(&actions, memory.get(), kWorkerMemory);
        // Nobody's association must stay open because a worker inherited its socket.
        (void)::posix_spawn_file_actions_addclosefrom_np(&actions, kWorkerMemory + 1);
        std::vector<char*> arguments;
        for (const auto& word : command_) arguments.push_back(const_cast<char*>(word.c_str()));
        arguments.push_back(nullptr);
        pid_t pid = -1;
        const int failed =
            ::posix_spawn(&pid, arguments[0], &actions, nullptr, arguments.data(), environ);
        (void)::posix_spawn_file_actions_destroy(&actions);
        if (failed != 0) {
            throw Error(Fault::unavailable, "cannot start {}: {}", command_[0],
                        std::strerror(failed));
        }
        pid_ = pid;
    }

    void wait_for_answer() {
        pollfd answer{socket_.get(), POLLIN, 0};
        int ready = 0;
        do {
            ready = ::poll(&answer, 1, static_cast<int>(limits::kDecodeWallSeconds) * 1000);
        } while (ready < 0 && errno == EINTR);
        if (ready > 0) return;
        restart();  // kills it
        throw inference::DecoderFailed(
            Fault::unavailable,
            fmt::format("the decoder did not answer for {} s", limits::kDecodeWallSeconds));
    }

    /// A number that is the node's to open: what is wrong here is no decoder's doing.
    static Fd open_file(const std::filesystem::path& file, FileId& id) {
        Fd opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
        struct stat about {};
        if (!opened || ::fstat(opened.get(), &about) != 0) {
            const bool is_gone = errno == ENOENT || errno == ENOTDIR || errno == EACCES;
            const auto words =
                fmt::format("cannot read {}: {}", file.string(), std::strerror(errno));
            if (is_gone) throw inference::DecoderFailed(Fault::unavailable, words);
            throw Error(Fault::exhausted, "{}", words);
        }
        if (!S_ISREG(about.st_mode)) {
            throw Error(Fault::bad_input, "{} is not a file", file.string());
        }
        id = {about.st_dev, about.st_ino};
        return opened;
    }

    /// The status with which it ended, as waitpid() tells it.
    int reap() {
        int status = 0;
        if (pid_ > 0) {
            while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
            }
        }
        pid_ = -1;
        return status;
    }

    void end() {
        if (pid_ <= 0) return;
        socket_ = Fd();  // an idle worker ends by itself; a busy one has nobody to answer to
        (void)::kill(pid_, SIGKILL);
        (void)reap();
    }

    const std::vector<std::string>& command_;
    Fd socket_, memory_;
    std::atomic<pid_t> pid_ = -1;
    unsigned questions_ = 0;      ///< about file_
    std::filesystem::path file_;  ///< that it has seen; empty: none
    FileId id_;
};

/// Lends each worker to one question at a time.
class DecoderPool::Pool {
public:
    Pool(std::size_t processes, std::vector<std::string> command) : command_(std::move(command)) {
        for (std::size_t i = 0; i < processes; ++i) {
            all_.push_back(std::make_unique<Worker>(command_));
            idle_.push_back(all_.back().get());
        }
    }

    /// in   what to do with the answer while the worker's memory still holds it
    void ask(Question requested, const std::filesystem::path& file,
             const std::function<void(const Answer&, int memory)>& use) {
        Loan loan(*this, file);
        Death death;
        bool was_fresh = false;
        while (!(was_fresh && death.was_asked)) {
            if (loan->pid() <= 0) loan->restart();
            was_fresh = loan->is_fresh();
            if (const auto answer = loan->ask(requested, file, death)) {
                if (is_full(*answer) && !was_fresh) {  // of what earlier images left behind
                    loan->restart();
                    continue;
                }
                use(*answer, loan->memory());
                return;
            }
            metrics::count("bucky_decoder_deaths_total");
            log::event(log::Level::warning, "decoder.died", {{"words", death.words()}});
        }
        must_be_the_image(death);
        throw inference::DecoderDied(death.words());
    }

    std::vector<int> pids() {
        const std::lock_guard lock(mutex_);
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
        /// The one that has seen the file, if that is idle.
        Loan(Pool& pool, const std::filesystem::path& file) : pool_(pool) {
            std::unique_lock lock(pool.mutex_);
            pool.returned_.wait(lock, [&] { return !pool.idle_.empty(); });
            auto& idle = pool.idle_;
            auto best = std::find_if(idle.begin(), idle.end(),
                                     [&](const Worker* worker) { return worker->knows(file); });
            if (best == idle.end()) --best;
            worker_ = *best;
            idle.erase(best);
        }
        ~Loan() {
            {
                const std::lock_guard lock(pool_.mutex_);
                pool_.idle_.push_back(worker_);
            }
            pool_.returned_.notify_one();
        }
        Loan(const Loan&) = delete;
        Loan& operator=(const Loan&) = delete;
        Worker* operator->() { return worker_; }

    private:
        Pool& pool_;
        Worker* worker_ = nullptr;
    };

    const std::vector<std::string> command_;
    std::mutex mutex_;
    std::condition_variable returned_;
    std::vector<std::unique_ptr<Worker>> all_;
    std::vector<Worker*> idle_;
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

/// A LUT has 128 KB, a header less, some 40 texts at most 64 KB each: what is longer is no honest
/// answer.
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
