// SPDX-License-Identifier: Apache-2.0
// Requirements of a report before it may be sent, in each of its classes.
#pragma once

#include "dicom_sr/common/checks.h"

namespace bucky::dicom_sr {

void check_report(const ReadBack& read, Complaints& out);

}  // namespace bucky::dicom_sr
