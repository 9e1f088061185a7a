// SPDX-License-Identifier: Apache-2.0
#include "storage/same_data_set.h"

#include <array>
#include <cstring>
#include <fstream>
#include <optional>
#include <string_view>
#include <vector>

#include "conf/base/error.h"

namespace bucky::storage {
namespace {

constexpr std::size_t kPreambleBytes = 128;
/// DICM, then (0002,0000) File Meta Information Group Length, UL, 4 bytes (PS3.10 7.1).
constexpr std::string_view kMetaBegins{"DICM\x02\x00\x00\x00UL\x04\x00", 12};
constexpr std::size_t kMetaLengthAt = kPreambleBytes + kMetaBegins.size();
constexpr std::size_t kMetaAt = kMetaLengthAt + 4;

/// A file opened at its data set.
struct DataSet {
    std::ifstream in;
    std::uint64_t bytes = 0;
};

std::optional<DataSet> open_data_set(const std::filesystem::path& file) {
    DataSet set;
    set.in.open(file, std::ios::binary | std::ios::ate);
    if (!set.in) return std::nullopt;
    const auto size = static_cast<std::uint64_t>(set.in.tellg());
    std::array<char, kMetaAt> head{};
    std::uint64_t begins = 0;
    set.in.seekg(0);
    if (size >= head.size() && set.in.read(head.data(), head.size()) &&
        std::string_view{head.data() + kPreambleBytes, kMetaBegins.size()} == kMetaBegins) {
        for (std::size_t byte = 4; byte-- > 0;) {  // little endian
            begins = begins << 8U | static_cast<unsigned char>(head[kMetaLengthAt + byte]);
        }
        begins += kMetaAt;
        if (begins > size) begins = 0;
    }
    set.bytes = size - begins;
    set.in.clear();
    set.in.seekg(static_cast<std::streamoff>(begins));
    return set;
}

}  // namespace

bool same_data_set(const std::filesystem::path& kept, const std::filesystem::path& arrived) {
    auto one = open_data_set(kept);
    auto other = open_data_set(arrived);
    if (!other) throw Error(Fault::unavailable, "cannot read {}", arrived.string());
    if (!one) {
        std::error_code ignored;
        if (!std::filesystem::exists(kept, ignored)) return false;
        throw Error(Fault::unavailable, "cannot read {}", kept.string());
    }
    if (one->bytes != other->bytes) return false;

    constexpr std::uint64_t kChunkBytes = 1U << 18U;
    std::vector<char> left(kChunkBytes);
    std::vector<char> right(kChunkBytes);
    for (auto rest = one->bytes; rest > 0;) {
        const auto chunk = static_cast<std::streamsize>(std::min(rest, kChunkBytes));
        if (!one->in.read(left.data(), chunk) || !other->in.read(right.data(), chunk)) {
            throw Error(Fault::unavailable, "cannot read {} beside {}", kept.string(),
                        arrived.string());
        }
        if (std::memcmp(left.data(), right.data(), static_cast<std::size_t>(chunk)) != 0) {
            return false;
        }
        rest -= static_cast<std::uint64_t>(chunk);
    }
    return true;
}

}  // namespace bucky::storage
