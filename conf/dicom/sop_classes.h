// SPDX-License-Identifier: Apache-2.0
// The SOP classes in which one and the same result can be said, best first: a destination gets the
// first that it takes. dicom_sr makes each, scp asks for all of them at once.
#pragma once

#include <array>
#include <span>
#include <string_view>

namespace bucky {

/// A report: Comprehensive 3D, Comprehensive, Enhanced and Basic Text SR (PS3.3 A.35).
inline constexpr std::array<std::string_view, 4> kReportClasses{
    "1.2.840.10008.5.1.4.1.1.88.34", "1.2.840.10008.5.1.4.1.1.88.33",
    "1.2.840.10008.5.1.4.1.1.88.22", "1.2.840.10008.5.1.4.1.1.88.11"};

/// A picture: Secondary Capture, and for an archive that knows radiographs alone, a derived CR
/// image of the same pixels in grey.
inline constexpr std::array<std::string_view, 2> kPictureClasses{"1.2.840.10008.5.1.4.1.1.7",
                                                                 "1.2.840.10008.5.1.4.1.1.1"};

/// The classes that may stand in for this one, itself among them; none where there are no others.
inline std::span<const std::string_view> fallbacks_of(std::string_view sop_class) {
    for (const std::span<const std::string_view> ladder :
         {std::span<const std::string_view>{kReportClasses},
          std::span<const std::string_view>{kPictureClasses}}) {
        for (const auto one : ladder) {
            if (one == sop_class) return ladder;
        }
    }
    return {};
}

inline std::string_view name_of_class(std::string_view sop_class) {
    constexpr std::array<std::string_view, 6> kNames{"Comprehensive 3D SR", "Comprehensive SR",
                                                     "Enhanced SR",         "Basic Text SR",
                                                     "Secondary Capture",   "CR image"};
    for (std::size_t at = 0; at < kReportClasses.size(); ++at) {
        if (kReportClasses[at] == sop_class) return kNames[at];
    }
    for (std::size_t at = 0; at < kPictureClasses.size(); ++at) {
        if (kPictureClasses[at] == sop_class) return kNames[kReportClasses.size() + at];
    }
    return sop_class;
}

}  // namespace bucky
