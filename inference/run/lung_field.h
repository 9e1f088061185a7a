// SPDX-License-Identifier: Apache-2.0
// Where the lungs of a frontal chest radiograph begin and end, so that a place can be named by the
// zone of the lung. Any thread.
//
// A shape of two dark lungs beside and above what is dense is laid over the picture at some 1,500
// sizes and positions; where it correlates best, there the lungs are. The whole shape counts, so a
// lung that an opacity hides in part is found all the same. Its errors: docs/decisions/0515.
#pragma once

#include <optional>

#include "inference/findings.h"
#include "inference/package/package.h"
#include "inference/run/model.h"
#include "inference/run/prepare.h"

namespace bucky::inference {

/// in   a model's prepared input, what the package says of it, the position of the image in it
/// out  rows of the image: the apex of the higher lung, the base of the lower one; nothing where
///      the picture does not look like two lungs, or shows no display values
/// err  none
std::optional<LungField> lung_field(const ModelInput& input, const InputSpec& spec,
                                    const Placement& placement);

}  // namespace bucky::inference
