// SPDX-License-Identifier: Apache-2.0
// Patients: which images of a study are of the same patient. A study may hold images of several: a
// typing error that was mended at the console, or an image that came under the wrong Study UID.
// Each patient has a report of its own images, in which no other patient is named.
//
// The same patient is the same Patient ID, from the same issuer where both say one. Where an ID is
// missing, it is the same name, birth date and sex. "0001234" and "1234" are two. Any thread.
#pragma once

#include <string>
#include <vector>

#include "dicom_sr/common/object.h"
#include "tools/bucky/pipeline/results.h"

namespace bucky {

bool same_patient(const dicom_sr::Source& one, const dicom_sr::Source& other);

/// Under whom a result is filed, as a digest that says nothing of them.
std::string filing_digest(const dicom_sr::Source& source);

/// One patient's images of a study.
struct OnePatient {
    std::string filed_under;  ///< filing_digest() of the one who says most of itself
    std::vector<JudgedImage> images;
};

/// in   the images of one study; `unreadable` are those whose file says nothing of the patient
/// out  them by patient. An image without a Patient ID takes the identity of its patient's others,
///      so that every object of it is filed there. What is unreadable is the only patient's, or
///      else nobody's that is known
std::vector<OnePatient> by_patient(std::vector<JudgedImage> images,
                                   std::vector<JudgedImage> unreadable = {});

}  // namespace bucky
