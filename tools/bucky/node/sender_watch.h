// SPDX-License-Identifier: Apache-2.0
// SenderWatch: which of status.senders have sent nothing for too much working time.
// Threads: the watch thread's alone.
#pragma once

#include <cstdint>
#include <vector>

#include "conf/observe/trouble.h"
#include "conf/settings.h"
#include "storage/senders.h"

namespace bucky {

class SenderWatch {
public:
    /// A sender of which no image is kept is one of them at once: either it never sent, or it has
    /// been silent for storage.keep_days. So a restart neither begins nor ends such a trouble.
    std::vector<Trouble> look(storage::Database& db, const conf::StatusSettings& status,
                              std::int64_t now_ms);

private:
    storage::Senders senders_;
};

}  // namespace bucky
