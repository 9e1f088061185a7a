// SPDX-License-Identifier: Apache-2.0
// Where a finding is, as radiologists say it of a frontal radiograph: side and zone.
#pragma once

#include <cstdint>
#include <string>

#include "conf/base/choices.h"
#include "inference/findings.h"

namespace bucky::dicom_sr {

/// The thirds of the image that an outline covers, from the top: 0 to 2. They stand for the zones
/// of the lung, whose field is not known.
struct Heights {
    std::size_t first = 0, last = 0;
};
Heights heights_of(const inference::Region& region, std::uint32_t rows);

/// "right upper zone", "left mid-lower zone", "both sides".
///   rows  of the image that the outline is in
std::string place_of(const inference::Region& region, std::uint32_t rows, Language language);

/// Of every outline of a finding, each place once: "right upper zone, left lower zone".
std::string places_of(const inference::Finding& finding, std::uint32_t rows, Language language);

}  // namespace bucky::dicom_sr
