// SPDX-License-Identifier: Apache-2.0
#include "conf/base/ids.h"

#include <algorithm>
#include <array>

#include "conf/base/digest.h"
#include "conf/base/error.h"

namespace bucky {
namespace {

constexpr std::size_t kUidLengthMax = 64;  // PS3.5 9.1
constexpr std::size_t kAeLengthMax = 16;   // PS3.5 6.2

/// The name space of all UIDs that Bucky derives. Never change it: the same job would get new UIDs.
constexpr std::string_view kNameSpace = "https://bucky.invalid/dicom/uid/1";

std::string_view without_padding(std::string_view text, std::string_view padding) {
    const auto end = text.find_last_not_of(padding);
    return end == std::string_view::npos ? std::string_view{} : text.substr(0, end + 1);
}

/// 128 bits, big endian, as a decimal number (schoolbook division, 16 bytes are few).
std::string decimal(std::array<std::uint8_t, 16> number) {
    std::string digits;
    while (std::any_of(number.begin(), number.end(), [](auto byte) { return byte != 0; })) {
        unsigned rest = 0;
        for (auto& byte : number) {
            const unsigned part = rest * 256U + byte;
            byte = static_cast<std::uint8_t>(part / 10U);
            rest = part % 10U;
        }
        digits.push_back(static_cast<char>('0' + rest));
    }
    std::reverse(digits.begin(), digits.end());
    return digits.empty() ? "0" : digits;
}

}  // namespace

Uid::Uid(std::string_view text) {
    text = without_padding(text, std::string_view{"\0 ", 2});
    const bool well_formed = !text.empty() && text.size() <= kUidLengthMax &&
                             text.find_first_not_of("0123456789.") == std::string_view::npos;
    if (!well_formed) {
        throw Error(Fault::bad_input,
                    "not a DICOM UID (1 to 64 digits and dots, PS3.5 9.1), {} characters long",
                    text.size());
    }
    text_ = text;
}

Uid Uid::from_name(std::string_view name) {
    auto hash = sha256(std::string{kNameSpace} + '\n' + std::string{name});
    std::array<std::uint8_t, 16> uuid{};
    std::copy_n(hash.begin(), uuid.size(), uuid.begin());
    uuid[6] = static_cast<std::uint8_t>((uuid[6] & 0x0FU) | 0x80U);  // RFC 9562 5.8: version 8
    uuid[8] = static_cast<std::uint8_t>((uuid[8] & 0x3FU) | 0x80U);  // RFC 9562 4.1: variant
    return Uid{"2.25." + decimal(uuid)};
}

AeTitle::AeTitle(std::string_view text) {
    text = without_padding(text, std::string_view{"\0 ", 2});
    const auto begin = text.find_first_not_of(' ');
    if (begin != std::string_view::npos) text.remove_prefix(begin);
    const bool well_formed = !text.empty() && text.size() <= kAeLengthMax &&
                             std::all_of(text.begin(), text.end(),
                                         [](char c) { return c >= ' ' && c <= '~' && c != '\\'; });
    if (!well_formed) {
        throw Error(
            Fault::bad_input,
            "not an AE title (1 to 16 printable ASCII characters without backslash, PS3.5 6.2)");
    }
    text_ = text;
}

}  // namespace bucky
