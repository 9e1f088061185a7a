// SPDX-License-Identifier: Apache-2.0
#include "storage/site.h"

#include <system_error>

namespace bucky::storage {

bool Site::has_database() const {
    std::error_code unreadable;
    return std::filesystem::exists(database_file(), unreadable);
}

}  // namespace bucky::storage
