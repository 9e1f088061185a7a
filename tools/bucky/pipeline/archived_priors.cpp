// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/pipeline/archived_priors.h"

#include <algorithm>
#include <utility>

#include "dicom_sr/common/fitting.h"
#include "tools/bucky/coverage/coverage.h"
#include "tools/bucky/pipeline/priors.h"

namespace bucky {
namespace {

using dicom_sr::fitted_date;
using dicom_sr::fitted_time;

bool has_chest_film(scp::Archive& archive, const Uid& study,
                    const std::vector<ExamAlias>& aliases) {
    const auto series = archive.series(study);
    return std::ranges::any_of(series.rows, [&](const scp::ArchivedSeries& one) {
        return is_radiograph(one) && may_be_chest(one, aliases);
    });
}

}  // namespace

std::vector<scp::ArchivedStudy> archived_priors(scp::Archive& archive, const dicom_sr::Source& now,
                                                const std::vector<ExamAlias>& aliases) {
    const auto today = fitted_date(now.study_date), at = fitted_time(now.study_time);
    if (patient_digest(now).empty() || today.empty()) return {};
    auto found =
        archive.studies({.from = "",
                         .to = today,
                         .modalities = {"CR", "DX"},
                         .patient = scp::PatientKeys{.id = now.patient_id,
                                                     .issuer = now.issuer_of_patient_id,
                                                     .birth_date = fitted_date(now.birth_date),
                                                     .sex = dicom_sr::fitted_sex(now.sex)}});
    std::vector<scp::ArchivedStudy> priors;
    for (auto study = found.rows.rbegin(); study != found.rows.rend(); ++study) {
        const bool is_earlier =
            !study->date.empty() &&
            std::pair(study->date, fitted_time(study->time)) <= std::pair(today, at);
        if (study->study == now.study || !is_earlier) continue;
        if (!has_chest_film(archive, study->study, aliases)) continue;
        priors.push_back(std::move(*study));
        if (priors.size() == kArchivedPriorsMax) break;
    }
    return priors;
}

}  // namespace bucky
