// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/common/answers.h"

#include <algorithm>

#include <fmt/format.h>

#include "dicom_sr/common/labels.h"
#include "dicom_sr/common/modules.h"

namespace bucky::dicom_sr {

bool is_answered(const Answers& answers) {
    return std::ranges::any_of(
        answers, [](const ReportedImage& answer) { return was_analysed(answer.result); });
}

std::string_view package_of(const ReportedImage& answer) {
    if (!answer.is_one_of_several || !answer.result.model) return "";
    return answer.result.model->name;
}

std::string with_package(std::string_view words, const ReportedImage& answer) {
    const auto package = package_of(answer);
    return package.empty() ? std::string{words} : fmt::format("{} [{}]", words, package);
}

std::vector<Told> findings_of(const Answers& answers) {
    std::vector<Told> all;
    for (const ReportedImage& answer : answers) {
        if (!was_analysed(answer.result)) continue;
        for (const inference::Finding& finding : answer.result.findings) {
            all.push_back({&answer, &finding, all.size()});
        }
    }
    return all;
}

std::vector<Told> told_in(const Answers& answers, inference::Answer answer) {
    auto found = findings_of(answers);
    std::erase_if(found, [&](const Told& one) { return one.finding->answer != answer; });
    std::ranges::stable_sort(found, [](const Told& one, const Told& other) {
        return comes_first(*one.finding, *other.finding);
    });
    return found;
}

std::vector<Answers> by_image(std::span<const ReportedImage> images) {
    std::vector<Answers> all;
    for (std::size_t at = 0, end = 0; at < images.size(); at = end) {
        const ReportedImage& first = images[at];
        end = at + 1;
        while (first.is_one_of_several && end < images.size() && images[end].is_one_of_several &&
               images[end].source.sop_instance == first.source.sop_instance) {
            ++end;
        }
        all.emplace_back(images.subspan(at, end - at));
    }
    return all;
}

}  // namespace bucky::dicom_sr
