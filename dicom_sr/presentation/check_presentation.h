// SPDX-License-Identifier: Apache-2.0
// Requirements of a presentation state before it may be sent: its whole image, and its layers.
#pragma once

#include "dicom_sr/common/checks.h"

namespace bucky::dicom_sr {

void check_presentation(const ReadBack& read, Complaints& out);

}  // namespace bucky::dicom_sr
