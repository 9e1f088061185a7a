// SPDX-License-Identifier: Apache-2.0
// Holds: destinations that a person has told to wait (`bucky queue hold`). Nothing is sent to them,
// results stay in the queue.
//
// A hold is the file data_dir/held/NAME, synced before hold() returns: whoever sends looks for it
// before each result, so it counts at once, in every process, and after a restart. Any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "conf/base/clock.h"

namespace bucky::storage {

class Holds {
public:
    explicit Holds(const std::filesystem::path& data_dir) : folder_(data_dir / "held") {}

    /// Held already: nothing changes. Throws unavailable when it cannot be written.
    void hold(const std::string& destination, const Clock& clock);

    /// False: it was not held.
    bool release(const std::string& destination);

    bool is_held(const std::string& destination) const;

    /// Since when (UTC), by destination.
    std::map<std::string, std::int64_t> all() const;

private:
    std::filesystem::path folder_;
};

}  // namespace bucky::storage
