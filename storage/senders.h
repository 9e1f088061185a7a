// SPDX-License-Identifier: Apache-2.0
// Senders: when an image last came from each calling AE title, as far as images are kept. Each look
// reads only what is new. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "storage/database.h"

namespace bucky::storage {

class Senders {
public:
    /// UTC, by calling AE title.
    const std::map<std::string, std::int64_t>& look(Database& db);

private:
    std::int64_t after_ = 0;  ///< the newest instance.id that was looked at
    std::map<std::string, std::int64_t> last_;
};

}  // namespace bucky::storage
