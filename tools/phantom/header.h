// SPDX-License-Identifier: Apache-2.0
// The DICOM header of a phantom without pixel data. Internal to tools/phantom; the only header here
// with a DCMTK type.
#pragma once

#include "tools/phantom/write.h"

class DcmItem;

namespace bucky::phantom {

/// Fills `header` as the CR or DX IOD requires.
void write_header(const Phantom& phantom, const DicomOptions& options, DcmItem& header);

}  // namespace bucky::phantom
