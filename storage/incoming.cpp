// SPDX-License-Identifier: Apache-2.0
#include "storage/incoming.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "conf/base/error.h"

namespace bucky::storage {
namespace {

constexpr std::size_t kBlockBytes = 1U << 20U;  // a few disk requests per X-ray
// O_DIRECT requires this alignment of address, offset and length: the disk's logical block, never
// more than this.
constexpr std::size_t kAlignment = 4096;

Fault fault_of(int error) {
    switch (error) {
        case ENOSPC:
        case EDQUOT:
        case EMFILE:
        case ENFILE:
        case ENOMEM: return Fault::exhausted;
        default: return Fault::unavailable;
    }
}

}  // namespace

void fail_file(std::string_view doing, const std::filesystem::path& path) {
    const int error = errno;
    throw Error(fault_of(error), "cannot {} {}: {}", doing, path.string(),
                std::generic_category().message(error));
}

Incoming::Incoming(Incoming&& other) noexcept
    : calls_(other.calls_),
      fd_(std::exchange(other.fd_, -1)),
      path_(std::move(other.path_)),
      bytes_(other.bytes_),
      block_(std::move(other.block_)),
      held_(other.held_),
      past_cache_(other.past_cache_),
      may_go_past_(other.may_go_past_),
      kept_(std::exchange(other.kept_, true)) {}

Incoming::~Incoming() {
    if (fd_ >= 0) ::close(fd_);
    if (!kept_) ::unlink(path_.c_str());
}

void Incoming::write(std::span<const std::uint8_t> bytes) {
    if (!block_) {
        block_.reset(static_cast<std::uint8_t*>(std::aligned_alloc(kAlignment, kBlockBytes)));
        if (!block_) throw Error(Fault::exhausted, "no memory to receive {}", path_.string());
    }
    bytes_ += bytes.size();
    while (!bytes.empty()) {
        const auto now = std::min(bytes.size(), kBlockBytes - held_);
        std::memcpy(block_.get() + held_, bytes.data(), now);
        held_ += now;
        bytes = bytes.subspan(now);
        if (held_ == kBlockBytes) flush();
    }
}

void Incoming::flush() {
    const std::span held{block_.get(), held_};
    const std::size_t aligned = held_ - held_ % kAlignment;
    if (aligned > 0) {
        go_past_cache(true);
        put(held.first(aligned));
    }
    if (aligned < held_) {
        go_past_cache(false);
        may_go_past_ = false;  // what follows begins at an unaligned offset
        put(held.subspan(aligned));
    }
    held_ = 0;
}

void Incoming::put(std::span<const std::uint8_t> bytes) {
    while (!bytes.empty()) {
        errno = 0;
        const auto written = calls_->write(fd_, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0 && errno == EINVAL && past_cache_) {  // O_DIRECT does not work here
            may_go_past_ = false;
            go_past_cache(false);
            continue;
        }
        if (written <= 0) fail_file("write", path_);
        bytes = bytes.subspan(static_cast<std::size_t>(written));
        if (!bytes.empty() && past_cache_) {  // a partial write: the rest may be unaligned
            may_go_past_ = false;
            go_past_cache(false);
        }
    }
}

/// A file system without O_DIRECT refuses the flag, and the file stays as it was.
void Incoming::go_past_cache(bool past) noexcept {
    past = past && may_go_past_;
    if (past == past_cache_) return;
    if (::fcntl(fd_, F_SETFL, past ? O_DIRECT : 0) == 0) {
        past_cache_ = past;
    } else {
        may_go_past_ = false;
    }
}

}  // namespace bucky::storage
