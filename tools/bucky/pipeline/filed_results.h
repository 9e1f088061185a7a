// SPDX-License-Identifier: Apache-2.0
// Results of a study that are filed under patients without an image in it: an image of another
// patient came after the report, or the report was made under an identity that was corrected. Any
// thread; files are only read.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "conf/base/choices.h"
#include "dicom_sr/common/object.h"
#include "storage/outbox.h"
#include "tools/bucky/pipeline/patients.h"

namespace bucky {

/// Results of a study that are filed under one patient without an image in it.
struct FiledElsewhere {
    std::string filed_under;
    dicom_sr::Source identity;  ///< as in the newest of them
    std::vector<storage::Result> results;
};

/// in   the key of a study, and the patients of its images
/// out  the results that are filed under others. Results of one of these patients under another
///      digest (from before the Patient ID was known, or before results had digests) are filed
///      under its digest first
/// err  none: a result that cannot be read back stays as it is
std::vector<FiledElsewhere> filed_elsewhere(storage::Outbox& outbox, std::string_view study,
                                            const std::vector<OnePatient>& patients);

/// The last report in each rendering that has not been withdrawn yet.
std::vector<storage::Result> to_withdraw(const std::vector<storage::Result>& results);

/// The language of this rendering (delivery_plan.h).
Language language_of(std::string_view rendering);

}  // namespace bucky
