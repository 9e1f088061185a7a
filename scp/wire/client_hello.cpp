// SPDX-License-Identifier: Apache-2.0
#include "scp/wire/client_hello.h"

namespace bucky::scp {
namespace {

constexpr std::size_t kHeaderBytes = 5;
constexpr std::uint8_t kHandshake = 22;
constexpr std::uint8_t kMajorVersion = 3;
constexpr std::size_t kRecordBytesMax = 1U << 14U;
constexpr std::uint8_t kAssociateRequest = 0x01;

}  // namespace

Peek peek_hello(std::span<const std::uint8_t> so_far) {
    if (so_far.empty()) return {Peek::Kind::more, kHeaderBytes, {}};
    if (so_far[0] == kAssociateRequest) return {Peek::Kind::wrong, 0, "plain_on_tls_port"};
    if (so_far[0] != kHandshake) return {Peek::Kind::wrong, 0, "not_tls"};
    if (so_far.size() < kHeaderBytes) return {Peek::Kind::more, kHeaderBytes, {}};
    const std::size_t length = static_cast<std::size_t>(so_far[3]) << 8U | so_far[4];
    if (so_far[1] != kMajorVersion || length == 0 || length > kRecordBytesMax) {
        return {Peek::Kind::wrong, 0, "not_tls"};
    }
    const std::size_t whole = kHeaderBytes + length;
    return {so_far.size() < whole ? Peek::Kind::more : Peek::Kind::whole, whole, {}};
}

}  // namespace bucky::scp
