// SPDX-License-Identifier: Apache-2.0
// verify reads an object back before it may leave: that it parses, stands in the study and patient
// of its source, and says what its IOD demands.
#pragma once

#include <string>
#include <vector>

#include "dicom_sr/common/object.h"

namespace bucky::dicom_sr {

/// Every complaint, as sentences; none when the object may leave.
std::vector<std::string> verify(const Object& object, const Source& source);

}  // namespace bucky::dicom_sr
