// SPDX-License-Identifier: Apache-2.0
// The parts of a result kind: how it is made, how it is checked, what it costs. The folder of a
// kind defines them by specialising parts<>(); a row of conf/dicom/result_kinds.h without its
// specialisation does not link, and a specialisation without one of its parts does not compile.
#pragma once

#include <functional>
#include <span>
#include <type_traits>
#include <utility>

#include "conf/dicom/result_kinds.h"
#include "dicom_sr/common/checks.h"
#include "dicom_sr/common/object.h"
#include "dicom_sr/common/softcopy.h"
#include "dicom_sr/common/study_report.h"
#include "dicom_sr/draw/picture.h"
#include "dicom_sr/draw/thumbnail.h"

namespace bucky::dicom_sr {

/// The pixels of an analysed image, and how they became grey.
struct Shown {
    GreyView view;
    Softcopy grey;
};

/// What an object is made from.
struct Material {
    const StudyReport& report;  ///< every image; sop_class: the one in which a report is made
    const OverlayStyle& style;  ///< sop_class: the one in which a picture is made
    /// The images that it is about: one, or for the scopes of a study all of them.
    std::span<const ReportedImage> images;
    /// Of an analysed image: decodes at the first call. Throws as decode() does.
    std::function<const Shown&()> shown;
    std::span<const Thumbnail> thumbnails;  ///< for a page: one an image, in the report's order
};

/// A function that every kind must name.
template <typename Signature>
class Part {
public:
    template <typename Function>
    requires std::is_convertible_v<Function, Signature*> Part(Function function)
        : function_(function) {}

    template <typename... Arguments>
    auto operator()(Arguments&&... arguments) const {
        return function_(std::forward<Arguments>(arguments)...);
    }

private:
    Signature* function_;
};

struct KindParts {
    /// Same material, same bytes.
    Part<Object(const Material&)> make;
    /// Complaints about an object of this kind that was read back.
    Part<void(const ReadBack&, Complaints&)> check;
    /// Whether there is anything to make of these images: those of Material.
    Part<bool(std::span<const ReportedImage>)> applies;
    /// Pixels of the drawing for an image: what it costs in memory. 0: nothing is drawn.
    Part<double(const Source&, double longer_side_px)> pixels_drawn;
    bool has_content_date = true;  ///< Content Date and Time (PS3.3 C.12.1.1.1) are there
};

/// For `applies`: there is one of every image, or study, of the scope.
bool always(std::span<const ReportedImage> images);
/// For `pixels_drawn` of a kind that draws nothing.
double draws_nothing(const Source& source, double longer_side_px);

/// Defined by the folder of each kind.
template <ResultKind kind>
KindParts parts();

const KindParts& parts_of(ResultKind kind);

}  // namespace bucky::dicom_sr
