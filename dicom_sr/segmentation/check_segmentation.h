// SPDX-License-Identifier: Apache-2.0
// Requirements of a Segmentation before it may be sent: frames, segments and tracking UIDs agree.
#pragma once

#include "dicom_sr/common/checks.h"

namespace bucky::dicom_sr {

void check_segmentation(const ReadBack& read, Complaints& out);

}  // namespace bucky::dicom_sr
