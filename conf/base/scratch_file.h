// SPDX-License-Identifier: Apache-2.0
// ScratchFile: where bytes go that are being received, until somebody decides to keep them. The
// wire writes into one without knowing who keeps files, and where (storage/spool.h does).
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

namespace bucky {

class ScratchFile {
public:
    virtual ~ScratchFile() = default;

    /// Appends all bytes. Throws exhausted or unavailable.
    virtual void write(std::span<const std::uint8_t> bytes) = 0;
    /// Call it before anything reads the file by its path. Throws as write().
    virtual void flush() = 0;
    virtual const std::filesystem::path& path() const noexcept = 0;

    ScratchFile(const ScratchFile&) = delete;
    ScratchFile& operator=(const ScratchFile&) = delete;

protected:
    ScratchFile() = default;
};

class ScratchFiles {
public:
    virtual ~ScratchFiles() = default;

    /// A new file, deleted with its scope. Throws exhausted or unavailable.
    virtual std::unique_ptr<ScratchFile> open_scratch() = 0;

    ScratchFiles(const ScratchFiles&) = delete;
    ScratchFiles& operator=(const ScratchFiles&) = delete;

protected:
    ScratchFiles() = default;
};

}  // namespace bucky
