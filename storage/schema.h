// SPDX-License-Identifier: Apache-2.0
// The schema as a list of migrations. A released migration is never edited, only followed by
// another. A test pins the SHA-256 of each, because databases in the field have already run it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace bucky::storage {

struct Migration {
    std::int64_t version;  ///< PRAGMA user_version after it; its SQL sets it
    std::string_view why;
    const char* sql;
};

std::span<const Migration> migrations();  ///< in order, versions 1, 2, 3, ...

}  // namespace bucky::storage
