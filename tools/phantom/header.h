// SPDX-License-Identifier: Apache-2.0
// The DICOM header of a phantom, everything but the pixel data. Internal to tools/phantom: the one
// header here that shows a DCMTK type.
#pragma once

#include "tools/phantom/write.h"

class DcmItem;

namespace bucky::phantom {

/// Fill `header` as the CR or DX IOD demands.
void write_header(const Phantom& phantom, const DicomOptions& options, DcmItem& header);

}  // namespace bucky::phantom
