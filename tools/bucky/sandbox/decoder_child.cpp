// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/sandbox/decoder_child.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdict.h>
#include <dcmtk/oflog/oflog.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conf/base/error.h"
#include "conf/observe/log.h"
#include "inference/pixels/text_reader.h"
#include "inference/pixels/text_search.h"
#include "scp/wire/unique_fd.h"
#include "tools/bucky/sandbox/confined_decoder.h"
#include "tools/bucky/sandbox/pass_file.h"
#include "tools/bucky/sandbox/protocol.h"
#include "tools/bucky/sandbox/seccomp.h"

namespace bucky {
namespace {

void get_ready() {
    (void)std::signal(SIGTERM, SIG_IGN);  // meant for the node, which then closes our socket
    (void)std::signal(SIGINT, SIG_IGN);
    (void)::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    const rlimit no_core{0, 0};
    (void)::setrlimit(RLIMIT_CORE, &no_core);
    OFLog::configure(OFLogger::OFF_LOG_LEVEL);
    (void)dcmDataDict.isDictionaryLoaded();  // loaded once, inherited by all children
    inference::load_tesseract();             // a child may open nothing outside /usr
    if (!has_seccomp_filters()) {
        log::event(log::Level::warning, "decoder.not_shut_in",
                   {{"words", "this kernel has no seccomp filters"}});
    }
}

/// The child process that opens the one file. The destructor kills it.
class Child {
public:
    Child() {
        std::array<int, 2> ends{-1, -1};
        if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) {
            throw Error(Fault::exhausted, "no socket for a decoder: {}", std::strerror(errno));
        }
        link_ = scp::UniqueFd{ends[0]};
        const scp::UniqueFd theirs{ends[1]};
        const pid_t parent = ::getpid();
        pid_ = ::fork();
        if (pid_ < 0) {
            throw Error(Fault::exhausted, "no process for a decoder: {}", std::strerror(errno));
        }
        if (pid_ > 0) return;
        (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent) std::_Exit(EXIT_SUCCESS);
        link_ = {};
        ::close(kWorkerSocket);  // it talks to its parent only
        std::_Exit(serve_one_file(theirs.get()));
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child() {
        (void)::kill(pid_, SIGKILL);  // ends a stopped process too
        (void)reap();
    }

    int link() const { return link_.get(); }

    /// This process ends with the status or signal of the child.
    [[noreturn]] void end_alike() {
        const int status = reap();
        if (WIFSIGNALED(status)) {
            (void)std::signal(WTERMSIG(status), SIG_DFL);
            (void)std::raise(WTERMSIG(status));
        }
        std::_Exit(WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE);
    }

private:
    int reap() {
        int status = 0;
        while (pid_ > 0 && ::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
        }
        pid_ = -1;
        return status;
    }

    scp::UniqueFd link_;
    pid_t pid_ = -1;
};

/// What later children need to search for text, once one has been asked to; it loads in 0.1 s.
bool is_text_asked = false;

bool is_about_text(Question asked) {
    return asked == Question::text_in_display || asked == Question::text_in_modality;
}

void prepare_for_text() noexcept {
    try {
        inference::prepare_text_search();
    } catch (const std::exception&) {  // the child that is asked says what is missing
        is_text_asked = false;
    }
}

/// Passes questions down and answers up until the child's file is done with. Returns false when the
/// node is gone.
bool pass_on(Child& child) {
    while (true) {
        std::array<pollfd, 2> both{pollfd{kWorkerSocket, POLLIN, 0},
                                   pollfd{child.link(), POLLIN, 0}};
        if (::poll(both.data(), both.size(), -1) < 0) continue;
        if (both[1].revents != 0) {
            Answer answer;
            if (::recv(child.link(), &answer, sizeof answer, 0) != sizeof answer) child.end_alike();
            if (::send(kWorkerSocket, &answer, sizeof answer, MSG_NOSIGNAL) < 0) return false;
        }
        if (both[0].revents == 0) continue;
        const auto asked = receive_question(kWorkerSocket);
        if (!asked) return false;
        if (asked->requested == Question::forget) return true;
        is_text_asked = is_text_asked || is_about_text(asked->requested);
        (void)send_question(child.link(), asked->requested, asked->file.get());
    }
}

/// Wiped, so that the next child sees no pixel of this child's file.
void wipe_memory() {
    static std::array<char, 1 << 20> zeros{};
    const auto size = ::lseek(kWorkerMemory, 0, SEEK_END);
    bool is_wiped = size <= kWorkerMemoryKeptBytes;
    for (off_t at = 0; is_wiped && at < size;) {
        const auto most = std::min<off_t>(size - at, static_cast<off_t>(zeros.size()));
        const auto written =
            ::pwrite(kWorkerMemory, zeros.data(), static_cast<std::size_t>(most), at);
        is_wiped = written > 0;
        at += written;
    }
    if (!is_wiped && ::ftruncate(kWorkerMemory, 0) != 0) std::abort();  // the node starts another
}

}  // namespace

int serve_decoder() {
    get_ready();
    try {
        while (true) {
            {
                Child child;
                if (!pass_on(child)) return 0;
            }
            wipe_memory();
            if (is_text_asked) prepare_for_text();
        }
    } catch (const Error&) {  // the machine's fault: the status tells the node so
        return kNoRoomForWorker;
    }
}

}  // namespace bucky
