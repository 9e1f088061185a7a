// SPDX-License-Identifier: Apache-2.0
// Requirements of a picture before it may be sent: pixels that fill it, and the images it shows.
#pragma once

#include "dicom_sr/common/checks.h"

namespace bucky::dicom_sr {

void check_picture(const ReadBack& read, Complaints& out);

}  // namespace bucky::dicom_sr
