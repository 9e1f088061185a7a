// SPDX-License-Identifier: Apache-2.0
// DecoderProcess: one decode worker, as the node sees it: the process and the two descriptors that
// lead to it. It is asked about one file at a time and drops it before the next. A caller that
// finds it dead restarts it. One thread at a time, except kill().
#pragma once

#include <atomic>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sys/types.h>

#include "scp/wire/unique_fd.h"
#include "tools/bucky/sandbox/protocol.h"

namespace bucky {

/// How a process ended while it was asked.
struct DecoderDeath {
    int status = 0;          ///< as waitpid() returns it
    bool was_asked = false;  ///< false: it was dead before the question came

    bool by(int signal) const;
    bool by_exit() const;
    std::string words() const;

    /// Throws when the death says nothing about the image, or leaves it open.
    void must_be_the_image() const;
};

class DecoderProcess {
public:
    /// Starts the process. Throws unavailable or exhausted, as restart() does.
    explicit DecoderProcess(const std::vector<std::string>& command);
    ~DecoderProcess();
    DecoderProcess(const DecoderProcess&) = delete;
    DecoderProcess& operator=(const DecoderProcess&) = delete;

    int pid() const { return pid_; }
    int memory() const { return memory_.get(); }
    bool is_fresh() const { return questions_ == 0; }  ///< nothing can have damaged it yet
    bool knows(const std::filesystem::path& file) const { return file_ == file; }

    void restart();
    void kill() const noexcept;  ///< any thread

    /// The answer, or how the process died. Throws what is wrong with the file's name, and
    /// DecoderFailed when no answer comes within limits::kDecodeWallSeconds.
    std::optional<Answer> ask(Question requested, const std::filesystem::path& file,
                              DecoderDeath& death);

private:
    /// Identifies the file, because a name may have become another file's.
    using FileId = std::pair<dev_t, ino_t>;

    void start();
    void spawn(int theirs);
    void wait_for_answer();
    static scp::UniqueFd open_file(const std::filesystem::path& file, FileId& id);
    int reap();
    void end();

    const std::vector<std::string>& command_;
    scp::UniqueFd socket_, memory_;
    std::atomic<pid_t> pid_ = -1;
    unsigned questions_ = 0;      ///< about file_
    std::filesystem::path file_;  ///< the file that it has open; empty: none
    FileId id_;
};

}  // namespace bucky
