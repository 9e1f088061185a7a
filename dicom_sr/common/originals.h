// SPDX-License-Identifier: Apache-2.0
// Originals: the bytes of values that results do not copy as they stand, because they were not read
// as their file declares or have no form that DICOM allows. Results keep the bytes, and the report
// says it in words.
#pragma once

#include <string>
#include <vector>

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

/// "PatientName, StudyDescription": the names of the attributes kept there for this reason.
std::string names_of_originals(const Source& source, OriginalText::Why why);

/// A value of the image that its results do not have.
struct LeftOut {
    std::string name;     ///< "AccessionNumber"
    std::string as_sent;  ///< the value in words
    OriginalText::Why why{};
    bool is_of_patient = false;  ///< a log or journal must not have it
};
std::vector<LeftOut> left_out(const Source& source);

}  // namespace bucky::dicom_sr
