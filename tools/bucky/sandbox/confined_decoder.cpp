// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/sandbox/confined_decoder.h"

#include <filesystem>
#include <fstream>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conf/base/limits.h"
#include "dicom_sr/common/object.h"
#include "inference/pixels/decoder.h"
#include "tools/bucky/sandbox/landlock.h"
#include "tools/bucky/sandbox/pass_file.h"
#include "tools/bucky/sandbox/protocol.h"
#include "tools/bucky/sandbox/seccomp.h"

namespace bucky {
namespace {

void write_all(const void* bytes, std::size_t count, off_t at) {
    const auto* from = static_cast<const char*>(bytes);
    while (count > 0) {
        const auto written = ::pwrite(kWorkerMemory, from, count, at);
        if (written <= 0) throw Error(Fault::unavailable, "no memory to hand an image over");
        from += written;
        at += written;
        count -= static_cast<std::size_t>(written);
    }
}

/// Limits the address space to what is mapped now plus room for one image.
void limit_memory() {
#ifndef __SANITIZE_ADDRESS__  // the sanitizer reserves terabytes of address space
    std::uint64_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    const rlim_t most =
        pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) + limits::kDecodeMemoryBytes;
    const rlimit limit{most, most};
    (void)::setrlimit(RLIMIT_AS, &limit);
#endif
}

/// SIGXCPU ends this process kDecodeCpuSeconds from now. The hard limit is not lowered, so that the
/// next question can set its own.
void limit_processor_time() {
    rusage used{};
    (void)::getrusage(RUSAGE_SELF, &used);
    const auto seconds = used.ru_utime.tv_sec + used.ru_stime.tv_sec + 1;
    const rlimit limit{static_cast<rlim_t>(seconds) + limits::kDecodeCpuSeconds, RLIM_INFINITY};
    (void)::setrlimit(RLIMIT_CPU, &limit);
}

/// From here on this process can open only this file, and libraries with their tables, which hold
/// no secret.
void shut_in_with(int file) {
    static const std::vector<std::filesystem::path> kOfTheSystem{"/usr"};
    (void)restrict_files(kOfTheSystem, file);  // without it, the node has logged so once
    (void)install_seccomp_filter();            // and the parent, too
}

Answer packed_answer(std::string_view packed, Answer::Kind kind = Answer::Kind::value) {
    Answer answer;
    answer.kind = kind;
    answer.packed_bytes = packed.size();
    write_all(packed.data(), packed.size(), 0);
    return answer;
}

Answer image_of(const std::filesystem::path& file) {
    const auto image = inference::in_process().image(file);
    const auto packed = pack(image);
    Answer answer = packed_answer(packed);
    answer.pattern_bytes = image.frame.patterns.size() * sizeof image.frame.patterns[0];
    answer.hidden_bytes = image.hidden.size();
    const auto patterns_at = static_cast<off_t>(answer.packed_bytes);
    const auto hidden_at = patterns_at + static_cast<off_t>(answer.pattern_bytes);
    write_all(image.frame.patterns.data(), answer.pattern_bytes, patterns_at);
    write_all(image.hidden.data(), answer.hidden_bytes, hidden_at);
    return answer;
}

Answer value_of(Question requested, const std::filesystem::path& file) {
    switch (requested) {
        case Question::header: return packed_answer(pack(inference::in_process().header(file)));
        case Question::image: return image_of(file);
        case Question::source: return packed_answer(pack(dicom_sr::read_source(file)));
        case Question::text_in_display:
            return packed_answer(
                pack(inference::in_process().text(file, inference::Greys::display)));
        case Question::text_in_modality:
            return packed_answer(
                pack(inference::in_process().text(file, inference::Greys::modality)));
        case Question::forget: break;  // handled by the parent process
    }
    throw Error(Fault::bug, "nobody knows what is asked");
}

Answer error_of(Fault fault, std::string_view words) {
    Answer answer = packed_answer(words.substr(0, limits::kWordsMax), Answer::Kind::error);
    answer.fault = fault;
    return answer;
}

Answer answer_to(Question requested, const std::filesystem::path& file) {
    try {
        return value_of(requested, file);
    } catch (const Error& error) {  // the node gets the fault and the words
        return error_of(error.fault(), error.what());
    } catch (const std::bad_alloc&) {  // the image is too large for the limited address space
        return error_of(Fault::exhausted, "no memory to decode an image");
    } catch (const std::exception& error) {  // a codec may throw anything; the node reports a bug
        return error_of(Fault::bug, error.what());
    }
}

}  // namespace

int serve_one_file(int link) {
    limit_memory();
    scp::UniqueFd file;  // sent with each question; the first one may be opened
    while (auto asked = receive_question(link)) {
        if (!file) {
            file = std::move(asked->file);
            shut_in_with(file.get());
        }
        if (::lseek(kWorkerMemory, 0, SEEK_END) > kWorkerMemoryKeptBytes) {
            std::ignore = ::ftruncate(kWorkerMemory, 0);
        }
        limit_processor_time();
        const auto name = std::filesystem::path("/proc/self/fd") / std::to_string(file.get());
        const Answer answer = answer_to(asked->requested, name);
        if (::send(link, &answer, sizeof answer, MSG_NOSIGNAL) != sizeof answer) break;
    }
    return 0;
}

}  // namespace bucky
