// SPDX-License-Identifier: Apache-2.0
#include "tests/support/process.h"

#include <array>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstdint>
#include <mutex>
#include <stdexcept>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace bucky::test {
namespace {

std::vector<std::string> environment_with(const Environment& extra) {
    std::vector<std::string> all;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text = *entry;
        if (!extra.contains(std::string{text.substr(0, text.find('='))})) all.emplace_back(text);
    }
    for (const auto& [key, value] : extra) all.push_back(key + '=' + value);
    return all;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    for (auto& text : texts) pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
}

struct Started {
    pid_t pid;
    int out;  ///< read end of its stdout and stderr
};

Started start(std::vector<std::string> command, const Environment& extra) {
    std::array<int, 2> pipe_ends{};
    if (::pipe2(pipe_ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
    auto environment = environment_with(extra);
    const auto arguments = pointers_to(command);
    const auto variables = pointers_to(environment);
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0) throw std::runtime_error("fork");
    if (pid == 0) {  // only async-signal-safe calls below
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        ::setpgid(0, 0);
        if (::getppid() != parent) ::_exit(126);
        ::dup2(::open("/dev/null", O_RDONLY), STDIN_FILENO);
        ::dup2(pipe_ends[1], STDOUT_FILENO);
        ::dup2(pipe_ends[1], STDERR_FILENO);
        ::execvpe(arguments[0], arguments.data(), variables.data());
        ::_exit(127);
    }
    ::setpgid(pid, pid);  // in parent and child: a kill of the group must not be too early
    ::close(pipe_ends[1]);
    return {pid, pipe_ends[0]};
}

}  // namespace

struct Process::Impl {
    const pid_t pid;
    const int out, pid_fd, ended;

    mutable std::mutex mutex;
    std::condition_variable came;
    std::vector<std::string> lines;  // guarded by mutex
    bool at_end = false;             // guarded by mutex
    std::atomic<bool> held = false;  // the output is not read; not after the end
    std::mutex reaping;
    std::optional<int> status;  // guarded by reaping
    std::thread reader;

    explicit Impl(Started started)
        : pid(started.pid),
          out(started.out),
          // glibc 2.36 declares pidfd_open() without C linkage
          pid_fd(static_cast<int>(::syscall(SYS_pidfd_open, started.pid, 0))),
          ended(::eventfd(0, EFD_CLOEXEC)) {
        reader = std::thread([this] { read_lines(); });
    }

    ~Impl() {
        if (!wait(std::chrono::milliseconds(0))) {
            (void)::kill(-pid, SIGKILL);
            (void)wait(std::chrono::seconds(10));
        }
        if (reader.joinable()) reader.join();
        ::close(out);
        ::close(pid_fd);
        ::close(ended);
    }

    std::optional<int> wait(std::chrono::milliseconds at_most) {
        pollfd exit{pid_fd, POLLIN, 0};  // stays readable after the end
        if (::poll(&exit, 1, static_cast<int>(at_most.count())) != 1) return std::nullopt;
        const std::lock_guard lock(reaping);
        if (status) return status;
        int raw = 0;
        (void)::waitpid(pid, &raw, 0);
        status = WIFEXITED(raw) ? WEXITSTATUS(raw) : -WTERMSIG(raw);
        const std::uint64_t one = 1;              // the reader empties the pipe and ends, even if
        (void)!::write(ended, &one, sizeof one);  // a grandchild still has the other end open
        reader.join();
        return status;
    }

    void read_lines() {
        std::string rest;
        std::array<char, 65536> chunk{};
        for (;;) {
            const bool waits = held;
            std::array<pollfd, 2> events{pollfd{waits ? -1 : out, POLLIN, 0},
                                         pollfd{ended, POLLIN, 0}};
            constexpr int kLookAgainMs = 20;
            if (::poll(events.data(), events.size(), waits ? kLookAgainMs : -1) < 0 &&
                errno != EINTR) {
                break;
            }
            if (waits) {
                if (events[1].revents != 0) held = false;
                continue;
            }
            if ((events[0].revents & (POLLIN | POLLHUP)) == 0) {
                if (events[1].revents != 0) break;
                continue;
            }
            const ssize_t got = ::read(out, chunk.data(), chunk.size());
            if (got <= 0) break;
            rest.append(chunk.data(), static_cast<std::size_t>(got));
            take_lines(rest);
        }
        const std::lock_guard lock(mutex);
        if (!rest.empty()) lines.push_back(rest);
        at_end = true;
        came.notify_all();
    }

