// SPDX-License-Identifier: Apache-2.0
// The value of an attribute as a result has it. Our own text is made to fit. What names the patient
// and the order is copied as it is, or left out, and never becomes another value: one table, and
// one rule for all of it (docs/decisions/0506).
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "dicom_sr/common/object.h"

class DcmTagKey;

namespace bucky::dicom_sr {

/// An attribute that results copy from an image.
struct Copied {
    std::uint16_t group, element;
    std::string Source::*text;
};
std::span<const Copied> copied_attributes();

/// Longer values are stored by no archive that we know of: dcm4chee has 255 characters, AWS
/// HealthImaging 256.
inline constexpr std::size_t kCopiedCharactersMax = 255;

/// The value that put() writes; verify() compares with it. Empty: it is left out.
///
/// Of a copied attribute: the text itself, also if it is longer than its VR allows, because every
/// archive that we know files the image under it. Empty if a reader would find another value in it:
/// a backslash divides it in two, a control character is dropped by some. Dates, ages, sexes and
/// code strings in the one spelling that DICOM has for them, or empty (conf/dicom/values.h).
std::string fitted(const DcmTagKey& tag, std::string_view text);

std::string fitted_date(std::string_view text);  ///< DA or nothing
std::string fitted_time(std::string_view text);  ///< TM or nothing
std::string fitted_sex(std::string_view text);   ///< M, F, O or nothing

}  // namespace bucky::dicom_sr
