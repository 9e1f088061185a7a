// SPDX-License-Identifier: Apache-2.0
// What is read from the rows of a statement in more than one place.
#pragma once

#include <string>
#include <vector>

#include "storage/database.h"

namespace bucky::storage {

inline std::vector<std::string> first_column(Statement& rows) {
    std::vector<std::string> values;
    while (rows.step()) values.push_back(rows.text(0));
    return values;
}

}  // namespace bucky::storage
