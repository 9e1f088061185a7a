// SPDX-License-Identifier: Apache-2.0
// The SOP classes that scp.ignore names: by the Modality of their objects or by UID. Pure.
#pragma once

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <string_view>

#include "conf/dicom/sop_classes.h"

namespace bucky {

struct ImageModality {
    std::string_view modality;
    std::string_view uid;
};

/// The image classes that no chest radiograph comes in, by modality. CR, DX, secondary captures and
/// angiography are not among them: only their UID names them.
inline constexpr ImageModality kImageModalities[] = {
    {"CT", "1.2.840.10008.5.1.4.1.1.2"},         {"CT", "1.2.840.10008.5.1.4.1.1.2.1"},
    {"CT", "1.2.840.10008.5.1.4.1.1.2.2"},       {"MR", "1.2.840.10008.5.1.4.1.1.4"},
    {"MR", "1.2.840.10008.5.1.4.1.1.4.1"},       {"MR", "1.2.840.10008.5.1.4.1.1.4.3"},
    {"MR", "1.2.840.10008.5.1.4.1.1.4.4"},       {"US", "1.2.840.10008.5.1.4.1.1.3"},
    {"US", "1.2.840.10008.5.1.4.1.1.3.1"},       {"US", "1.2.840.10008.5.1.4.1.1.6"},
    {"US", "1.2.840.10008.5.1.4.1.1.6.1"},       {"US", "1.2.840.10008.5.1.4.1.1.6.2"},
    {"NM", "1.2.840.10008.5.1.4.1.1.5"},         {"NM", "1.2.840.10008.5.1.4.1.1.20"},
    {"PT", "1.2.840.10008.5.1.4.1.1.128"},       {"PT", "1.2.840.10008.5.1.4.1.1.128.1"},
    {"PT", "1.2.840.10008.5.1.4.1.1.130"},       {"MG", "1.2.840.10008.5.1.4.1.1.1.2"},
    {"MG", "1.2.840.10008.5.1.4.1.1.1.2.1"},     {"MG", "1.2.840.10008.5.1.4.1.1.13.1.3"},
    {"MG", "1.2.840.10008.5.1.4.1.1.13.1.4"},    {"MG", "1.2.840.10008.5.1.4.1.1.13.1.5"},
    {"RTIMAGE", "1.2.840.10008.5.1.4.1.1.481.1"}};

/// Whether one entry of scp.ignore names the class.
constexpr bool names_class(std::string_view entry, std::string_view uid) {
    if (entry == uid) return true;
    const auto is_named = [&](const auto& row) { return row.uid == uid && row.modality == entry; };
    return std::ranges::any_of(kOtherClasses, is_named) ||
           std::ranges::any_of(kImageModalities, is_named);
}

inline bool is_ignored(std::span<const std::string> entries, std::string_view uid) {
    return std::ranges::any_of(entries,
                               [&](const std::string& entry) { return names_class(entry, uid); });
}

/// Whether scp.ignore may have the entry: it names a class of the tables, and not the two in which
/// every radiograph of the chest may come.
constexpr bool is_ignorable(std::string_view entry) {
    if (entry == sop_class::kComputedRadiography || entry == sop_class::kDigitalXRay) return false;
    const auto is_named = [&](const auto& row) { return names_class(entry, row.uid); };
    return std::ranges::any_of(kOtherClasses, is_named) ||
           std::ranges::any_of(kImageClasses, is_named);
}

}  // namespace bucky
