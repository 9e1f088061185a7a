// SPDX-License-Identifier: Apache-2.0
// StudyKey: how a study is identified in the database, in logs and in commands: by its Study
// Instance UID and the tenant that owns its images. Two tenants may have studies with the same UID;
// they share nothing. A study without an owner is written "UID", a tenant's "UID@AE-TITLE". A UID
// contains no '@', so the first '@' ends it.
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "conf/base/ids.h"

namespace bucky::storage {

struct StudyKey {
    Uid uid;
    std::string owner{};  ///< the tenant's AE title; empty: no owner

    /// Throws bad_input when the text before the first '@' is not a UID.
    static StudyKey parse(std::string_view text) {
        const auto at = text.find('@');
        const bool is_owned = at != std::string_view::npos;
        return {Uid{text.substr(0, at)}, std::string{is_owned ? text.substr(at + 1) : ""}};
    }

    std::string str() const { return owner.empty() ? uid.str() : uid.str() + '@' + owner; }

    auto operator<=>(const StudyKey&) const = default;
};

}  // namespace bucky::storage
