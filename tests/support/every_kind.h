// SPDX-License-Identifier: Apache-2.0
// Every kind of result, for tests that a new kind joins by its row.
#pragma once

#include <vector>

#include "conf/dicom/result_kinds.h"

namespace bucky::test {

inline std::vector<ResultKind> every_kind() {
    std::vector<ResultKind> kinds;
    for (const auto& row : kResultKinds) kinds.push_back(row.kind);
    return kinds;
}

}  // namespace bucky::test
