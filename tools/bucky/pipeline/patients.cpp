// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/pipeline/patients.h"

#include <algorithm>
#include <functional>
#include <utility>

#include <fmt/format.h>

#include "conf/base/digest.h"
#include "dicom_sr/common/modules.h"

namespace bucky {
namespace {

using dicom_sr::Source;

/// Stored digits of the digest; enough to tell the patients of one study apart.
constexpr std::size_t kDigestDigits = 16;

/// How much of its patient's identity an image has: images with the most are grouped first.
int said_of_patient(const JudgedImage& judged) {
    const Source& source = judged.image.source;
    if (source.patient_id.empty()) return 0;
    return source.issuer_of_patient_id.empty() ? 1 : 2;
}

/// Copies the patient's attributes to an image whose file has none.
void take_identity(Source& image, const Source& from) {
    image.patient_name = from.patient_name;
    image.patient_id = from.patient_id;
    image.issuer_of_patient_id = from.issuer_of_patient_id;
    image.birth_date = from.birth_date;
    image.sex = from.sex;
    image.patient_id_issuer = from.patient_id_issuer;
    image.other_patient_ids = from.other_patient_ids;
}

/// An unreadable image is still named in its patient's report, with the attributes that the
/// database has and, for the rest, those of another image.
Source placeholder_for(const Source& image, Source sibling) {
    sibling.study = image.study;
    sibling.series = image.series;
    sibling.sop_class = image.sop_class;
    sibling.sop_instance = image.sop_instance;
    return sibling;
}

}  // namespace

bool same_patient(const Source& one, const Source& other) {
    if (one.patient_id.empty() || other.patient_id.empty()) {
        return one.patient_name == other.patient_name &&
               dicom_sr::fitted_date(one.birth_date) == dicom_sr::fitted_date(other.birth_date) &&
               dicom_sr::fitted_sex(one.sex) == dicom_sr::fitted_sex(other.sex);
    }
    const bool same_issuer = one.issuer_of_patient_id.empty() ||
                             other.issuer_of_patient_id.empty() ||
                             one.issuer_of_patient_id == other.issuer_of_patient_id;
    return one.patient_id == other.patient_id && same_issuer;
}

std::string filing_digest(const Source& source) {
    const auto words =
        source.patient_id.empty()
            ? fmt::format("filed without an ID\n{}\n{}\n{}", source.patient_name,
                          dicom_sr::fitted_date(source.birth_date), source.sex)
            : fmt::format("filed under\n{}\n{}", source.patient_id, source.issuer_of_patient_id);
    return hex(sha256(words)).substr(0, kDigestDigits);
}

std::vector<OnePatient> by_patient(std::vector<JudgedImage> images,
                                   std::vector<JudgedImage> unreadable) {
    std::vector<const JudgedImage*> most_first;
    for (const auto& judged : images) most_first.push_back(&judged);
    std::ranges::stable_sort(most_first, std::ranges::greater{},
                             [](const auto* judged) { return said_of_patient(*judged); });
    std::vector<Source> patients;
    const auto patient_of = [&](const Source& source) {
        return std::ranges::find_if(patients,
                                    [&](const Source& one) { return same_patient(one, source); });
    };
    for (const auto* judged : most_first) {
        const Source& source = judged->image.source;
        if (patient_of(source) == patients.end()) patients.push_back(source);
    }

    std::vector<OnePatient> found;
    for (const Source& one : patients) found.push_back({filing_digest(one), {}});
    for (auto& judged : images) {
        Source& source = judged.image.source;
        const auto patient = patient_of(source);
        if (source.patient_id.empty()) take_identity(source, *patient);
        const auto at = static_cast<std::size_t>(patient - patients.begin());
        found[at].images.push_back(std::move(judged));
    }
    if (unreadable.empty()) return found;
    const bool is_of_one = patients.size() == 1;
    if (!is_of_one) found.push_back({filing_digest({}), {}});
    for (auto& judged : unreadable) {
        auto& source = judged.image.source;
        if (is_of_one) source = placeholder_for(source, found.front().images.front().image.source);
        found.back().images.push_back(std::move(judged));
    }
    return found;
}

}  // namespace bucky
