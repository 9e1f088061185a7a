// SPDX-License-Identifier: Apache-2.0
#include "scp/web/part10_prefix.h"

#include <array>

#include "scp/wire/dataset_tags.h"

namespace bucky::scp {
namespace {

constexpr std::size_t kPreambleBytes = 128;
constexpr std::string_view kDicm = "DICM";
constexpr std::string_view kMetaGroup{"\x02\x00", 2};
constexpr std::size_t kHeadBytes = 8, kLongHeadBytes = 12;  ///< of an element (PS3.5 7.1.2)

std::uint32_t little(std::string_view bytes) {
    std::uint32_t value = 0;
    for (std::size_t at = bytes.size(); at-- > 0;) {
        value = value << 8U | static_cast<unsigned char>(bytes[at]);
    }
    return value;
}

std::string text_of(std::string_view value) {
    value = value.substr(0, value.find('\0'));
    const auto last = value.find_last_not_of(' ');
    return std::string{value.substr(0, last == std::string_view::npos ? 0 : last + 1)};
}

std::string* field_of(Part10Prefix& prefix, std::uint32_t element) {
    switch (element) {
        case 0x0002: return &prefix.sop_class;
        case 0x0003: return &prefix.sop_instance;
        case 0x0010: return &prefix.transfer_syntax;
        default: return nullptr;
    }
}

/// Where group 0002 begins; npos: nowhere.
std::size_t begins_at(std::string_view bytes) {
    if (bytes.starts_with(kMetaGroup)) return 0;
    if (bytes.starts_with(kDicm)) return kDicm.size();
    const auto prefix = bytes.substr(std::min(bytes.size(), kPreambleBytes), kDicm.size());
    return prefix == kDicm ? kPreambleBytes + kDicm.size() : std::string_view::npos;
}

}  // namespace

Part10Prefix read_prefix(std::string_view so_far, bool is_all) {
    using Kind = Part10Prefix::Kind;
    const auto waits = so_far.size() < kPrefixBytesMax && !is_all ? Kind::more : Kind::wrong;
    if (so_far.size() < kPreambleBytes + kDicm.size()) return {waits};
    auto at = begins_at(so_far);
    if (at == std::string_view::npos) return {Kind::wrong};
    Part10Prefix made{Kind::whole};
    while (true) {
        const auto rest = so_far.substr(at);
        if (rest.size() < kHeadBytes) return {waits};
        if (!rest.starts_with(kMetaGroup)) break;
        const bool is_long = has_long_length({rest[4], rest[5]});
        if (is_long && rest.size() < kLongHeadBytes) return {waits};
        const auto length = is_long ? little(rest.substr(8, 4)) : little(rest.substr(6, 2));
        const auto head = is_long ? kLongHeadBytes : kHeadBytes;
        if (length > kPrefixBytesMax) return {Kind::wrong};
        if (rest.size() < head + length) return {waits};
        if (auto* field = field_of(made, little(rest.substr(2, 2)))) {
            *field = text_of(rest.substr(head, length));
        }
        at += head + length;
    }
    made.dataset_at = at;
    return made;
}

}  // namespace bucky::scp
