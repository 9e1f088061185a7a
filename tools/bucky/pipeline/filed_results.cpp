// SPDX-License-Identifier: Apache-2.0
#include "tools/bucky/pipeline/filed_results.h"

#include <algorithm>
#include <map>
#include <optional>
#include <ranges>
#include <utility>

#include "conf/base/error.h"
#include "conf/observe/log.h"
#include "dicom_sr/report/measurement_report.h"

namespace bucky {
namespace {

std::optional<dicom_sr::Source> identity_of(const std::vector<storage::Result>& results) {
    for (const auto& result : std::views::reverse(results)) {
        try {
            return dicom_sr::read_source(result.file);
        } catch (const Error& error) {  // an older one tells it as well
            log::event(log::Level::warning, "report.unreadable_result",
                       {{"sop", result.sop_instance.str()}, {"words", error.what()}});
        }
    }
    return std::nullopt;
}

}  // namespace

std::vector<FiledElsewhere> filed_elsewhere(storage::Outbox& outbox, std::string_view study,
                                            const std::vector<OnePatient>& patients) {
    std::map<std::string, std::vector<storage::Result>> by_digest;
    for (auto& result : outbox.results_of_study(study)) {
        by_digest[result.filed_under].push_back(std::move(result));
    }
    std::vector<FiledElsewhere> others;
    for (auto& [digest, results] : by_digest) {
        if (std::ranges::count(patients, digest, &OnePatient::filed_under) > 0) continue;
        const auto identity = identity_of(results);
        if (!identity) continue;
        const auto patient = std::ranges::find_if(patients, [&](const OnePatient& one) {
            return same_patient(one.images.front().image.source, *identity);
        });
        if (patient != patients.end()) {
            outbox.refile(study, digest, patient->filed_under);
            continue;
        }
        const auto own = filing_digest(*identity);
        if (digest != own) outbox.refile(study, digest, own);
        others.push_back({own, *identity, std::move(results)});
    }
    return others;
}

std::vector<storage::Result> to_withdraw(const std::vector<storage::Result>& results) {
    std::map<std::string, std::vector<storage::Result>> by_rendering;
    for (const auto& result : results) {
        if (result.kind == word_of(ResultKind::report))
            by_rendering[result.rendering].push_back(result);
    }
    std::vector<storage::Result> last;
    for (const auto& [rendering, reports] : by_rendering) {
        const auto& newest = reports.back();
        const bool is_withdrawal = std::ranges::any_of(reports, [&](const storage::Result& report) {
            return dicom_sr::withdrawal_uid(report.sop_instance) == newest.sop_instance;
        });
        if (!is_withdrawal) last.push_back(newest);
    }
    return last;
}

Language language_of(std::string_view rendering) {
    for (std::size_t at = 0; at <= rendering.size();) {
        const auto end = std::min(rendering.find(", ", at), rendering.size());
        if (const auto named = choice_of<Language>(rendering.substr(at, end - at))) return *named;
        at = end + 2;
    }
    return Language::english;
}

}  // namespace bucky
