// SPDX-License-Identifier: Apache-2.0
// What storage commitment messages name (PS3.4 Annex J): objects, and whether each is kept.
#pragma once

#include <cstdint>
#include <vector>

#include "conf/base/ids.h"

namespace bucky {

/// One object as commitment messages name it.
struct ObjectReference {
    Uid sop_class, sop_instance;
    bool operator==(const ObjectReference&) const = default;
};

/// What a destination answers about the objects of one request.
struct CommitmentAnswer {
    struct Failed {
        ObjectReference object;
        std::uint16_t reason = 0;  ///< (0008,1197)
    };
    Uid transaction;
    std::vector<ObjectReference> kept;
    std::vector<Failed> failed;
};

}  // namespace bucky
