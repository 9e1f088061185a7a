// SPDX-License-Identifier: Apache-2.0
// verify reads an object back before it may be sent, and checks that it parses, belongs to the
// study and patient of its source, and fulfils its IOD.
#pragma once

#include <string>
#include <vector>

#include "dicom_sr/common/object.h"

namespace bucky::dicom_sr {

/// The complaints, one sentence each. None: the object may be sent.
std::vector<std::string> verify(const Object& object, const Source& source);

}  // namespace bucky::dicom_sr
