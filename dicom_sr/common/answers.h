// SPDX-License-Identifier: Apache-2.0
// What several packages said of one image. In a report each answer stands as an image of its own;
// whatever shows the image itself (picture, presentation state, segmentation, page) shows it once,
// with the findings of all, each named by its package.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dicom_sr/common/object.h"

namespace bucky::dicom_sr {

/// The answers to one image, at least one, in the order in which the packages were asked.
class Answers : public std::span<const ReportedImage> {
public:
    /// Of the only package; implicit, for mostly there is one.
    Answers(const ReportedImage& only)  // NOLINT(google-explicit-constructor)
        : span(&only, 1) {}
    explicit Answers(std::span<const ReportedImage> all) : span(all) {}

    const Source& source() const { return front().source; }
};

/// Whether some package analysed the image.
bool is_answered(const Answers& answers);

/// The name of the package, where several were asked about the image; else empty.
std::string_view package_of(const ReportedImage& answer);

/// `words` with the package behind them, where several were asked: "Lung nodule [cxr-nodule]".
std::string with_package(std::string_view words, const ReportedImage& answer);

/// A finding of one of the answers. `place` counts over all of them: it decides how it is drawn.
struct Told {
    const ReportedImage* answer = nullptr;
    const inference::Finding* finding = nullptr;
    std::size_t place = 0;
};

/// Every finding of the answers of packages that analysed the image.
std::vector<Told> findings_of(const Answers& answers);

/// Those with this answer, the most urgent first, then by score.
std::vector<Told> told_in(const Answers& answers, inference::Answer answer);

/// The images of a study, each with its answers: they stand side by side.
std::vector<Answers> by_image(std::span<const ReportedImage> images);

}  // namespace bucky::dicom_sr
