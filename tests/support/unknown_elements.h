// SPDX-License-Identifier: Apache-2.0
// Elements of VR UN as other software writes them, in Explicit VR Little Endian: what a reader
// meets inside, and how it is enclosed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bucky::test {

struct UnknownElement {
    std::string_view what;
    std::string bytes;
};

inline std::string little(std::uint32_t value, unsigned bytes) {
    std::string text;
    for (unsigned i = 0; i < bytes; ++i) text.push_back(static_cast<char>(value >> 8 * i));
    return text;
}

inline std::string tag_of(std::uint32_t tag) {
    return little(tag >> 16U, 2) + little(tag & 0xFFFFU, 2);
}

inline constexpr std::uint32_t kUndefinedLength = 0xFFFFFFFF;

/// An item of explicit length, or ended by a delimiter.
inline std::string item_of(const std::string& content, bool delimited = false) {
    const auto length = delimited ? kUndefinedLength : static_cast<std::uint32_t>(content.size());
    const std::string end = tag_of(0xFFFEE00D) + little(0, 4);
    return tag_of(0xFFFEE000) + little(length, 4) + content + (delimited ? end : "");
}

/// An element with a four byte length; of undefined length if it is to be ended by a delimiter.
inline std::string element_of(std::uint32_t tag, const std::string& vr, const std::string& value,
                              bool delimited) {
    const auto length = delimited ? kUndefinedLength : static_cast<std::uint32_t>(value.size());
    const std::string end = tag_of(0xFFFEE0DD) + little(0, 4);
    return tag_of(tag) + vr + little(0, 2) + little(length, 4) + value + (delimited ? end : "");
}

inline std::string explicit_text(std::uint32_t tag, const std::string& vr,
                                 const std::string& value) {
    return tag_of(tag) + vr + little(static_cast<std::uint32_t>(value.size()), 2) + value;
}

inline std::string implicit_text(std::uint32_t tag, const std::string& value) {
    return tag_of(tag) + little(static_cast<std::uint32_t>(value.size()), 4) + value;
}

/// A chest by its Anatomic Region Sequence (0008,2218), in explicit and in implicit VR.
inline std::string explicit_chest() {
    return explicit_text(0x00080100, "SH", "51185008") + explicit_text(0x00080102, "SH", "SCT ") +
           explicit_text(0x00080104, "LO", "Chest ");
}
inline std::string implicit_chest() {
    return implicit_text(0x00080100, "51185008") + implicit_text(0x00080102, "SCT ") +
           implicit_text(0x00080104, "Chest ");
}

/// Every way in which UN encloses a sequence. Those of undefined length are a sequence to any
/// reader; one of defined length is bytes.
///   in   the element's tag
inline std::vector<UnknownElement> unknown_elements(std::uint32_t tag) {
    const auto un = [&](const std::string& items, bool delimited = true) {
        return element_of(tag, "UN", items, delimited);
    };
    const std::string inside = explicit_chest(), implicit = implicit_chest();
    const std::uint32_t inner = 0x00091011;
    const auto nested = [&](const std::string& vr, bool delimited) {
        return inside + element_of(inner, vr, item_of(inside, delimited), delimited);
    };
    return {
        {"explicit VR in items of defined length", un(item_of(inside))},
        {"explicit VR in delimited items", un(item_of(inside, true))},
        {"explicit VR in the second item, the first is empty", un(item_of("") + item_of(inside))},
        {"explicit VR behind two empty delimited items",
         un(item_of("", true) + item_of("", true) + item_of(inside, true))},
        {"explicit VR, several items", un(item_of(inside) + item_of(inside, true))},
        {"explicit VR with UN of undefined length inside", un(item_of(nested("UN", true)))},
        {"explicit VR with SQ of undefined length inside", un(item_of(nested("SQ", true), true))},
        {"explicit VR with SQ of defined length inside", un(item_of(nested("SQ", false)))},
        {"explicit VR with UN of defined length inside", un(item_of(nested("UN", false)))},
        {"implicit VR, as the standard has it", un(item_of(implicit))},
        {"implicit VR in delimited items", un(item_of(implicit, true))},
        {"implicit VR with a sequence inside",
         un(item_of(implicit + tag_of(inner) + little(kUndefinedLength, 4) + item_of(implicit) +
                    tag_of(0xFFFEE0DD) + little(0, 4)))},
        {"no items", un("")},
        {"only an empty item", un(item_of(""))},
        {"defined length, implicit VR", un(item_of(implicit), false)},
        {"defined length, explicit VR", un(item_of(inside), false)},
        {"defined length, bytes that are no sequence", un("\x01\x02\x03\x04UNUNUN", false)},
    };
}

}  // namespace bucky::test
