// SPDX-License-Identifier: Apache-2.0
// Patients: groups the images of a study by patient. A study may hold images of several: a typing
// error that was corrected at the console, or an image sent under the wrong Study Instance UID.
// Each patient gets a report of its own images, which names no other patient.
//
// The same patient means the same Patient ID, from the same issuer where both images give one.
// Where the ID is missing, it means the same name, birth date and sex. "0001234" and "1234" are
// different patients. Any thread.
#pragma once

#include <string>
#include <vector>

#include "dicom_sr/common/object.h"
#include "tools/bucky/pipeline/results.h"

namespace bucky {

bool same_patient(const dicom_sr::Source& one, const dicom_sr::Source& other);

/// The patient that a result is filed under, as a digest that reveals nothing.
std::string filing_digest(const dicom_sr::Source& source);

/// One patient's images of a study.
struct OnePatient {
    std::string filed_under;  ///< filing_digest() of the fullest identity
    std::vector<JudgedImage> images;
};

/// in   the images of one study; `unreadable` are those whose file gives no patient
/// out  them by patient. An image without a Patient ID takes the identity of its patient's other
///      images, so that every object of it is filed there. Unreadable images belong to the only
///      patient of the study, or else to no known one
std::vector<OnePatient> by_patient(std::vector<JudgedImage> images,
                                   std::vector<JudgedImage> unreadable = {});

}  // namespace bucky
