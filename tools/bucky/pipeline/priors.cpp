// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/pipeline/priors.h"

#include <algorithm>
#include <functional>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "conf/base/digest.h"
#include "conf/base/error.h"
#include "conf/observe/log.h"
#include "dicom_sr/common/modules.h"

namespace bucky {
namespace {

using dicom_sr::fitted_date;
using dicom_sr::fitted_sex;
using dicom_sr::fitted_time;
using dicom_sr::Source;

constexpr std::int64_t kLookedAtMax = 8;
constexpr std::size_t kPriorsMax = 3;

/// (0010,0020) or (0010,0021) had bytes that are not of the declared character set.
bool is_misread(const Source& source) {
    return std::ranges::any_of(source.originals, [](const auto& one) {
        return one.group == 0x0010 && (one.element == 0x0020 || one.element == 0x0021);
    });
}

auto identity_of(const Source& source) {
    return std::tuple(source.patient_id, source.issuer_of_patient_id,
                      fitted_date(source.birth_date), fitted_sex(source.sex));
}

auto moment_of(const Source& source) {
    return std::pair(fitted_date(source.study_date), fitted_time(source.study_time));
}

/// Nullopt when it is gone, unreadable, or of another patient after all.
std::optional<Source> earlier_report(storage::Outbox& outbox, const Uid& report,
                                     const Source& now) {
    const auto result = outbox.result(report.str());
    if (!result) return std::nullopt;
    try {
        Source said = dicom_sr::read_source(result->file);
        const bool is_prior = identity_of(said) == identity_of(now) && said.study != now.study &&
                              !said.study_date.empty() && moment_of(said) <= moment_of(now);
        if (is_prior) return said;
    } catch (const Error& error) {  // the report is made without this prior
        log::event(log::Level::warning, "report.no_prior",
                   {{"sop", report.str()}, {"words", error.what()}});
    }
    return std::nullopt;
}

}  // namespace

std::string patient_digest(const Source& source) {
    const auto& [id, issuer, birth_date, sex] = identity_of(source);
    if (id.empty() || birth_date.empty() || is_misread(source)) return {};
    return hex(sha256(fmt::format("patient\n{}\n{}\n{}\n{}", id, issuer, birth_date, sex)));
}

std::vector<dicom_sr::Prior> priors_of(storage::Studies& studies, storage::Outbox& outbox,
                                       std::string_view study, const Source& source,
                                       const std::string& rendering) {
    const std::string patient = patient_digest(source);
    if (patient.empty() || fitted_date(source.study_date).empty()) return {};
    std::vector<Source> reports;
    for (const auto& uid : studies.earlier_reports(
             study, patient, !source.issuer_of_patient_id.empty(), rendering, kLookedAtMax)) {
        if (auto said = earlier_report(outbox, uid, source)) reports.push_back(std::move(*said));
    }
    std::ranges::stable_sort(reports, std::ranges::greater{}, moment_of);
    std::vector<dicom_sr::Prior> priors;
    for (const Source& said : reports) {
        if (priors.size() == kPriorsMax) break;
        priors.push_back({.study = said.study,
                          .series = said.series,
                          .sop_class = said.sop_class,
                          .sop_instance = said.sop_instance,
                          .study_date = fitted_date(said.study_date),
                          .words = said.series_description});
    }
    return priors;
}

}  // namespace bucky
