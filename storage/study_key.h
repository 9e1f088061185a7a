// SPDX-License-Identifier: Apache-2.0
// StudyKey: how a study is known in the database, in logs and to commands: by its Study Instance
// UID and by the tenant whose images it holds. Two tenants may have studies of one UID; they share
// nothing. It is written "UID" for nobody's study, "UID@AE-TITLE" for a tenant's: a UID has no '@',
// so the first one ends it.
#pragma once

#include <compare>
#include <string>
#include <string_view>

#include "conf/base/ids.h"

namespace bucky::storage {

struct StudyKey {
    Uid uid;
    std::string owner{};  ///< the tenant's AE title; empty: nobody's

    /// Throws bad_input when what stands before the first '@' is no UID.
    static StudyKey parse(std::string_view text) {
        const auto at = text.find('@');
        const bool is_owned = at != std::string_view::npos;
        return {Uid{text.substr(0, at)}, std::string{is_owned ? text.substr(at + 1) : ""}};
    }

    std::string str() const { return owner.empty() ? uid.str() : uid.str() + '@' + owner; }

    auto operator<=>(const StudyKey&) const = default;
};

}  // namespace bucky::storage
