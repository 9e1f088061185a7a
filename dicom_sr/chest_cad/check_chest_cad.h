// SPDX-License-Identifier: Apache-2.0
// Requirements of a Chest CAD SR before it may be sent: the rows of TID 4100.
#pragma once

#include "dicom_sr/common/checks.h"

namespace bucky::dicom_sr {

void check_chest_cad(const ReadBack& read, Complaints& out);

}  // namespace bucky::dicom_sr
