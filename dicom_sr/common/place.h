// SPDX-License-Identifier: Apache-2.0
// Where a finding is, as radiologists say it of a frontal radiograph: side and zone.
#pragma once

#include <cstddef>
#include <string>

#include "conf/base/choices.h"
#include "inference/findings.h"

namespace bucky::dicom_sr {

/// The zones that an outline covers, from the top: 0 to 2. A zone is a third of the height of the
/// lungs; of the image where they were not found.
struct Heights {
    std::size_t first = 0, last = 0;
};
Heights heights_of(const inference::Region& region, const inference::ImageResult& of);

/// "right upper zone", "left mid-lower zone", "both sides".
std::string place_of(const inference::Region& region, const inference::ImageResult& of,
                     Language language);

/// Of every outline of a finding, each place once: "right upper zone, left lower zone".
std::string places_of(const inference::Finding& finding, const inference::ImageResult& of,
                      Language language);

}  // namespace bucky::dicom_sr
