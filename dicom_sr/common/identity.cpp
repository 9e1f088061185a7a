// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/common/identity.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace bucky::dicom_sr {
namespace {

/// The second form: 0.1.0 had one series for all pictures of a kind and for all versions of a
/// report.
constexpr std::string_view kForm = "form 2, ";

/// Weights and version: another version on the same weights may have other thresholds.
std::string model_hash(const ReportedImage& image) {
    const auto& model = image.result.model;
    return model ? fmt::format("{} {}", model->sha256, model->version) : "none";
}

/// The part of the answer that may differ between two runs of one image and model: an image that
/// failed and is analysed in a later run must not keep the UID of the failure.
std::string_view outcome(const inference::ImageResult& result) {
    switch (result.verdict) {
        case inference::Verdict::findings:
        case inference::Verdict::no_findings: return "analysed";
        case inference::Verdict::not_analysed: return "not analysed";
        case inference::Verdict::failed: return "failed";
    }
    __builtin_unreachable();
}

/// Of several, one that failed makes another object than one that answered.
std::string model_hashes(const Answers& answers) {
    if (answers.size() == 1) return model_hash(answers.front());
    std::vector<std::string> each;
    for (const ReportedImage& answer : answers) {
        each.push_back(fmt::format("{} {}", model_hash(answer), outcome(answer.result)));
    }
    std::ranges::sort(each);
    return fmt::format("{}", fmt::join(each, ", "));
}

/// What tells an object from others about the same images. Empty for the plain rendering of an
/// ordinary study.
std::string told(const ReportedImage& image) {
    std::string words = image.rendering.empty() ? "" : " told " + image.rendering;
    if (!image.patient.empty()) words += " of patient " + image.patient;
    return words;
}

/// The same of one image, which may be replaced.
std::string told_now(const ReportedImage& image) {
    const auto revision = image.revision;
    return told(image) + (revision == 0 ? "" : fmt::format(" at revision {}", revision));
}

}  // namespace

Uid report_uid(const std::vector<ReportedImage>& images, const Uid& sop_class,
               std::string_view beside) {
    std::vector<std::string> said;
    for (const ReportedImage& image : images) {
        said.push_back(fmt::format("{} {} {}", image.source.sop_instance.str(), model_hash(image),
                                   outcome(image.result)));
        if (image.revision > 0) said.back() += fmt::format(" at revision {}", image.revision);
    }
    std::ranges::sort(said);  // the order in which they came does not matter
    const std::string study = images.empty() ? "" : images.front().source.study.str();
    std::string name = fmt::format("{}report {} {}", kForm, study, fmt::join(said, " "));
    if (!images.empty()) name += told(images.front());
    if (std::ranges::any_of(images, &ReportedImage::has_copies)) name += " beside copies";
    name += beside;
    if (sop_class.str() != kReportClasses.front()) name += " in " + sop_class.str();
    return Uid::from_name(name);
}

Uid object_uid(std::string_view kind, const Answers& answers) {
    const ReportedImage& image = answers.front();
    return Uid::from_name(fmt::format("{}{} {} {} {}{}", kForm, kind, image.source.study.str(),
                                      image.source.sop_instance.str(), model_hashes(answers),
                                      told_now(image)));
}

Uid study_object_uid(std::string_view kind, const std::vector<ReportedImage>& images) {
    return Uid::from_name(fmt::format("{} of {}", kind, report_uid(images).str()));
}

Uid series_uid_of(const Uid& object) {
    return Uid::from_name(fmt::format("series of {}", object.str()));
}

Uid frames_uid(const Uid& object) {
    return Uid::from_name(fmt::format("frames {}", object.str()));
}

Uid tracking_uid(const ReportedImage& image, std::string_view finding_key,
                 std::string_view region) {
    return Uid::from_name(fmt::format("tracking {} {} {} {}", image.source.sop_instance.str(),
                                      model_hash(image), finding_key, region));
}

Uid algorithm_uid(const inference::ModelIdentity& model) {
    return Uid::from_name(fmt::format("algorithm {}", model.sha256));
}

Uid observer_uid(std::string_view node_name) {
    return Uid::from_name(fmt::format("observer {}", node_name));
}

}  // namespace bucky::dicom_sr
