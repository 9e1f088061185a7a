// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/sandbox/decoder_child.h"

#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <new>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdict.h>
#include <dcmtk/oflog/oflog.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conf/base/limits.h"
#include "conf/observe/log.h"
#include "inference/pixels/decoder.h"
#include "tools/bucky/sandbox/landlock.h"
#include "tools/bucky/sandbox/protocol.h"
#include "tools/bucky/sandbox/seccomp.h"

namespace bucky {
namespace {

/// Beyond it, the memory goes back to the system before the next image.
constexpr off_t kMemoryKeptBytes = 64 << 20;

void write_all(const void* bytes, std::size_t count, off_t at) {
    const auto* from = static_cast<const char*>(bytes);
    while (count > 0) {
        const auto written = ::pwrite(kWorkerMemory, from, count, at);
        if (written <= 0) throw Error(Fault::exhausted, "no memory to hand an image over");
        from += written;
        at += written;
        count -= static_cast<std::size_t>(written);
    }
}

/// What is mapped now (LibTorch alone is some gigabytes of addresses) and room for one image.
void limit_memory() {
#ifndef __SANITIZE_ADDRESS__  // it reserves terabytes for itself
    std::uint64_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    const rlim_t most =
        pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) + limits::kDecodeMemoryBytes;
    const rlimit limit{most, most};
    (void)::setrlimit(RLIMIT_AS, &limit);
#endif
}

/// So many seconds from now; then SIGXCPU ends this process. The hard limit stays, so that the
/// next image can have its own.
void limit_processor_time() {
    rusage used{};
    (void)::getrusage(RUSAGE_SELF, &used);
    const auto seconds = used.ru_utime.tv_sec + used.ru_stime.tv_sec + 1;
    const rlimit limit{static_cast<rlim_t>(seconds) + limits::kDecodeCpuSeconds, RLIM_INFINITY};
    (void)::setrlimit(RLIMIT_CPU, &limit);
}

void be_small(std::vector<std::filesystem::path> reads) {
    (void)std::signal(SIGTERM, SIG_IGN);  // systemd and Ctrl-C mean the node, which then closes us
    (void)std::signal(SIGINT, SIG_IGN);
    (void)::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    const rlimit no_core{0, 0};
    (void)::setrlimit(RLIMIT_CORE, &no_core);
    limit_memory();
    OFLog::configure(OFLogger::OFF_LOG_LEVEL);
    (void)dcmDataDict.isDictionaryLoaded();  // it lies where no image does
    reads.push_back(reads.empty() ? "/"
                                  : "/usr");  // libraries and their tables, which are no secret
    (void)restrict_files(reads);              // the node says where there is none, once
    if (!install_seccomp_filter()) {
        log::event(log::Level::warning, "decoder.not_shut_in",
                   {{"words", "this kernel has no seccomp filters"}});
    }
}

Answer value_of(Question requested, const std::filesystem::path& file) {
    Answer answer;
    if (requested == Question::header) {
        const auto packed = pack(inference::in_process().header(file));
        answer.packed_bytes = packed.size();
        write_all(packed.data(), packed.size(), 0);
        return answer;
    }
    const auto image = inference::in_process().image(file);
    const auto packed = pack(image);
    answer.packed_bytes = packed.size();
    answer.pattern_bytes = image.frame.patterns.size() * sizeof image.frame.patterns[0];
    answer.hidden_bytes = image.hidden.size();
    const auto patterns_at = static_cast<off_t>(answer.packed_bytes);
    const auto hidden_at = patterns_at + static_cast<off_t>(answer.pattern_bytes);
    write_all(packed.data(), packed.size(), 0);
    write_all(image.frame.patterns.data(), answer.pattern_bytes, patterns_at);
    write_all(image.hidden.data(), answer.hidden_bytes, hidden_at);
    return answer;
}

Answer error_of(Fault fault, std::string_view words) {
    Answer answer;
    answer.kind = Answer::Kind::error;
    answer.fault = fault;
    answer.packed_bytes = words.size();
    write_all(words.data(), words.size(), 0);
    return answer;
}

Answer answer_to(Question requested, const std::filesystem::path& file) {
    try {
        return value_of(requested, file);
    } catch (const Error& error) {
        return error_of(error.fault(), error.what());
    } catch (const std::bad_alloc&) {
        return error_of(Fault::exhausted, "no memory to decode an image");
    } catch (const std::exception& error) {
        return error_of(Fault::bug, error.what());
    }
}

}  // namespace

int serve_decoder(const std::vector<std::filesystem::path>& reads) {
    be_small(reads);
    std::array<char, kQuestionBytesMax> question{};
    while (true) {
        const auto got = ::recv(kWorkerSocket, question.data(), question.size(), 0);
        if (got < 2) return 0;  // the node is gone
        if (::lseek(kWorkerMemory, 0, SEEK_END) > kMemoryKeptBytes) {
            (void)::ftruncate(kWorkerMemory, 0);
        }
        limit_processor_time();
        const std::string file(question.data() + 1, static_cast<std::size_t>(got) - 1);
        const Answer answer = answer_to(static_cast<Question>(question[0]), file);
        if (::send(kWorkerSocket, &answer, sizeof answer, MSG_NOSIGNAL) != sizeof answer) return 0;
    }
}

}  // namespace bucky
