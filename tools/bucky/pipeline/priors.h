// SPDX-License-Identifier: Apache-2.0
// Priors: what this node reported of earlier studies of the same patient.
//
// The same patient is the same Patient ID from the same issuer, born on the same day, of the same
// sex; a name is never looked at. Who has no ID, no birth date, or an ID that could not be read as
// declared, has no priors: too many are called "1" or "UNKNOWN". Any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dicom_sr/common/object.h"
#include "dicom_sr/report/measurement_report.h"
#include "storage/outbox.h"
#include "storage/studies.h"

namespace bucky {

/// How a patient is known again, by a digest that says nothing of them; empty: not at all.
std::string patient_digest(const dicom_sr::Source& source);

/// in   the key of the study at hand and an image of it; the rendering in which its report is made
/// out  the newest reports of earlier studies in that rendering, newest first, at most three; none
///      that is dated after this study, or of a study without a date
/// err  none for a report that cannot be read back: it is left out
std::vector<dicom_sr::Prior> priors_of(storage::Studies& studies, storage::Outbox& outbox,
                                       std::string_view study, const dicom_sr::Source& source,
                                       const std::string& rendering);

}  // namespace bucky
