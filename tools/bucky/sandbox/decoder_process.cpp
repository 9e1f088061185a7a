// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/sandbox/decoder_process.h"

#include <cerrno>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conf/base/error.h"
#include "conf/base/limits.h"
#include "inference/pixels/decoder.h"
#include "tools/bucky/sandbox/pass_file.h"

extern char** environ;  // NOLINT: POSIX names it

namespace bucky {
namespace {

using Fd = scp::UniqueFd;

/// Our environment plus a malloc setting for huge pages: every file gets fresh memory, whose cost
/// is per page. Functions of libraries are looked up once, not by the child of every file.
std::vector<std::string> environment_of_decoder() {
    std::vector<std::string> all;
    bool is_told = false;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        all.emplace_back(*entry);
        is_told = is_told || all.back().starts_with("GLIBC_TUNABLES=");
    }
    all.emplace_back("OMP_THREAD_LIMIT=1");  // Tesseract's; a worker is one of several
    all.emplace_back("LD_BIND_NOW=1");
    if (!is_told) all.emplace_back("GLIBC_TUNABLES=glibc.malloc.hugetlb=1");
    return all;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    for (auto& text : texts) pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
}

/// Duplicates `fd` to a number above `least`, whatever numbers are free.
Fd above(int least, int fd) {
    Fd copy(::fcntl(fd, F_DUPFD_CLOEXEC, least + 1));
    if (copy.get() < 0) {
        throw Error(Fault::exhausted, "no descriptor for a decoder: {}", std::strerror(errno));
    }
    return copy;
}

}  // namespace

bool DecoderDeath::by(int signal) const {
    return WIFSIGNALED(status) && WTERMSIG(status) == signal;
}

bool DecoderDeath::by_exit() const {
    return WIFEXITED(status);
}

std::string DecoderDeath::words() const {
    if (by(SIGXCPU)) {
        return fmt::format("decoding took more than {} s of processor time",
                           limits::kDecodeCpuSeconds);
    }
    if (WIFSIGNALED(status)) {
        return fmt::format("the decoder ended by {}", ::strsignal(WTERMSIG(status)));
    }
    return fmt::format("the decoder ended with status {}", WEXITSTATUS(status));
}

void DecoderDeath::must_be_the_image() const {
    if (by(SIGKILL)) {
        throw Error(Fault::exhausted, "the decoder was killed, most likely for want of memory");
    }
    if (by_exit() && WEXITSTATUS(status) == kNoRoomForWorker) {
        throw Error(Fault::exhausted, "the system gave no process for a decoder");
    }
    if (by_exit()) throw inference::DecoderFailed(Fault::unavailable, words());
}

DecoderProcess::DecoderProcess(const std::vector<std::string>& command) : command_(command) {
    start();
}

DecoderProcess::~DecoderProcess() {
    end();
}

void DecoderProcess::restart() {
    end();
    start();
}

void DecoderProcess::kill() const noexcept {
    if (const pid_t pid = pid_; pid > 0) (void)::kill(pid, SIGKILL);
}

std::optional<Answer> DecoderProcess::ask(Question requested, const std::filesystem::path& file,
                                          DecoderDeath& death) {
    FileId id;
    const Fd opened = open_file(file, id);
    if (!file_.empty() && (!knows(file) || id != id_)) {
        (void)send_question(socket_.get(), Question::forget);  // a dead worker shows later
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

void DecoderProcess::start() {
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

void DecoderProcess::spawn(int theirs) {
    // Duplicated above the target numbers, so that neither dup2 overwrites the other.
    const Fd socket = above(kWorkerMemory, theirs);
    const Fd memory = above(kWorkerMemory, memory_.get());
    posix_spawn_file_actions_t actions;
    (void)::posix_spawn_file_actions_init(&actions);
    (void)::posix_spawn_file_actions_adddup2(&actions, socket.get(), kWorkerSocket);
    (void)::posix_spawn_file_actions_adddup2(&actions, memory.get(), kWorkerMemory);
    // A worker that inherited a socket would keep that association open.
    (void)::posix_spawn_file_actions_addclosefrom_np(&actions, kWorkerMemory + 1);
    auto words = command_;
    auto environment = environment_of_decoder();
    const auto arguments = pointers_to(words);
    const auto variables = pointers_to(environment);
    pid_t pid = -1;
    const int failed =
        ::posix_spawn(&pid, arguments[0], &actions, nullptr, arguments.data(), variables.data());
    (void)::posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) {
        throw Error(Fault::unavailable, "cannot start {}: {}", command_[0], std::strerror(failed));
    }
    pid_ = pid;
}

void DecoderProcess::wait_for_answer() {
    pollfd answer{socket_.get(), POLLIN, 0};
    int ready = 0;
    do {
        ready = ::poll(&answer, 1, static_cast<int>(limits::kDecodeWallSeconds) * 1000);
    } while (ready < 0 && errno == EINTR);
    if (ready > 0) return;
    restart();  // kills the silent process
    throw inference::DecoderFailed(
        Fault::unavailable,
        fmt::format("the decoder did not answer for {} s", limits::kDecodeWallSeconds));
}

/// Opened by the node: what is wrong with the name is not the decoder's fault.
Fd DecoderProcess::open_file(const std::filesystem::path& file, FileId& id) {
    Fd opened(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat about {};
    if (!opened || ::fstat(opened.get(), &about) != 0) {
        const bool is_gone = errno == ENOENT || errno == ENOTDIR || errno == EACCES;
        const auto words = fmt::format("cannot read {}: {}", file.string(), std::strerror(errno));
        if (is_gone) throw inference::DecoderFailed(Fault::unavailable, words);
        throw Error(Fault::exhausted, "{}", words);
    }
    if (!S_ISREG(about.st_mode)) {
        throw Error(Fault::bad_input, "{} is not a file", file.string());
    }
    id = {about.st_dev, about.st_ino};
    return opened;
}

int DecoderProcess::reap() {
    int status = 0;
    if (pid_ > 0) {
        while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
        }
    }
    pid_ = -1;
    return status;
}

void DecoderProcess::end() {
    if (pid_ <= 0) return;
    socket_ = Fd();  // an idle worker ends by itself; a busy one must be killed
    (void)::kill(pid_, SIGKILL);
    (void)reap();
}

}  // namespace bucky
