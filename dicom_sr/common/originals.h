// SPDX-License-Identifier: Apache-2.0
// Originals: the bytes of names and descriptions that were not read as their file declares. A
// result holds them in UTF-8, and keeps the original bytes here.
#pragma once

#include "dicom_sr/common/modules.h"
#include "dicom_sr/common/object.h"

class DcmItem;

namespace bucky::dicom_sr {

/// Writes Original Attributes Sequence when there are such values: the declared character set, and
/// each value byte for byte.
///   in   the result's dataset; when it is made; the image it is about
///   err  bug when DCMTK does not take it
///   src  PS3.3 C.12.1.1.9 and Table C.12-1b: Nonconforming Modified Attributes Sequence
void write_originals(DcmItem& dataset, const LocalTime& made, const Source& source);

/// "Patient's Name, Study Description": the names of the attributes kept there.
std::string names_of_originals(const Source& source, bool lost);

}  // namespace bucky::dicom_sr
