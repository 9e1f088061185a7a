// SPDX-License-Identifier: Apache-2.0
// The earlier chest films of a patient that an archive has: the same Patient ID, issuer, birth date
// and sex, never the name (priors.h). What is fetched is of this patient only if its own header
// says so, too. docs/decisions/0516. One thread.
#pragma once

#include <cstddef>
#include <vector>

#include "conf/dicom/exam_words.h"
#include "dicom_sr/common/object.h"
#include "scp/query/archive.h"

namespace bucky {

inline constexpr std::size_t kArchivedPriorsMax = 2;

/// in   an image of the study in progress
/// out  the newest earlier CR and DX studies of its patient that may be of the chest, newest first,
///      at most two; none of a patient who cannot be told for sure, or of a study without a date
/// err  as scp::Archive
std::vector<scp::ArchivedStudy> archived_priors(scp::Archive& archive, const dicom_sr::Source& now,
                                                const std::vector<ExamAlias>& aliases);

}  // namespace bucky