    void take_lines(std::string& rest) {
        const std::lock_guard lock(mutex);
        std::size_t begin = 0;
        for (auto end = rest.find('\n'); end != std::string::npos; end = rest.find('\n', begin)) {
            lines.push_back(rest.substr(begin, end - begin));
            begin = end + 1;
        }
        rest.erase(0, begin);
        came.notify_all();
    }
};

Process::Process(const std::vector<std::string>& command, const Environment& environment)
    : impl_(std::make_unique<Impl>(start(command, environment))) {}
Process::Process(Process&&) noexcept = default;
Process& Process::operator=(Process&&) noexcept = default;
Process::~Process() = default;

std::optional<std::string> Process::wait_for_line(
    const std::function<bool(std::string_view)>& wanted, std::chrono::milliseconds at_most,
    std::size_t from) {
    const auto give_up = std::chrono::steady_clock::now() + at_most;
    std::unique_lock lock(impl_->mutex);
    for (std::size_t next = from;;) {
        for (; next < impl_->lines.size(); ++next) {
            if (wanted(impl_->lines[next])) return impl_->lines[next];
        }
        if (impl_->at_end) return std::nullopt;
        if (impl_->came.wait_until(lock, give_up) == std::cv_status::timeout) return std::nullopt;
    }
}

std::optional<std::string> Process::wait_for_line(std::string_view part,
                                                  std::chrono::milliseconds at_most,
                                                  std::size_t from) {
    return wait_for_line(
        [part](std::string_view line) { return line.find(part) != std::string_view::npos; },
        at_most, from);
}

std::vector<std::string> Process::lines() const {
    const std::lock_guard lock(impl_->mutex);
    return impl_->lines;
}

std::string Process::output() const {
    std::string all;
    for (const auto& line : lines()) all += line + '\n';
    return all;
}

void Process::hold_output() {
    constexpr int kPipeBytes = 4096;
    (void)::fcntl(impl_->out, F_SETPIPE_SZ, kPipeBytes);
    impl_->held = true;
}

void Process::let_output_flow() {
    impl_->held = false;
}

void Process::signal(int number) {
    if (!impl_->wait(std::chrono::milliseconds(0))) (void)::kill(impl_->pid, number);
}

std::optional<int> Process::wait(std::chrono::milliseconds at_most) {
    return impl_->wait(at_most);
}

int Process::pid() const {
    return impl_->pid;
}

Finished run(const std::vector<std::string>& command, const Environment& environment,
             std::chrono::milliseconds at_most) {
    Process process{command, environment};
    const auto status = process.wait(at_most);
    return {status.value_or(kStopped), process.output()};
}

Finished sqlite(const std::filesystem::path& database, const std::string& sql) {
    return run({"/usr/bin/python3", "-c",
                "import sqlite3, sys\n"
                "db = sqlite3.connect(sys.argv[1], timeout=10)\n"
                "print(db.execute(sys.argv[2]).fetchall())\n"
                "db.commit(); db.close()\n",
                database.string(), sql});
}

std::string output_of(const std::string& command) {
    return run({"sh", "-c", command}).output;
}

std::string field(std::string_view line, std::string_view key) {
    const std::string wanted = ' ' + std::string{key} + '=';
    const auto at = line.find(wanted);
    if (at == std::string_view::npos) return {};
    auto value = line.substr(at + wanted.size());
    if (!value.starts_with('"')) return std::string{value.substr(0, value.find(' '))};
    value.remove_prefix(1);
    return std::string{value.substr(0, value.find('"'))};
}

}  // namespace bucky::test
