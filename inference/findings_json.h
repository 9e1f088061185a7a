// SPDX-License-Identifier: Apache-2.0
// ImageResult as JSON text and back: storage keeps this text and `bucky analyze` prints it.
#pragma once

#include <string>
#include <string_view>

#include "inference/findings.h"

namespace bucky::inference {

std::string to_json(const ImageResult& result);

/// Throws corrupt when the text was not written by to_json.
ImageResult from_json(std::string_view text);

std::string_view name_of(Verdict verdict);  ///< "findings", "no_findings", "not_analysed", "failed"
std::string_view name_of(Answer answer);    ///< "absent", "present", "undetermined"
std::string_view name_of(Side side);        ///< "", "left", "right", "both"

}  // namespace bucky::inference
