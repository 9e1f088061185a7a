// SPDX-License-Identifier: Apache-2.0
#include "scp/wire/associate_request.h"

#include <algorithm>

#include "conf/base/limits.h"

namespace bucky::scp {
namespace {

constexpr std::size_t kHeaderBytes = 6;
constexpr std::uint8_t kAssociateRequest = 0x01;
constexpr std::uint8_t kTlsHandshake = 0x16;  // RFC 8446 5.1
/// Protocol version, two AE titles, reserved bytes (PS3.8 Table 9-11, bytes 7 to 74): no items yet.
constexpr std::size_t kFixedBytes = 68;

}  // namespace

Peek peek(std::span<const std::uint8_t> so_far) {
    if (so_far.empty()) return {Peek::Kind::more, kHeaderBytes, {}};
    if (so_far[0] == kTlsHandshake) return {Peek::Kind::wrong, 0, "tls_on_plain_port"};
    if (so_far[0] != kAssociateRequest) return {Peek::Kind::wrong, 0, "not_dicom"};
    if (so_far.size() < kHeaderBytes) return {Peek::Kind::more, kHeaderBytes, {}};
    std::size_t length = 0;
    for (const std::uint8_t byte : so_far.subspan(2, 4)) length = length << 8U | byte;
    if (length < kFixedBytes) return {Peek::Kind::wrong, 0, "too_short"};
    if (length > limits::kAssociateRequestBytesMax) return {Peek::Kind::wrong, 0, "too_large"};
    const std::size_t whole = kHeaderBytes + length;
    return {so_far.size() < whole ? Peek::Kind::more : Peek::Kind::whole, whole, {}};
}

}  // namespace bucky::scp
