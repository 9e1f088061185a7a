// SPDX-License-Identifier: Apache-2.0
// What a study's results are filed under, beside the patients whose images it holds now: the study
// was one patient's when it was reported, and another's came; or it was reported under an identity
// that was corrected. Any thread; the files are only read.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "dicom_sr/common/object.h"
#include "storage/outbox.h"
#include "tools/bucky/pipeline/patients.h"

namespace bucky {

/// Results of a study that are filed under one who has no image in it.
struct FiledElsewhere {
    std::string filed_under;
    dicom_sr::Source identity;  ///< as the newest of them tells it
    std::vector<storage::Result> results;
};

/// in   the key of a study, and those whose images it holds
/// out  what is filed under others. What is filed under one of them by another digest (without the
///      Patient ID that came later, or before results had digests) is filed under theirs first
/// err  none for a result that cannot be read back: it stays as it is
std::vector<FiledElsewhere> filed_elsewhere(storage::Outbox& outbox, std::string_view study,
                                            const std::vector<OnePatient>& patients);

/// The last report in each rendering that has not been withdrawn yet.
std::vector<storage::Result> to_withdraw(const std::vector<storage::Result>& results);

/// In which language something in this rendering is told (delivery_plan.h).
std::string language_of(std::string_view rendering);

}  // namespace bucky
