// SPDX-License-Identifier: Apache-2.0
// Uid and AeTitle: the two names that come from the network, checked once and then safe by type.
#pragma once

#include <compare>
#include <functional>
#include <string>
#include <string_view>

namespace bucky {

/// A DICOM unique identifier: digits and dots, 1 to 64 characters (PS3.5 section 9.1).
class Uid {
public:
    Uid() = default;  ///< empty: not known; every other Uid is well formed

    /// Trims the trailing NUL and space padding of PS3.5 6.2. Throws bad_input on anything else
    /// than [0-9.]{1,64}. Leading zeros in a component violate PS3.5 9.1 but are common: accepted.
    explicit Uid(std::string_view text);

    /// The same name always gives the same UID: a name-based UUID (RFC 9562 5.8, SHA-256) in
    /// Bucky's own name space, as 2.25.<decimal> (PS3.5 B.2). A repeated job thus has equal UIDs.
    static Uid from_name(std::string_view name);

    const std::string& str() const noexcept { return text_; }
    bool empty() const noexcept { return text_.empty(); }
    auto operator<=>(const Uid&) const = default;

private:
    std::string text_;
};

/// An Application Entity title: 1 to 16 printable ASCII characters without backslash, spaces at
/// both ends not significant (PS3.5 6.2, VR AE).
class AeTitle {
public:
    AeTitle() = default;
    explicit AeTitle(std::string_view text);  ///< throws bad_input

    const std::string& str() const noexcept { return text_; }
    bool empty() const noexcept { return text_.empty(); }
    auto operator<=>(const AeTitle&) const = default;

private:
    std::string text_;
};

}  // namespace bucky

template <>
struct std::hash<bucky::Uid> {
    std::size_t operator()(const bucky::Uid& uid) const noexcept {
        return std::hash<std::string>{}(uid.str());
    }
};
