// SPDX-License-Identifier: Apache-2.0
#include "dicom_sr/draw/thumbnail.h"

#include <algorithm>

#include "dicom_sr/draw/resample.h"

namespace bucky::dicom_sr {

Thumbnail thumbnail(const Answers& image, const GreyView& view) {
    Thumbnail small{image, 0, 0, {}};
    const double height = view.rows * view.pixel_ratio;  // in columns
    const double longer = std::max({height, 1.0 * view.columns, 1.0});
    const auto side = [&](double length) {
        return std::max(1U, static_cast<std::uint32_t>(length * kThumbnailSide / longer));
    };
    small.rows = side(height);
    small.columns = side(view.columns);
    small.grey = resampled(view, small.rows, small.columns);
    return small;
}

}  // namespace bucky::dicom_sr
