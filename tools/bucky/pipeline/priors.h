// SPDX-License-Identifier: Apache-2.0
// Priors: the reports of this node on earlier studies of the same patient.
//
// The same patient means the same Patient ID from the same issuer, birth date and sex; the name is
// never compared. A patient without an ID, without a birth date, or with an ID that could not be
// decoded as declared has no priors: too many are called "1" or "UNKNOWN". Any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dicom_sr/common/object.h"
#include "dicom_sr/report/measurement_report.h"
#include "storage/outbox.h"
#include "storage/studies.h"

namespace bucky {

/// Identifies a patient by a digest that reveals nothing; empty when the patient cannot be
/// identified.
std::string patient_digest(const dicom_sr::Source& source);

/// in   the key of the study in progress and one of its images; the rendering of its report
/// out  the newest reports of earlier studies in that rendering, newest first, at most three; none
///      that is dated after this study, or of a study without a date
/// err  none: a report that cannot be read back is left out
std::vector<dicom_sr::Prior> priors_of(storage::Studies& studies, storage::Outbox& outbox,
                                       std::string_view study, const dicom_sr::Source& source,
                                       const std::string& rendering);

}  // namespace bucky
